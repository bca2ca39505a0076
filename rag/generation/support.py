"""The free checks of a model's sentence against the papers cited for it.

They look for what is there to be looked up: each figure with the words that follow it in one of the
papers, each name, each quotation, opposites in the wrong company, and whether one paper holds what
is said of it. A sentence in which they find nothing wrong is *checked*, not *supported*: that takes
a reader (`rag.generation.verification`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from rag.answers.confusables import is_patchwork
from rag.generation.attributions import find_invented_names
from rag.generation.ground import Ground
from rag.generation.numbers import (
    Figure,
    count_listed,
    extract_figures,
    find_changes,
    find_computed,
    is_mixed,
    is_rounded_to,
    normalize_figures,
    read_share,
)
from rag.generation.opposites import is_turned_around
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, split_sentences
from rag.text.english import MONTHS
from rag.types import Evidence, Span

ENGLISH_SHARE = 0.15
"""Share of English stop words from which a sentence counts as English."""
PAPERS_LANGUAGE_SHARE = 0.6
"""With such a share of the papers' words a sentence is in their language, few small words or not."""
OWN_SHARE = 0.5
"""A paper with a smaller share of what is said of it, beside one with `OTHER_SHARE`, did not say it."""
OTHER_SHARE = 0.8
SECRET_DIGITS = 6
LONGEST_WORD = 32
"""A longer word that is in no paper counts as encoded text."""

_QUOTATION = re.compile(r"[\"“„«]([^\"“”„«»]{1,600})[\"”“»]")
_FOREIGN = frozenset(
    "der das und ist ein eine nicht mit von auf den dem wird werden les des est une dans pour avec sur qui los las una "
    "con para por del il di che sono della nel uma os com em het een voor van zijn och att som jest nie".split()
)
"""Small words of other languages, in lower case, that are none in English."""
_JOINS = re.compile(
    r"\b(?:both|whereas|while(?!\s+\w+ing\b)|respectively|than|as (?:many|much|\w+ as)|after|before|earlier|later|newer|older|ahead|behind|against|versus|vs|unlike|compared|together|each (?:of|other|paper|method|work)|neither|either|differ\w*|"
    r"such as|(?<!-)like|similar\w*|combin\w+|contrast|other|latter|former|also|too|followed|extends?|builds?)\b|[,;]",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"[,;](?=\s)|\b(?:and|while|whereas|but|against|versus|vs)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:other|latter|former|second|first|whereas|while)\b", re.IGNORECASE)
_ONE_SUBJECT = re.compile(
    r"\W*(?:it|(?:the|this|that|its|their|our|one|a)\s+(?:[\w-]+\s+){0,3}?"
    r"(?:method|approach|model|paper|work|network|system|framework|data ?set|benchmark|attack|detector|generator))\b(?!-)",
    re.IGNORECASE,
)
_SUMMED = re.compile(r"\b(?:together|in total|altogether|combined|in sum|jointly)\b", re.IGNORECASE)
_FIRST = re.compile(
    r"\b(?:the|a)\s+(?:very\s+)?first\s+(?:[\w-]+\s+){0,4}(?:to|that|which|on|for|in)\b"
    r"|\bfirst\s+(?:[\w-]+\s+){0,2}(?:work|paper|study|method|attack|dataset|benchmark|approach|model)\b|\bthe only\b",
    re.IGNORECASE,
)
_COUNTED_PAPERS = re.compile(
    r"\b(?P<n>\d{1,2}|[a-z]+)\s+(?:[a-z]+\s+)?(?:papers?|works|studies|passages|articles|publications|sources|abstracts)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    rf"\b(?:(?P<d1>\d\d?)(?:st|nd|rd|th)?\s+(?P<m1>{'|'.join(MONTHS)})|(?P<m2>{'|'.join(MONTHS)})\s+(?P<d2>\d\d?))\b"
)
_MONTH = re.compile(
    rf"\b(?:in|on|of|since|until|from|to|by|and|early|late|mid)\s+(?:\d\d?(?:st|nd|rd|th)?\s+)?({'|'.join(MONTHS)})\b(?!\s+et\b)"
)
_COMPOUND = re.compile(r"(?<![\w-])(?=[\w^-]*[A-Z])[^\W_][\w^]*(?:-[\w^]+)+")
_LATEX = re.compile(r"\\[a-zA-Z]+|[{}$^_]")
_SLASHED = re.compile(r"(?<![\d.,])\d[\d.,]*+\s?%?\s?/\s?\d[\d.,]*+\s?%?")


@dataclass(frozen=True, slots=True)
class Support:
    """What the free checks found of a claim.

    Attributes:
        doubt: Why the papers may not say it; empty if nothing was found wrong.
        names: Capitalised names that are in none of the papers.
        invented: People and titles that are in none of the papers.
        is_masked: Whether a word hides a number, another alphabet or something encoded.
        share: Share of its words that the papers have.
    """

    doubt: str = ""
    names: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    is_masked: bool = False
    share: float = 1.0


def compare_claim(
    claim: str, ground: Ground, *, ordinary: Collection[str] = (), known: Collection[str] = ()
) -> Support:
    """Compare a claim with what its papers say.

    Args:
        claim: One sentence without its keys.
        ground: What the papers cited for it say.
        ordinary: Folded words that are no names.
        known: Words that may stand in it although no paper has them: those of the question.
    """
    claim = normalize_figures(claim)
    share = ground.compute_share(extract_terms(claim))
    english = is_english(claim) or share >= PAPERS_LANGUAGE_SHARE
    names = _list_unknown_names(claim, english, ground, known)
    made_up = find_invented_names(
        claim,
        has_word=lambda word: ground.has_name(word) or fold(word) in known,
        has_phrase=ground.has_quote,
        people=ground.people,
        ordinary=ordinary,
        english=english,
    )
    masked = [w for w, _ in iter_words(claim) if _is_masked(w) and not ground.has_word(w)]
    return Support(
        _find_doubt(claim, ground, english, bool(names)),
        names,
        made_up,
        bool(masked),
        share,
    )


def _find_doubt(claim: str, ground: Ground, english: bool, has_unknown_name: bool) -> str:
    figures = _list_checked_figures(claim, ground)
    owners = _find_owners(claim, ground)
    if any(not figure_papers for figure_papers in _locate(figures, ground, english)):
        return "figure"
    if _has_unknown_share(claim, figures, ground) or _has_swapped_pair(claim, ground):
        return "figure"
    if _has_unknown_sign(claim, ground) or _has_moved_change(claim, figures, ground):
        return "figure"
    if english and any(_mixes_rows(claim, figures, paper) for paper in ground.each):
        return "row"
    if _has_unknown_month(claim, ground):
        return "date"
    if has_unknown_name:
        return "name"
    if ground.n_papers > 1 and _mixes_papers(claim, figures, owners, ground, english):
        return "mixture"
    if not english:
        return ""
    if _FIRST.search(claim) and not ground.words & {"first", "only"}:
        return "priority"
    if is_turned_around(claim, [s for paper in ground.each for s in paper.sentences]):
        return "opposite"
    return ""


# --- figures ----------------------------------------------------------------------------------


def _list_checked_figures(claim: str, ground: Ground) -> list[Figure]:
    """The figures that a paper must have: none of a date, of the papers counted, of a sum or a list shown."""
    figures = extract_figures(_LATEX.sub(" ", claim) if "\\" in claim else claim)
    free = find_computed(claim, figures)
    for match in _DAY.finditer(claim):
        month = MONTHS.index(match["m1"] or match["m2"]) + 1
        if (month, int(match["d1"] or match["d2"])) in ground.dates:
            free |= set(range(*match.span()))
    for match in _COUNTED_PAPERS.finditer(claim):
        counted_papers = extract_figures(match["n"])
        if counted_papers and ground.n_papers in counted_papers[0].values:
            free |= set(range(*match.span()))
    return [
        figure
        for figure in figures
        if figure.at not in free
        and not (figure.is_small_count and figure.values & count_listed(claim, figure))
        and not _is_time_between(figure, ground)
    ]


def _is_time_between(figure: Figure, ground: Ground) -> bool:
    """Whether a figure is how many months or years two of the papers are apart, as months tell it."""
    n_months = {"months": 1, "years": 12}.get(figure.unit)
    return n_months is not None and any(
        abs(float(value) * n_months - between) <= max(1, n_months / 2)
        for value in figure.values
        for between in ground.count_months_between()
    )


def _has_unknown_month(claim: str, ground: Ground) -> bool:
    """Whether a month is named that is none of the papers', nor in their words."""
    months = {MONTHS.index(match[1]) + 1: match[1] for match in _MONTH.finditer(claim)}
    return any(n not in ground.months and not ground.has_word(name) for n, name in months.items())


def _locate(figures: Iterable[Figure], ground: Ground, english: bool) -> list[set[int]]:
    """For each figure the papers, by place, that have it of the same thing."""
    located = []
    for figure in figures:
        papers = {at for at, paper in enumerate(ground.each) if _has_figure(figure, paper, english)}
        located.append(papers or _find_compared(figure, ground))
    return located


def _has_figure(figure: Figure, paper: Ground, english: bool) -> bool:
    """Whether a paper has a figure, and not of another thing; small counts may be the claim's own."""
    if not figure.values:
        return figure.text in paper.text
    matching = [printed for printed in paper.figures if figure.matches(printed)]
    if not matching and not figure.is_small_count:
        return False
    if not english or not figure.after:
        return bool(matching) or figure.is_small_count
    counted_things = set(figure.after[:2])
    if any(counted_things & set(printed.after) for printed in matching):
        return not _fits_another(figure, matching, paper)
    displaced = any(
        figure.after[0] in printed.after[:3]
        for printed in paper.figures
        if printed not in matching and printed.unit == figure.unit
    )
    return not displaced


def _find_compared(figure: Figure, ground: Ground) -> set[int]:
    """The papers, all of them, if a figure is how much two of theirs of one kind differ, or how often
    one goes into the other: *1.8 million parameters more* of 6.2M and 4.4M parameters.
    """
    if not figure.compares:
        return set()
    kinds = [
        (value, printed)
        for printed in ground.figures
        for value in printed.values
        if figure.unit in (printed.unit, "times")
        and (
            figure.unit == "times" or figure.unit or set(figure.after[:2]) & set(printed.after[:2])
        )
    ]
    is_difference = any(
        is_rounded_to(claimed, abs(a - b) if figure.unit != "times" else a / b)
        for a, first in kinds
        for b, second in kinds
        if a != b and b and first.unit == second.unit and _are_of_one_kind(first, second)
        for claimed in figure.values
    )
    return set(range(ground.n_papers)) if is_difference else set()


def _are_of_one_kind(first: Figure, second: Figure) -> bool:
    """Whether two printed figures are of the same thing, so that they can be compared."""
    if first.after and second.after:
        return first.after[0] == second.after[0]
    return bool(first.unit)


def _fits_another(figure: Figure, matching: Sequence[Figure], paper: Ground) -> bool:
    """Whether what follows a figure fits another one better: *418 on CPU and 9,433 on GPU* is no *9,433 on CPU*."""
    things = set(figure.after)

    def is_better(rival: Figure, match: Figure) -> bool:
        is_beside = any(match in row and rival in row for row in paper.rows)
        is_else = figure.after[0] not in match.after and figure.after[:1] == rival.after[:1]
        return (is_beside or is_else) and things & set(match.after) < things & set(rival.after)

    return any(
        all(is_better(printed, match) for match in matching)
        for printed in paper.figures
        if printed.unit == figure.unit and not any(printed.matches(match) for match in matching)
    )


def _mixes_rows(claim: str, figures: Sequence[Figure], paper: Ground) -> bool:
    """Whether a claim about one thing joins figures of two: the accuracy of the small model and the size
    of the large one, which stand in two sentences, each with its own figure of both kinds.
    """

    def find_rows(figure: Figure) -> list[list[Figure]]:
        return [row for row in paper.rows if any(figure.matches(printed) for printed in row)]

    stated = [f for f in figures if f.values and not f.is_small_count]
    for first, second in permutations(stated, 2):
        rows = find_rows(first)
        places = [p for row in find_rows(second) for p in row if second.matches(p)]
        if not rows or not places or any(p in row for p in places for row in rows):
            continue
        kinds = {(p.unit, p.after[:1]) for p in places if p.after}
        if any((p.unit, p.after[:1]) in kinds for row in rows for p in row if first.matches(p)):
            continue  # both are figures of the same kind
        displaced = [p for row in rows for p in row if (p.unit, p.after[:1]) in kinds]
        if displaced and not any(f.matches(p) for f in stated for p in displaced):
            return True
    return False


def _has_unknown_share(claim: str, figures: Sequence[Figure], ground: Ground) -> bool:
    """Whether *half*, *three quarters* … stand for no percentage that the papers have."""
    for word, (start, _) in iter_words(claim):
        percent = read_share(word)
        if percent is None or ground.has_word(word) or word.lower() == "third" and not _is_fraction(claim, start):  # fmt: skip
            continue
        if claim[:start].rstrip().endswith(" and a"):
            continue  # "two and a half times"
        before = claim[:start].split()[-1:]
        factor = {"two": 2, "three": 3}.get(fold(before[0]) if before else "", 1)
        printed = [float(v) for f in ground.figures if f.unit == "percent" for v in f.values]
        if not any(abs(value - percent * factor) <= 3 for value in printed):
            return True
    return False


def _has_unknown_sign(claim: str, ground: Ground) -> bool:
    """Whether a numeral such as ``⅞`` or ``⑨`` stands in no word of the papers."""
    signs = [c for c in claim if unicodedata.category(c) in ("No", "Nl")]
    known = {c for word, _ in iter_words(claim) if ground.has_word(word) for c in word}
    return any(c not in known and c not in ground.text for c in signs)


def _is_fraction(claim: str, start: int) -> bool:
    return re.search(r"\b(?:one|a|two)[\s-]$", claim[:start]) is not None


def _has_swapped_pair(claim: str, ground: Ground) -> bool:
    """Whether ``12.1%/11.9%`` stands there the other way round alone."""
    text = re.sub(r"[\s%]", "", ground.text)
    for match in _SLASHED.finditer(claim):
        before, after = re.sub(r"[\s%]", "", match[0]).rstrip(".,").split("/")
        if f"{before}/{after}" not in text and f"{after}/{before}" in text:
            return True
    return False


def _has_moved_change(claim: str, figures: Sequence[Figure], ground: Ground) -> bool:
    """Whether ``from A to B`` has figures of the papers that stand side by side in none of them.

    "(FID from 14.81 to 8.57) and COCO (FID from 21.42 to 12.39)" does not say "from 21.42 to 8.57".
    """

    def is_printed(a: Figure, b: Figure, paper: Ground) -> bool:
        changes = find_changes(paper.text, paper.figures)
        printed_changes = [
            (before, after)
            for before, after in changes
            if any(figure.matches(end) for figure in (a, b) for end in (before, after))
        ]
        if printed_changes:
            return any(a.matches(before) and b.matches(after) for before, after in printed_changes)
        pairs = list(pairwise(f for f in paper.figures if f.unit == a.unit))
        return any(a.matches(before) and b.matches(after) for before, after in pairs) or any(
            b.matches(before) and a.matches(after) for before, after in pairs
        )

    return any(
        not any(is_printed(a, b, paper) for paper in ground.each)
        for a, b in find_changes(claim, figures)
    )


# --- one paper at a time ----------------------------------------------------------------------


def _find_owners(claim: str, ground: Ground) -> list[tuple[int, int]]:
    """Names that one paper alone has: their place in the claim, and that paper's."""
    owners = []
    compounds = [(match[0], match.start()) for match in _COMPOUND.finditer(claim)]
    for name, at in [*_list_names(claim, english=False), *compounds]:
        has = Ground.has_quote if "-" in name else Ground.has_word
        papers = [n for n, paper in enumerate(ground.each) if has(paper, name)]
        if len(papers) == 1:
            owners.append((at, papers[0]))
    return sorted(owners)


def _mixes_papers(
    claim: str,
    figures: Sequence[Figure],
    owners: Sequence[tuple[int, int]],
    ground: Ground,
    english: bool,
) -> bool:
    """Whether a sentence says of one paper what another says."""
    located = _locate(figures, ground, english)
    owner_papers = {paper for _, paper in owners}
    if re.search(r"\brespectively\b", claim):
        order = list(dict.fromkeys(paper for _, paper in owners))
        return len(order) == len(located) and any(
            paper not in papers for paper, papers in zip(order, located, strict=True)
        )
    if (
        _SUMMED.search(claim)
        and len(owner_papers) > 1
        and figures
        and not find_computed(claim, list(figures))
    ):
        return True  # a sum is none of its parts
    if _is_in_wrong_segment(claim, figures, located, owners):
        return True
    years = {
        paper.year for paper in ground.each if paper.year and re.search(rf"\b{paper.year}\b", claim)
    }
    if not english or _JOINS.search(claim) or len(years) > 1:
        return False
    common = set(range(ground.n_papers)).intersection(
        *located, *({paper} for paper in owner_papers)
    )
    if not common:
        # "The method lowers FID to 8.57 and runs at 404 FPS" [1][2] lays both to one method.
        if _ONE_SUBJECT.match(claim) and not set.intersection(
            set(range(ground.n_papers)), *located
        ):
            return True
        if len(owner_papers) > 1 and figures and _is_each_of_its_own(figures, located, owners):
            return False  # "DistilPose-L (74.4%) comes out ahead of SDPose-S-V2 (73.5%)"
        return len(owner_papers) < 2 or not re.search(r"\band\b", claim)
    return len(owner_papers) == 1 and not _is_own_claim(claim, ground, next(iter(owner_papers)))


def _is_in_wrong_segment(
    claim: str,
    figures: Sequence[Figure],
    located: Sequence[set[int]],
    owners: Sequence[tuple[int, int]],
) -> bool:
    """Whether a figure stands in a part of the sentence about a paper that does not have it."""
    cuts = [0, *(match.start() for match in _SEGMENT.finditer(claim)), len(claim)]
    owner: int | None = None
    for start, end in pairwise(cuts):
        here = {paper for at, paper in owners if start <= at < end}
        if len(here) == 1:
            owner = next(iter(here))
        elif here or _OTHER.search(claim[start:end]):
            owner = None
        for figure, papers in zip(figures, located, strict=True):
            if owner is not None and start <= figure.at < end and owner not in papers:
                return True
    return False


def _is_each_of_its_own(
    figures: Sequence[Figure], located: Sequence[set[int]], owners: Sequence[tuple[int, int]]
) -> bool:
    """Whether the name before each figure is of a paper that has it."""
    before = [[paper for at, paper in owners if at < figure.at][-1:] for figure in figures]
    return all(own and own[0] in papers for own, papers in zip(before, located, strict=True))


def _is_own_claim(claim: str, ground: Ground, owner: int) -> bool:
    """Whether the paper named has what is said of it, as far as another cited one has it."""
    terms = extract_terms(claim)
    shares = [paper.compute_share(terms) for paper in ground.each]
    return shares[owner] >= OWN_SHARE or max(shares) < OTHER_SHARE - 0.1


# --- names, words, quotations -----------------------------------------------------------------


def _list_unknown_names(
    claim: str, english: bool, ground: Ground, known: Collection[str]
) -> tuple[str, ...]:
    plain = _LATEX.sub(" ", claim) if "\\" in claim else claim
    units = {at for f in extract_figures(plain) for at in range(f.at, f.end)}
    unknown = [
        name
        for name, at in _list_names(plain, english)
        if name not in MONTHS and at not in units and not ground.has_name(name) and fold(name).removesuffix("s") not in known and fold(name) not in known
    ]  # fmt: skip
    return tuple(dict.fromkeys(unknown))


def _is_masked(word: str) -> bool:
    """Whether a word hides another alphabet or something encoded, such as a key of a server."""
    n_digits = sum(c.isdigit() for c in word)
    encoded = len(word) > LONGEST_WORD and word.isascii()
    return is_patchwork(word) or encoded or (n_digits >= SECRET_DIGITS and len(word) - n_digits > 2)


def is_english(text: str) -> bool:
    """Whether a text is English, as far as its small words and its letters tell.

    Terse English ("DuetFace splits images into channels") has few small words, but none of another
    language either.
    """
    typed = [word for word, _ in iter_words(text)]
    if sum(word.lower() in STOP_WORDS for word in typed) >= ENGLISH_SHARE * len(typed) > 0:
        return not sum(word in _FOREIGN for word in typed) > 1
    return all(word.isascii() and word not in _FOREIGN for word in typed)


def _list_names(claim: str, english: bool) -> list[tuple[str, int]]:
    """Words with a capital inside, and, in English, those that begin with one in mid-sentence."""
    names = []
    for word, (start, _) in iter_words(claim):
        if len(word) < 2 or word.isdigit() or word.lower() in STOP_WORDS or _is_quantity(word):
            continue
        before = claim[:start].rstrip(" \"'“‘(*_")
        opens = not before or before[-1] in ".!?:;|\n-–—"
        inner = any(c.isupper() for c in word[1:]) or (is_mixed(word) and word[0].isalpha())
        if inner or (english and word[0].isupper() and not opens):
            names.append((word, start))
    return names


def _is_quantity(word: str) -> bool:
    """``80B``, ``3.3M``, ``15k``: figures, which are compared as such."""
    return word[0].isdigit() and bool(extract_figures(word))


def find_quotations(text: str) -> list[tuple[str, Span]]:
    """Texts in double quotation marks, with spans that include the marks."""
    return [(match[1], match.span()) for match in _QUOTATION.finditer(text)]


def find_best_sentence(claim: str, evidence: Evidence) -> tuple[Span, float]:
    """The sentence of a passage that says most of a claim, and the share of its words that it says.

    One that holds the claim's figures goes before one that shares more words: it is what a reader
    looks for behind the marker. Equal sentences are ordered shorter first, then by place; where
    none says anything of it, the first is taken, and a passage without a sentence is taken whole.
    """
    wanted = set(extract_terms(claim))
    figures = extract_figures(normalize_figures(claim))
    best: tuple[tuple[float, float, int, int], Span, float] | None = None
    for start, end in _split_passage(evidence):
        sentence = evidence.paper.text[start:end]
        shared = len(wanted & set(extract_terms(sentence)))
        printed = extract_figures(normalize_figures(sentence)) if figures else []
        n_figures = sum(any(f.matches(p) for p in printed) for f in figures)
        rank = (-float(n_figures), -float(shared), end - start if shared else 0, start)
        if best is None or rank < best[0]:
            best = (rank, (start, end), shared / len(wanted) if wanted else 0.0)
    return (best[1], best[2]) if best else (evidence.spans[0], 0.0)


def _split_passage(evidence: Evidence) -> Iterator[Span]:
    """The sentences of what is shown of a paper, by their place in its text."""
    for start, end in evidence.spans:
        for a, b in split_sentences(evidence.paper.text[start:end]):
            yield start + a, start + b
