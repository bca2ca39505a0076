"""The scan of a question: each rule consumes the words that it understands.

People are found first and replaced by ``@0``, ``@1`` in the text that the rules read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import Any

from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot
from rag.text import STOP_WORDS, fold
from rag.text.english import MONTHS
from rag.types import Condition
from rag.types.fields import Operator, Range, Scalar, Value
from rag.understanding.filler import NUMBERS
from rag.understanding.periods import TimePhrase

FILLER = frozenset(
    """
paper papers entry entries work works title titles abstract abstracts publication publications article
articles preprint preprints item items study studies collection corpus library here
listed list lists show shows showing find tell count number many much total overall altogether
available catalogue catalog included include includes including exist exists existing held
hold holds there anything something anybody anyone please posted published written appear appears
appeared come comes entire whole seed document documents file files header headers printed print prints
all any every each exactly different distinct category mark marks marked name names named call called
want need know like see display return output author authors authored say says said have has had
year years date dates page pages profile profiles affiliation affiliations actually currently also just
still only and or but not me us i you we the of in on from by with for to at hi hello hey ok okay thanks
what's whats it's theirs does give gives that those these set carry carries affiliated summarise summarize three two one four five
old recent shown everything thing shared joint jointly together both compare among amongst
roughly approximately approx circa wonder wondering curious interested guess suppose remember recall think believe
span spans spanning distributed quick quickly maybe perhaps possibly sorry thank kindly ideally basically altogether
stored contain contains got came filed tagged classified publish publishes publishing write writes wrote writing
""".split()
)
"""Words of questions for papers, which are neither topic nor name."""
_COUNTING = frozenset({*NUMBERS, "least"})
_OF_TIME = frozenset(m.lower() for m in MONTHS) | {"spring", "summer", "autumn", "fall", "winter"}

IN_LIBRARY = re.compile(
    r"\b(?:in|from|of|across|within)\s+(?:the|this|our|your|my)\s+(?:(?:whole|entire|seed|paper)\s+)*"
    r"(?:corpus|library|collection|data\s?set|data\s?base|set|catalogue|catalog)\b",
    re.IGNORECASE,
)
"""Phrases for the library itself, which are no condition."""

_NAME_SLOT = r"[^\W\d_][^\W\d_.'’-]*(?:[-'’.][^\W\d_]+){0,4}\.?"
_PHRASE = rf"(?P<name>{_NAME_SLOT}(?:\s+{_NAME_SLOT}){{0,3}})(?!\w)"
_WORK_NOUNS = (
    r"(?:papers?|works?|publications?|articles?|entries|entry|research|studies|preprints?)"
)
_OWNED = (
    rf"(?:{_WORK_NOUNS}|h-?index|citations?|page|profile|topics?|co-?authors?|collaborators?|e-?mail|"
    r"university|institution|supervisor|advis[oe]r|homepage|website|novelty|ai\s+score)"
)
_SLOTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_WORK_NOUNS}|written|authored|anything|something|stuff|published)\s+(?:\w+\s+)?by\s+{_PHRASE}",
        rf"\b{_PHRASE}(?:['’]s?)\s+(?:\w+\s+)?{_OWNED}\b",
        rf"\b{_OWNED}\s+(?:of|for|with|by)\s+(?:the\s+)?{_PHRASE}",
        rf"^\W*(?:is|are)\s+{_PHRASE}\s+(?:in|among|part|included|listed|here|represented|there|an?\b|on)",
        rf"\b(?:do|does|did|has|have|is)\s+{_PHRASE}\s+(?:have|has|work|do|study|publish|published|"
        r"research|write|written|writing|collaborate|works?|appear|working|show|wrote|worked|ever|been|contributed?|collaborated|co-?authored?)\b",
        rf"\b(?:collaborat\w*|co-?author\w*|work(?:s|ed|ing)?|publish\w*)\s+with\s+{_PHRASE}",
        rf"\bwho(?:\s+is|['’]s|\s+was)\s+{_PHRASE}",
        rf"\b(?:about|know|summari[sz]e|introduce|profile|find|show\s+me|for|compare)\s+{_PHRASE}",
        rf"\b(?:with|and|versus|vs\.?|or)\s+{_PHRASE}",
        rf"\b(?:supervised|supervises|advised|advises|taught|cites|knows)\s+{_PHRASE}",
        rf"^\W*{_PHRASE}\s*(?:[:,—–+?!]|-\s|\s-|$)",
        rf"^\W*{_PHRASE}(?:['’]s?)\s",
        rf"\bby\s+{_PHRASE}\s*[?.!]*$",
        rf"^\W*{_PHRASE}\s+{_WORK_NOUNS}\b",
        rf"\b(?:someone|somebody|anyone|anybody|person|researcher|author|people|guy)\s+(?:called|named)\s+{_PHRASE}",
    )
)
_SURE = frozenset({0, 1, 3, 4, 5})
"""Slots in which an unknown name may be typed in lower case."""
_WEAK = 7
"""From this slot on, a name must have two words or more."""


def find_people(question: str, library: LibrarySnapshot) -> tuple[Mention, ...]:
    """Everybody named in a question, in order; those who are not in the library as absent."""
    mentions = library.names.find_mentions(question)
    for at, slot in enumerate(_SLOTS):
        for match in slot.finditer(question):
            start, end = match.span("name")
            # Names that the library knows come first; a slot never cuts into one.
            if any(m.span[0] < end and start < m.span[1] for m in mentions):
                continue
            if mention := _find_in_slot(
                question, start, end, library, weak=at >= _WEAK, sure=at in _SURE, by=at == 0
            ):
                mentions.append(mention)
    return tuple(sorted(mentions, key=lambda m: m.span))


def _find_in_slot(
    question: str,
    start: int,
    end: int,
    library: LibrarySnapshot,
    *,
    weak: bool,
    sure: bool,
    by: bool,
) -> Mention | None:
    """The longest run of words in the slot that is a name."""
    words = [m.span() for m in re.finditer(r"\S+", question[start:end])]
    runs = [(a, b) for a in range(len(words)) for b in range(a, len(words))]
    for a, b in sorted(runs, key=lambda run: (run[0] - run[1], run[0])):
        span = (start + words[a][0], start + words[b][1])
        mention = library.names.resolve(question, span, with_similar=False)
        if mention is None:
            continue
        # "papers by Donald Trump": behind "by" a capitalised pair is a name though the words are
        # common.
        is_full_name = by and mention.typed.istitle() and len(mention.typed.split()) > 1
        # "papers with a tencent affiliation": a word that the papers print is no absent person.
        if mention.how == "absent" and not is_full_name and _is_word_of_texts(mention, library):
            continue
        if mention.how == "absent" and not _is_possible_name(
            mention.typed, library, sure=sure, bare=mention.typed == question.strip(" ?!.")
        ):
            continue
        alone = len(mention.typed.split()) == 1
        # "papers with a complete list of authors": "list" stands where a name may, and is none.
        if alone and (weak or _is_ordinary(mention.typed, library)):
            continue
        # One word beside a rare one is part of a term.
        if alone and _is_part_of_phrase(question, mention.span, library):
            continue
        similar_names = library.names.find_similar(mention.typed) if mention.how == "absent" else ()
        return replace(mention, near=similar_names)
    return None


def _is_word_of_texts(mention: Mention, library: LibrarySnapshot) -> bool:
    """Whether the phrase is a word of the papers or the like, so that it names no person."""
    typed = fold(mention.typed)
    if library.place_words & set(typed.split()):
        return True
    if any(typed in place for place in library.printed_places) or library.find_papers_called(
        mention.typed
    ):
        return True
    if not all(w in library.all_words for w in re.findall(r"[^\W_]+", mention.typed.lower())):
        return False
    return library.has_phrase(typed)


def _is_possible_name(typed: str, library: LibrarySnapshot, *, sure: bool, bare: bool) -> bool:
    """Capitalised throughout, or in lower case where only a name can be.

    ``bare`` where it is the whole question: then a word of somebody's name makes it one.
    """
    words = typed.split()
    # "papers from February 2023 and July 2023": "July" behind "and" is a month.
    if all(word.lower() in _OF_TIME for word in words):
        return False
    for word in words:
        dull = word.lower() in FILLER or (word.islower() and word in STOP_WORDS | _COUNTING)
        if dull and not (library.names.is_part(word) and len(words) > 1):
            return False
    if all(w[0].isupper() for w in words) or (sure and len(words) > 1):
        return True
    # "shikun lee", typed alone in lower case: one word of somebody's name makes both a name.
    parts = [w for w in words if library.names.is_part(w) and w.lower() not in library.words]
    return bare and len(words) == 2 and len(parts) > 0


def _is_part_of_phrase(question: str, span: tuple[int, int], library: LibrarySnapshot) -> bool:
    """Whether a neighbouring word is neither ordinary nor of the kind that one asks with."""
    before = re.search(r"([^\W\d_]{1,60})\s+$", question[max(0, span[0] - 80) : span[0]])
    after = re.match(r"\s+([^\W\d_]+)", question[span[1] :])
    neighbours = (match.group(1).lower() for match in (before, after) if match)
    return any(w not in STOP_WORDS | FILLER and w not in library.words for w in neighbours)


def _is_ordinary(word: str, library: LibrarySnapshot) -> bool:
    return word.islower() and (word in STOP_WORDS or word in library.words)


def build_range(low: int | date | None, high: int | date | None) -> Scalar:
    """From low to high, or from high to low; the value itself where they are equal."""
    if low is not None and low == high:
        return low
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        low, high = high, low
    return Range(low, high)


# --- using up -------------------------------------------------------------------------------

_TYPED = str.maketrans("@⟦⟧", "＠[]")
"""Replaces the characters of people and time marks where the user typed them."""


def put_people_marks(question: str, people: Sequence[Mention]) -> str:
    """Replace the question's people by ``@0``, ``@1``, and drop words for the library itself."""
    text = question.translate(_TYPED)
    for at, mention in reversed(list(enumerate(people))):
        start, end = mention.span
        # A digit right behind a name must not lengthen its mark: "@1" and "2022" are no "@12022".
        gap = " " if text[end : end + 1].isdigit() else ""
        text = f"{text[:start]}@{at}{gap}{text[end:]}"
    return IN_LIBRARY.sub(" ", text.replace("’", "'"))


def put_names_back(text: str, people: Sequence[Mention]) -> str:
    """The text with ``@0``, ``@1`` replaced by the people's names."""
    for at, mention in reversed(list(enumerate(people))):
        text = text.replace(f"@{at}", mention.names[0] if mention.names else mention.typed)
    return text


@dataclass
class Scan:
    """The state of one reading. Consumed words are replaced by ``~``.

    Attributes:
        text: The remaining text, people as ``@0``, ``@1``.
        conditions: Conditions read so far.
        notes: How relative phrases of time were read, which the answer mentions.
        periods: Phrases of time, replaced by ``⟦0⟧``, ``⟦1⟧`` in the text.
    """

    census: LibrarySnapshot
    question: str
    people: tuple[Mention, ...]
    text: str = ""
    conditions: list[Condition] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    periods: list[TimePhrase] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = " ".join(put_people_marks(self.question, self.people).split())

    def take(self, pattern: str, *, case: bool = False) -> list[re.Match[str]]:
        """All matches of a pattern, taken out of the text."""
        compiled = re.compile(pattern, 0 if case else re.IGNORECASE)
        matches = list(compiled.finditer(self.text))
        if matches:
            self.text = compiled.sub(" ~ ", self.text)
        return matches

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.text, re.IGNORECASE) is not None

    def add(self, field_: str, operator: Operator, value: Value = None) -> None:
        """One more condition; words that turn out to be blank make none."""
        if isinstance(value, str):
            value = value.replace("＠", "@").strip()
        if value == "" or value == ():
            return
        condition = Condition(field_, operator, value)
        if condition not in self.conditions:
            self.conditions.append(condition)

    def add_any(self, field_: str, values: Iterable[Scalar]) -> None:
        """The one value, or any of several."""
        distinct = tuple(dict.fromkeys(values))
        self.add(field_, "is", distinct[0]) if len(distinct) == 1 else self.add(
            field_, "in", distinct
        )

    @property
    def pieces(self) -> list[str]:
        """What is left between the words taken, as typed."""
        return self.text.replace("＠", "@").split("~")

    def list_unread_words(self, ignored: Iterable[str] = ()) -> list[str]:
        """Words not taken that say something, in order."""
        dull = STOP_WORDS | set(ignored)
        words = re.findall(r"@\d+|[^\W_][\w+^'-]*", self.text)
        return [w for w in words if w.lower().removesuffix("'s") not in dull]


def merge_conditions(conditions: Sequence[Condition]) -> list[Condition]:
    """``2022 vs 2023``, ``before 2019 or after 2024``: a paper has one date, so either is meant."""
    merged_conditions = list(conditions)
    spans = [c.value for c in merged_conditions if c.field == "year" and c.operator == "is"]
    ranges = [span for span in spans if isinstance(span, Range)]
    until = [span for span in ranges if span.low is None]
    since = [span for span in ranges if span.high is None]
    # "before 2019 or after 2024": no paper has two dates, so outside of the span.
    if len(until) == len(since) == 1 and until[0].high < since[0].low:  # type: ignore[operator]
        merged_conditions = [
            c for c in merged_conditions if c.field != "year" or c.value not in ranges
        ]
        merged_conditions.append(Condition("year", "in", (until[0], since[0])))
    for field_, is_span in product(("year", "month", "category", "date"), (False, True)):
        same = [
            c
            for c in merged_conditions
            if c.field == field_ and c.operator == "is" and isinstance(c.value, Range) == is_span
        ]
        either = tuple(v for c in same for v in c.values)
        # "papers from February 2023 and July 2023": either month; spans that overlap restrict
        # each other.
        if len(same) > 1 and (not is_span or _is_disjoint(either)):
            at = merged_conditions.index(same[0])
            merged_conditions = [c for c in merged_conditions if c not in same]
            merged_conditions.insert(at, Condition(field_, "in", either))
    return merged_conditions


def _is_disjoint(spans: Sequence[Any]) -> bool:
    """Whether no two of the spans have a day, or a year, in common; open ends have."""
    shut = [span for span in spans if None not in (span.low, span.high)]
    order = sorted(shut, key=lambda span: span.low)
    following = zip(order, order[1:], strict=False)
    return len(order) == len(spans) and all(a.high < b.low for a, b in following)
