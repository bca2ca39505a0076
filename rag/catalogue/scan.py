"""A question being used up: each rule takes the words that it understands, the rest is left.

Persons are found first and stand as ``@0``, ``@1`` in the text that the rules read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rag.catalogue.periods import Timed
from rag.catalogue.wording import NUMBERS
from rag.census import Census
from rag.listing import MONTHS
from rag.names import Mention
from rag.text import STOP_WORDS, fold
from rag.types import Condition

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
"""Words in which one asks for papers: they are no topic and no name."""
_COUNTING = frozenset({*NUMBERS, "least"})
_OF_TIME = frozenset(m.lower() for m in MONTHS) | {"spring", "summer", "autumn", "fall", "winter"}

IN_LIBRARY = re.compile(
    r"\b(?:in|from|of|across|within)\s+(?:the|this|our|your|my)\s+(?:(?:whole|entire|seed|paper)\s+)*"
    r"(?:corpus|library|collection|data\s?set|data\s?base|set|catalogue|catalog)\b",
    re.IGNORECASE,
)
"""The library itself, named: it narrows nothing."""

_NAME = r"[^\W\d_][^\W\d_.'’-]*(?:[-'’.][^\W\d_]+){0,4}\.?"
_PHRASE = rf"(?P<name>{_NAME}(?:\s+{_NAME}){{0,3}})(?!\w)"
_WORKS = r"(?:papers?|works?|publications?|articles?|entries|entry|research|studies|preprints?)"
_OWNED = (
    rf"(?:{_WORKS}|h-?index|citations?|page|profile|topics?|co-?authors?|collaborators?|e-?mail|"
    r"university|institution|supervisor|advis[oe]r|homepage|website|novelty|ai\s+score)"
)
_SLOTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_WORKS}|written|authored|anything|something|stuff|published)\s+(?:\w+\s+)?by\s+{_PHRASE}",
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
        rf"^\W*{_PHRASE}\s+{_WORKS}\b",
        rf"\b(?:someone|somebody|anyone|anybody|person|researcher|author|people|guy)\s+(?:called|named)\s+{_PHRASE}",
    )
)
_SURE = frozenset({0, 1, 3, 4, 5})
"""Slots in which a name may be typed in lower case though nobody here is called so."""
_WEAK = 7
"""Slots from here on only hold a name of two words or more."""


def people_in(question: str, census: Census) -> tuple[Mention, ...]:
    """Everybody named in a question, in order; those who are not in the library as absent."""
    found = census.names.mentions(question)
    for at, slot in enumerate(_SLOTS):
        for match in slot.finditer(question):
            start, end = match.span("name")
            if any(m.span[0] < end and start < m.span[1] for m in found):
                continue
            if mention := _in_slot(
                question, start, end, census, weak=at >= _WEAK, sure=at in _SURE, by=at == 0
            ):
                found.append(mention)
    return tuple(sorted(found, key=lambda m: m.span))


def _in_slot(
    question: str, start: int, end: int, census: Census, *, weak: bool, sure: bool, by: bool
) -> Mention | None:
    """The longest run of words in the slot that is a name."""
    words = [m.span() for m in re.finditer(r"\S+", question[start:end])]
    runs = [(a, b) for a in range(len(words)) for b in range(a, len(words))]
    for a, b in sorted(runs, key=lambda run: (run[0] - run[1], run[0])):
        span = (start + words[a][0], start + words[b][1])
        mention = census.names.resolve(question, span, near=False)
        if mention is None:
            continue
        whole = by and mention.typed.istitle() and len(mention.typed.split()) > 1
        if mention.how == "absent" and not whole and _stands_in_texts(mention, census):
            continue
        if mention.how == "absent" and not _may_be_absent(
            mention.typed, census, sure=sure, bare=mention.typed == question.strip(" ?!.")
        ):
            continue
        alone = len(mention.typed.split()) == 1
        if alone and (weak or _ordinary(mention.typed, census)):
            continue
        if alone and _part_of_more(question, mention.span, census):
            continue
        near = census.names.near(mention.typed) if mention.how == "absent" else ()
        return replace(mention, near=near)
    return None


def _stands_in_texts(mention: Mention, census: Census) -> bool:
    """Whether the phrase is a word of the papers or the like, so that it names no person."""
    typed = fold(mention.typed)
    if census.place_words & set(typed.split()):
        return True
    if any(typed in place for place in census.printed_places) or census.called(mention.typed):
        return True
    if not all(w in census.spoken for w in re.findall(r"[^\W_]+", mention.typed.lower())):
        return False
    return census.says(typed)


def _may_be_absent(typed: str, census: Census, *, sure: bool, bare: bool) -> bool:
    """Capitalised throughout, or in lower case where nothing but a name can stand.

    ``bare`` where it is the whole question: then a word of somebody's name makes it one.
    """
    words = typed.split()
    if all(word.lower() in _OF_TIME for word in words):
        return False
    for word in words:
        dull = word.lower() in FILLER or (word.islower() and word in STOP_WORDS | _COUNTING)
        if dull and not (census.names.is_part(word) and len(words) > 1):
            return False
    if all(w[0].isupper() for w in words) or (sure and len(words) > 1):
        return True
    parts = [w for w in words if census.names.is_part(w) and w.lower() not in census.words]
    return bare and len(words) == 2 and len(parts) > 0


def _part_of_more(question: str, span: tuple[int, int], census: Census) -> bool:
    """Whether a neighbouring word is neither ordinary nor of the kind that one asks with."""
    before = re.search(r"([^\W\d_]{1,60})\s+$", question[max(0, span[0] - 80) : span[0]])
    after = re.match(r"\s+([^\W\d_]+)", question[span[1] :])
    beside = (match.group(1).lower() for match in (before, after) if match)
    return any(w not in STOP_WORDS | FILLER and w not in census.words for w in beside)


def _ordinary(word: str, census: Census) -> bool:
    return word.islower() and (word in STOP_WORDS or word in census.words)


# --- using up -------------------------------------------------------------------------------

_TYPED = str.maketrans("@⟦⟧", "＠[]")
"""Signs that stand for people and times in a scanned text, as they are where somebody typed them."""


def marked(question: str, people: Sequence[Mention]) -> str:
    """The question with its people as ``@0``, ``@1``, and without the library's own names."""
    text = question.translate(_TYPED)
    for at, mention in reversed(list(enumerate(people))):
        start, end = mention.span
        gap = " " if text[end : end + 1].isdigit() else ""
        text = f"{text[:start]}@{at}{gap}{text[end:]}"
    return IN_LIBRARY.sub(" ", text.replace("’", "'"))


def with_names(said: str, people: Sequence[Mention]) -> str:
    """The words with the people that ``@0``, ``@1`` stand for."""
    for at, mention in reversed(list(enumerate(people))):
        said = said.replace(f"@{at}", mention.names[0] if mention.names else mention.typed)
    return said


@dataclass
class Scan:
    """The state of one reading. Taken words are replaced by ``~``.

    Attributes:
        text: What is left, people as ``@0``, ``@1``.
        conditions: Found so far.
        notes: How relative phrases were taken, to be said.
        periods: Phrases of time that stand as ``⟦0⟧``, ``⟦1⟧`` in the text.
    """

    census: Census
    question: str
    people: tuple[Mention, ...]
    text: str = ""
    conditions: list[Condition] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    periods: list[Timed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = " ".join(marked(self.question, self.people).split())

    def take(self, pattern: str, *, case: bool = False) -> list[re.Match[str]]:
        """All matches of a pattern, taken out of the text."""
        compiled = re.compile(pattern, 0 if case else re.IGNORECASE)
        found = list(compiled.finditer(self.text))
        if found:
            self.text = compiled.sub(" ~ ", self.text)
        return found

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.text, re.IGNORECASE) is not None

    def add(self, field_: str, operator: str, value: object = None) -> None:
        value = value.replace("＠", "@") if isinstance(value, str) else value
        condition = Condition(field_, operator, value)
        if condition not in self.conditions:
            self.conditions.append(condition)

    def add_any(self, field_: str, values: Iterable[object]) -> None:
        """The one value, or any of several."""
        held = tuple(dict.fromkeys(values))
        self.add(field_, "is", held[0]) if len(held) == 1 else self.add(field_, "in", held)

    @property
    def pieces(self) -> list[str]:
        """What is left between the words taken, as typed."""
        return self.text.replace("＠", "@").split("~")

    def left(self, ignored: Iterable[str] = ()) -> list[str]:
        """Words not taken that say something, in order."""
        dull = STOP_WORDS | set(ignored)
        words = re.findall(r"@\d+|[^\W_][\w+^'-]*", self.text)
        return [w for w in words if w.lower().removesuffix("'s") not in dull]


def joined(conditions: Sequence[Condition]) -> list[Condition]:
    """``2022 vs 2023``, ``before 2019 or after 2024``: a paper has one date, so either is meant."""
    made = list(conditions)
    ranges = [c for c in made if c.field == "year" and c.operator == "between"]
    bounds = [c.value for c in ranges if isinstance(c.value, tuple)]
    low = [b[1] for b in bounds if b[0] is None]
    high = [b[0] for b in bounds if b[1] is None]
    if len(low) == len(high) == 1 and low[0] < high[0]:
        made = [c for c in made if c not in ranges]
        made.append(Condition("year", "outside", (low[0], high[0])))
    for field_, operator, any_of in _ALTERNATIVES:
        same = [c for c in made if c.field == field_ and c.operator == operator]
        if len(same) > 1 and (operator == "is" or _are_apart([c.value for c in same])):
            at = made.index(same[0])
            made = [c for c in made if c not in same]
            made.insert(at, Condition(field_, any_of, tuple(c.value for c in same)))
    return made


_ALTERNATIVES = (
    ("year", "is", "in"),
    ("month", "is", "in"),
    ("category", "is", "in"),
    ("year", "between", "within any"),
    ("date", "between", "within any"),
)


def _are_apart(spans: Sequence[Any]) -> bool:
    """Whether no two of the spans have a day, or a year, in common; open ends have."""
    order = sorted((span for span in spans if None not in span), key=lambda span: span[0])
    following = zip(order, order[1:], strict=False)
    return len(order) == len(spans) and all(a[1] < b[0] for a, b in following)
