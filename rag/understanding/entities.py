"""Entities of a question that are found by look-up or by rule, because there they are exact.

People through the library's name index, papers by name and title (`pointers` has made titles of DOIs
and the like), times, and the values that the library prints: categories, venues, affiliations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rag.library.coined import find_named_spans
from rag.library.naming import get_short_name, is_made_up
from rag.library.person_index import Mention
from rag.library.view import LibraryView
from rag.text import STOP_WORDS, fold, iter_words, split_terms
from rag.text.everyday import is_everyday
from rag.text.numbers import parse_bounds
from rag.text.times import TimePhrase, find_times
from rag.types.fields import ANY_DIGIT, IS_SURVEY, Condition, Range
from rag.understanding.frame_types import EntitySpan, Frame, Slot
from rag.understanding.publication_kinds import find_kinds

_QUOTED = re.compile(r"\"([^\"]{2,200})\"|“([^”]{2,200})”|(?<!\w)'([^']{2,200})'(?!\w)")
_PAPER_ID = re.compile(r"(?<!\w)#?(p[0-9a-f]{12})\b")
_CATEGORY = re.compile(r"\b(?:cs\.)?([A-Z]{2})\b")


@dataclass(frozen=True, slots=True)
class Entities:
    """What the look-ups found in one question.

    Attributes:
        spans: All of them, without overlap, from left to right; for the heads and for composition.
        times: Every phrase of time, also those that may be part of a name.
    """

    spans: tuple[EntitySpan, ...]
    times: tuple[TimePhrase, ...]


def find_entities(text: str, library: LibraryView) -> Entities:
    """Everything in a question that can be looked up, the surest and longest first."""
    library.vocabulary.load(text)
    times = tuple(find_times(text, library.newest))
    spans = [
        *_find_papers(text, library),
        *(EntitySpan(*m.span, "person", m, m.how in ("exact", "alias", "reordered", "family"))
          for m in library.names.find_mentions(text)),
        *_find_short_names(text, library),
        *(EntitySpan(t.start, t.end, "time", t, t.is_certain) for t in times),
        *_find_values(text, library),
        *_find_keywords(text, library),
        *_find_quoted(text),
        *find_kinds(text, library),
    ]  # fmt: skip
    return Entities(_drop_overlaps(spans), times)


_KEYWORDS = re.compile(r"\b(?:keywords?|kws?|tagged)\b", re.IGNORECASE)
_MOST_KEYWORD_WORDS = 4


def _find_keywords(text: str, library: LibraryView) -> list[EntitySpan]:
    """Keywords that papers have, where keywords are spoken of: ``which papers use field experiment as keyword``."""
    if not _KEYWORDS.search(text):
        return []
    words = [(m.start(), m.end()) for m in re.finditer(r"[\w-]+", text)][:_MOST_WORDS_READ]
    spans: list[EntitySpan] = []
    for n in range(_MOST_KEYWORD_WORDS, 0, -1):
        for (start, _), (_, end) in zip(words, words[n - 1 :], strict=False):
            name = text[start:end]
            is_free = all(end <= s.start or start >= s.end for s in spans)
            if is_free and fold(name) not in STOP_WORDS and not _KEYWORDS.search(name):
                if library.has_papers([Condition("keyword", "is", name)]):
                    spans.append(EntitySpan(start, end, "keyword", name, is_certain=True))
    return spans


_MOST_WORDS_READ = 24
_NAMED = re.compile(r"\b(?:(?P<article>an?|any)|by) (?P<name>[^\W\d_a-z][^\W\d_]{0,40})\b")


def _find_short_names(text: str, library: LibraryView) -> list[EntitySpan]:
    """People whose name is one word: ``anything from a Sørensen``, ``papers by B``.

    Behind an article only where no paper's text has the word: ``a Bayes classifier`` is no person.
    """
    spans = []
    for match in _NAMED.finditer(text):
        word, at = match["name"], match.span("name")
        if match["article"]:
            is_name = library.names.is_part(word) and fold(word) not in library.vocabulary.any
            is_name, at = is_name and len(word) > 3, match.span()
        else:
            is_name = library.names.is_part(word)
        mention = library.names.resolve(text, match.span("name")) if is_name else None
        if mention and (mention.names == (word,) or match["article"] and mention.names):
            spans.append(EntitySpan(*at, "person", mention, True))
    return spans


def _drop_overlaps(spans: Iterable[EntitySpan]) -> tuple[EntitySpan, ...]:
    chosen: list[EntitySpan] = []
    for span in sorted(spans, key=lambda s: (not s.is_certain, s.start - s.end, s.start)):
        if all(span.end <= other.start or span.start >= other.end for other in chosen):
            chosen.append(span)
    return tuple(sorted(chosen, key=lambda s: s.start))


# --- papers ---------------------------------------------------------------------------------


def _find_papers(text: str, library: LibraryView) -> list[EntitySpan]:
    spans = [
        EntitySpan(*span, "paper", (paper_id,), is_certain=True)
        for span, paper_id in find_named_spans(text, library)
    ]
    known = library.select_ids(set(_PAPER_ID.findall(text)))
    for match in _PAPER_ID.finditer(text):
        if match.group(1) in known:
            spans.append(EntitySpan(*match.span(), "paper", (match.group(1),), is_certain=True))
    # "duetface year?": the name of one paper in small letters, if it is no ordinary word.
    words = list(re.finditer(r"[^\W_][\w-]{3,}", text))
    entitled = library.find_entitled({fold(match.group()) for match in words})
    names = {
        paper.paper_id: get_short_name(paper) for paper in library.list_papers(entitled.values())
    }
    for match in words:
        paper_id = entitled.get(fold(match.group()))
        if paper_id and is_made_up(names[paper_id].split()[0]):
            spans.append(EntitySpan(*match.span(), "paper", (paper_id,), is_certain=True))
    for word, ids in library.find_papers_called(text):
        start = text.find(word)
        spans.append(EntitySpan(start, start + len(word), "paper", ids))
    return spans


def find_described(description: str, library: LibraryView) -> str:
    """Id of the one paper whose title has every word of a description: ``the fiji paper``; or empty."""
    words = {term for term in split_terms(description) if term not in STOP_WORDS}
    # "the febrile seizure article", "that piece on star names": a title seldom says what it is of
    untitled = {
        term
        for word, _ in iter_words(description.lower())
        if is_everyday(word)
        for term in split_terms(word)
        if not library.find_described(frozenset({term}))
    }
    for wanted in dict.fromkeys(map(frozenset, (words, words - _PAPER_STEMS, words - untitled))):
        entitled = library.find_described(wanted) if wanted else []
        if len(entitled) == 1:
            return entitled[0]
    return ""


_PAPER_STEMS = frozenset(
    split_terms(
        "paper article study work publication manuscript report one model method approach system framework"
    )
)


# --- values ---------------------------------------------------------------------------------


def _find_values(text: str, library: LibraryView) -> list[EntitySpan]:
    """Categories in capitals, and affiliations and venues that the library prints."""
    codes = set(map(fold, re.findall(r"[A-Z]{2}", text)))
    folded = fold(text)
    places = _list_places(folded) if len(folded) == len(text) else {}
    named = {match[1]: match.start() for match in _OF_KIND.finditer(folded)} if places else {}
    plural = {f"{one}s" for one in named}
    known = library.list_printed(
        {
            "affiliation": places,
            "venue": places,
            "category": {*codes, *places, *plural},
        }
    )
    categories = {value for printed, value in known["category"].items() if printed in codes}
    spans = [
        EntitySpan(*match.span(), "category", match.group(1))
        for match in _CATEGORY.finditer(text)
        if match.group(1) in categories
    ]
    for kind, values in known.items():
        for printed, value in values.items():
            if printed in places and (kind != "category" or len(value) > 3):
                # One ordinary word ("exoplanets") may as well be the topic.
                is_certain = " " in value or fold(value) not in library.vocabulary.lower
                at = places[printed]
                # "public health advocacy" is a topic, though a journal is called Public Health.
                if kind == "venue" and text[at : at + len(value)].islower():
                    is_certain = is_certain and bool(_BEFORE_VENUE.search(folded[:at]))
                spans.append(EntitySpan(at, at + len(value), kind, value, is_certain))
    # "how many in EMBO J or NAR?"
    spans += [
        EntitySpan(start, end, "venue", name, is_certain=not text[start:end].islower())
        for start, end, name in library.venue_abbreviations.find(text)
    ]
    # "papers by Zhejiang Lab authors": the line above a list of abstracts
    spans += [
        EntitySpan(places[name], places[name] + len(name), "affiliation", name, is_certain=True)
        for name in (library.institutions if places else ())
        if name in places
    ]
    # A category that is printed in the plural: "exoplanet papers" of the category Exoplanets.
    spans += [
        EntitySpan(named[one], named[one] + len(one), "category", value, is_certain=True)
        for printed, value in known["category"].items()
        if printed in plural
        for one in (printed[:-1],)
    ]
    # "papers with a tencent affiliation", "the IV category"
    for match in _AFFILIATED.finditer(text):
        if fold(match.group(1)) in library.vocabulary.places:
            spans.append(EntitySpan(*match.span(), "affiliation", match.group(1), is_certain=True))
    for match in _AFFILIATED_WITH.finditer(text):
        name = match.group(1)
        spans.append(EntitySpan(match.start(1), match.end(1), "affiliation", name, is_certain=True))
    for match in _CODE.finditer(text):
        if (match.group(1) or match.group(2)) in categories:
            spans.append(
                EntitySpan(
                    *match.span(), "category", match.group(1) or match.group(2), is_certain=True
                )
            )
    for match in _FIGURES.finditer(text):
        spans.append(EntitySpan(*match.span(), "attribute", is_certain=True))
    for match in _SURE_FLAGS.finditer(text):
        spans.append(EntitySpan(*match.span(), "flag", is_certain=True))
    return spans


_BEFORE_VENUE = re.compile(
    r"\b(?:in|at|by|from|of|for|to|venue|journal|published|appear\w*)\s+(?:the\s+)?$"
)
_MOST_EDGES = 32
"""Beginnings and ends of words within a value, two a word, that are looked at."""
_CODE = re.compile(r"\bcategory ([A-Z]{2})\b|\b([A-Z]{2}) category\b")
_OF_KIND = re.compile(r"(?<![\w-])(\w{4,}) (?:papers?|articles?|entries)\b")
_AFFILIATED = re.compile(r"(?<![\w-])([\w-]{1,40}) affiliations?\b", re.IGNORECASE)
_AFFILIATED_WITH = re.compile(
    r"\b(?:affiliated|employed)\s+(?:with|to|at|by)\s+(?:the\s+)?([^\W\d_][\w-]{1,40}(?:\s+[Uu]niversity\b)?)"
)
_FIGURES = re.compile(
    r"\bh[- ]?ind(?:ex|ices)\b|\bAI[- ]scores?\b|\bnovelty(?: (?:percentage|score|figure)s?)\b|\bcitation (?:counts?|numbers?)\b",
    re.IGNORECASE,
)
"""Figures of profile pages in words that mean nothing else."""
_SURE_FLAGS = re.compile(
    r"\b(?:year|date|title|venue|score|doi|category)s?\s+(?:is|are|was|were)(?:n['’]t|\s+not)\s+(?:given|known|printed|stated|there|listed)\b"
    r"|\buntitled\b|\bundated\b|\bet\.? al\b\.?|\bgit\s?hub\b|\btitled(?= (?:papers|ones|entries|works)\b)"
    r"|(?:\b(?:not|un)[ -]?)?\bretracted\b|\bretractions?\b|\b(?:single|sole|solo|lone)[\s-](?:author|by-?line)(?:s|ed)?\b",
    re.IGNORECASE,
)
"""Words that say something of an entry and hardly anything else."""


def _list_places(folded: str) -> dict[str, int]:
    """Where each run of words stands first that may be a printed value."""
    edges = [at for at in range(len(folded) + 1)
             if at in (0, len(folded)) or not folded[at].isalnum() or not folded[at - 1].isalnum()]  # fmt: skip
    places: dict[str, int] = {}
    for n, start in enumerate(edges):
        for end in edges[n + 1 : n + 1 + _MOST_EDGES]:
            if not folded[start].isspace() and not folded[end - 1].isspace():
                places.setdefault(folded[start:end], start)
    return places


_SAYS_VENUE = re.compile(
    r"\b(?:at|publish\w*|appear\w*|present\w*|accepted|printed|venues?|journals?|conferences?|proceedings)\b[^.?!,;]{0,24}$",
    re.IGNORECASE,
)
_IS_VENUE = re.compile(
    r"\b(?:journal|conference|proceedings|review|letters|transactions|annals|symposium|workshop|magazine)s?\b",
    re.IGNORECASE,
)


def find_stray_venues(frame: Frame, library: LibraryView) -> list[Slot]:
    """What the tagger takes for a venue though no venue here is called so and papers write of it.

    "What stopped growth in Pichia?" listed the papers at Pichia, of which there are none.
    """
    return [
        slot
        for slot in frame.slots
        if slot.kind == "venue"
        and slot.value is None
        and not slot.text.isupper()
        and not _SAYS_VENUE.search(frame.question[: slot.start])
        and not _IS_VENUE.search(frame.question[slot.start : slot.end + 14])
        and all(word.lower() in library.vocabulary.any for word, _ in iter_words(slot.text))
        and fold(slot.text) not in map(fold, library.list_printed_with("venue", fold(slot.text)))
    ]


def _find_quoted(text: str) -> list[EntitySpan]:
    """Quoted words, which are words of a title where one is spoken of; ``titles that start with Few``."""
    of_titles = "titl" in text.lower()
    spans = [
        EntitySpan(*match.span(), "words", next(filter(None, match.groups())), of_titles)
        for match in _QUOTED.finditer(text)
    ]
    spans += [
        EntitySpan(*match.span(1), "words", match.group(1), is_certain=True)
        for match in _BEGINNING.finditer(text)
    ]
    return spans


_BEGINNING = re.compile(
    r"\btitles?\s+(?:(?:that|which|to)\s+)?(?:start|begin)(?:s|ning|ing)?\s+with\s+([^\s\"'“‘?.!]+)",
    re.IGNORECASE,
)


# --- what slots say -------------------------------------------------------------------------

_FLAGS: tuple[tuple[str, Condition], ...] = (
    (r"\bet\.?\s+al\b|\bcut\b|\bincomplete\b|\btruncated\b", Condition("complete_authors", "is", False)),
    (r"\b(?:complete|full|whole|all)\b.{0,60}\b(?:authors?|names|lists?)\b", Condition("complete_authors", "is", True)),
    (r"\b(?:single|sole|solo|one|lone)[\s-]*(?:author|by-?line)|\balone\b|\bsolo\b|\bon (?:his|her|their) own\b", Condition("n_authors", "is", 1)),
    (r"\btwice\b|\b(?:two|both|several|more than one|multiple)\b.{0,60}\b(?:documents?|files?|pages?|places?|lists?)\b|\bduplicat|\bmore than once\b",
     Condition("n_places", "is", Range(2, None))),
    (r"\buntitled\b|\babstract[\s-]only\b", Condition("title", "unknown")),
    (r"\bundated\b", Condition("year", "unknown")),
    (r"\bgit\s?hub\b", Condition("link", "contains", "github")),
    (r"\bgit\s?lab\b", Condition("link", "contains", "gitlab")),
    (r"\bcode|\bimplement|\bopen[\s-]?sourced?\b|\brepositor|\brepo\b|\bquellcode\b", Condition("code", "is", True)),
    (r"\bretract|\bwithdrawn\b", Condition("retracted", "is", True)),
    (r"\blinks?\b|\burls?\b|\bwebsite\b", Condition("link", "known")),
    (r"\bdois?\b", Condition("doi", "known")),
    (r"\b(?:years?|dates?|dated)\b", Condition("year", "known")),
    (r"\btitles?|\btitled\b", Condition("title", "known")),
    (r"\baffiliations?\b", Condition("affiliation", "known")),
    (r"\bscores?\b|\brating\b", Condition("score", "known")),
    (r"\bcategor|\bsubjects?\b", Condition("category", "known")),
    (r"\bvenues?\b|\bjournals?\b", Condition("venue", "known")),
    (r"\bkeywords?\b", Condition("keyword", "known")),
    (r"\blimitations?\b|\bshortcomings? of (?:its|their) own\b", Condition("role", "is", "limitation")),
    (r"\babstracts?\b|\btexts?\b", Condition("text", "known")),
    (r"\bauthors?\b|\bnames?\b|\bnamed\b", Condition("printed_author", "known")),
)  # fmt: skip
_NO = re.compile(
    r"\b(?:no|without|not|lack\w*|missing|unknown|omit\w*|ohne|sans|never|neither|un(?:dated|titled|named|signed))\b|n't\b",
    re.IGNORECASE,
)
_OPPOSITE = {"known": "unknown", "unknown": "known", "contains": "not_contains"}
_ROLES = (
    (r"\b(?:first|lead(?:ing)?|main)[\s-]*author", "first_author"),
    (r"\b(?:last|senior|final)[\s-]*author", "last_author"),
    (r"\bprinted\b|\bauthor list\b|\bby name\b", "printed_author"),
    (r"\bpage\b|\bprofile\b", "page"),
)
"""Flags that say in which role a person is meant."""


def read_role(text: str) -> str:
    """The field of a person's role that a flag names; empty where it names none."""
    return next((field for pattern, field in _ROLES if re.search(pattern, text, re.IGNORECASE)), "")


def read_flag(text: str, *, is_negative: bool) -> Condition | None:
    """The condition that a flag's words set: ``with code``, ``no year``, ``et al.``."""
    for pattern, condition in _FLAGS:
        if re.search(pattern, text, re.IGNORECASE):
            unsigned = condition.field not in ("complete_authors", "n_authors", "n_places")
            negative = is_negative or (
                unsigned and condition.operator != "unknown" and bool(_NO.search(text))
            )
            return negate(condition) if negative else condition
    return None


_SAID = re.compile(
    r"(?:an?|any|some|the|its|their|own|stated|known) |"
    r"(?P<limitation>limitations?|weakness(?:es)?|shortcomings?)(?: of (?:its|their) own)?(?: (?:method|work|approach|study)s?)?",
    re.IGNORECASE,
)


def read_said(topic: str) -> Condition | None:
    """The condition of words that are no topic but what a sentence of a paper says: ``a limitation``."""
    words = topic
    while (match := _SAID.match(words)) and not match["limitation"]:
        words = words[match.end() :]
    is_whole = match is not None and match.end() == len(words)
    return Condition("role", "is", "limitation") if is_whole else None


_SURVEY = re.compile(
    r"(?:(?:an?|any|some|the) )?(?:(?:literature|systematic|recent|good|scoping|comprehensive) )*(?:surveys?|reviews?|tutorials?)"
    r"(?: (?:papers?|articles?|works?))?(?: (?:of|on|about|for|in|over) (?P<topic>.+))?",
    re.IGNORECASE,
)


def read_survey(topic: str) -> tuple[Condition, str] | None:
    """The condition of words for a kind of paper, and the topic behind them: ``surveys on tracking``.

    "are there surveys?" was told that nothing mentions “surveys”.
    """
    match = _SURVEY.fullmatch(topic)
    return (IS_SURVEY, match["topic"] or "") if match else None


def negate(condition: Condition) -> Condition:
    """The opposite, for papers that have a value at all where that is what is meant."""
    field, operator, value = condition.field, condition.operator, condition.value
    if isinstance(value, bool):
        return Condition(field, "is", not value)
    if operator in _OPPOSITE:
        return Condition(field, _OPPOSITE[operator], value)  # type: ignore[arg-type]
    if operator == "is":
        return Condition(field, "is_not", value)
    return Condition(field, "not_in", value) if operator == "in" else condition


_SIGNS = {
    "question mark": "?",
    "exclamation mark": "!",
    "colon": ":",
    "comma": ",",
    "hyphen": "-",
    "dash": "-",
}


def _read_sign(text: str) -> str:
    """The sign that words name: ``a colon``, ``a number``; empty for other words."""
    words = fold(text).removeprefix("a ").removesuffix("s")
    if words in ("number", "digit", "figure", "numeral"):
        return ANY_DIGIT
    return _SIGNS.get(words, "")


_STARTS = re.compile(
    r"\b(?:start|begin|open)(?:s|ning|ing)?\s+(?:with|by|on)\s+(?:the word\s+)?[\"'“‘]?$",
    re.IGNORECASE,
)


def read_value(slot: Slot, question: str, library: LibraryView) -> Condition:
    """The condition that a category, venue, affiliation, keyword, link or title word sets."""
    text = str(slot.value) if isinstance(slot.value, str) else slot.text.strip(" \"'“”‘’.,?!")
    if slot.kind == "link":
        host = fold(text).split("://")[-1].removeprefix("www.").split()[-1]
        return Condition("link", "not_contains" if slot.is_negative else "contains", host)
    if slot.kind == "category":
        match = _CATEGORY.search(text.upper())
        printed = library.list_printed({"category": [fold(match.group(1))]}) if match else {}
        text = match.group(1) if match and match.group(1) in printed["category"].values() else text
    operator = "is_not" if slot.is_negative else "is"
    # "papers from Microsoft Research": no journal here is called so, as Nucleic Acids Research is
    is_house = slot.kind == "venue" and _INSTITUTION.search(text)
    if is_house and not library.list_printed_with("venue", fold(text)):
        slot = replace(slot, kind="affiliation")
    if slot.kind == "affiliation" and (headed := find_headed_documents(text, library)):
        return Condition("document", "not_in" if slot.is_negative else "in", headed)
    if slot.kind == "affiliation" and slot.is_negative:
        return Condition("affiliation", "lacks", (text,))
    if slot.kind == "venue" and not slot.is_negative and (same := _list_same_venues(text, library)):
        return Condition("venue", "in", same) if len(same) > 1 else Condition("venue", "is", *same)
    if slot.kind == "venue":
        operator = "not_contains" if slot.is_negative else "contains"
    if slot.kind == "words" and (sign := _read_sign(text)):
        return Condition("title", "has", sign)
    if slot.kind == "words":
        starts = _STARTS.search(question[: slot.start]) and not slot.is_negative
        operator = "starts" if starts else "not_contains" if slot.is_negative else "contains"
        return Condition("title", operator, text)  # type: ignore[arg-type]
    return Condition(slot.kind, operator, text)  # type: ignore[arg-type]


_INSTITUTION = re.compile(
    r"\b(?:research|universit\w+|institut\w*|laborator\w+|labs?|colleges?|academ\w+|hospitals?|corporation)\b",
    re.IGNORECASE,
)


def find_headed_documents(text: str, library: LibraryView) -> tuple[str, ...]:
    """Documents headed by an institution that has these words in a row, where no paper prints them itself."""
    words = f" {' '.join(fold(text).split())} "
    if not words.strip() or library.list_printed_with("affiliation", words.strip()):
        return ()
    return tuple(
        document
        for institution, documents in library.institutions.items()
        if words in f" {institution} "
        for document in documents
    )


def _list_same_venues(text: str, library: LibraryView) -> tuple[str, ...]:
    """The journal of this very name, where longer names belong to others; else nothing.

    "Nature" is not Nature Communications, though ``CVPR`` is every CVPR of some year.
    """
    name = fold(text)
    venues = library.list_printed_with("venue", name)
    bare = {venue: _VENUE_PLACE.sub("", venue) for venue in venues}
    same = tuple(
        v for v in venues if not re.sub(r"[\W\d_]+", "", fold(bare[v]).replace(name, "", 1))
    )
    return same if len(same) < len(venues) and any(fold(bare[v]) == name for v in same) else ()


_VENUE_PLACE = re.compile(r"\s*\([^()]*\)$|-[A-Z]{4,}$")
"""What parts journals of one name: ``Addiction (Abingdon, England)``, ``FIRE-SWITZERLAND``."""


def read_author_bounds(text: str) -> Condition | None:
    """``more than two authors``."""
    bounds = parse_bounds(text)
    return Condition("n_authors", "is", simplify(bounds)) if bounds else None


def read_score(text: str) -> Condition | None:
    """``above 60``: scores are no whole numbers, so the bound itself is out."""
    match = re.search(r"\d+(?:\.\d+)?", text)
    if match is None:
        return None
    value = float(match.group())
    if re.search(r"\b(?:above|over|more|higher|greater|exceed\w*)\b|>", text, re.IGNORECASE):
        return Condition("score", "above", value)
    if re.search(r"\b(?:below|under|less|lower)\b|<", text, re.IGNORECASE):
        return Condition("score", "below", value)
    if re.search(r"\bat least\b", text, re.IGNORECASE):
        return Condition("score", "is", Range(value, None))
    return Condition("score", "is", value)


def simplify(bounds: Range) -> Range | int:
    """A range of one value as that value."""
    return int(str(bounds.low)) if bounds.low == bounds.high else bounds


def resolve_person(slot: Slot, question: str, library: LibraryView) -> Mention:
    """Whom a slot names: somebody here, several to choose from, or nobody of the library."""
    if isinstance(slot.value, Mention):
        return slot.value
    mention = library.names.resolve(question, (slot.start, slot.end))
    if mention is None:
        mention = library.names.resolve(slot.text)
    return mention or Mention(
        (slot.start, slot.end), slot.text, (), "absent", library.names.find_similar(slot.text)
    )
