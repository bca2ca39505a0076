"""The free checks of a model's sentence against the papers cited for it.

They look for what is there to be looked up: each figure with the words that follow it in one of the
papers, each name, each quotation, opposites in the wrong company, and whether one paper holds what
is said of it. A sentence in which they find nothing wrong is *checked*, not *supported*: that takes
a reader (`rag.generation.verification`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answers.confusables import is_patchwork
from rag.generation.arithmetic import SUMMED, find_computed
from rag.generation.attributions import find_invented_names
from rag.generation.exchanged import exchanges
from rag.generation.figure_checks import (
    LATEX,
    find_compared,
    has_moved_change,
    has_swapped_pair,
    has_unknown_month,
    has_unknown_share,
    has_unknown_sign,
    has_wrong_order,
    has_wrong_year,
    list_checked_figures,
    locate_figures,
    mixes_rows,
)
from rag.generation.ground import Ground
from rag.generation.numbers import (
    Figure,
    extract_figures,
    is_mixed,
    normalize_figures,
)
from rag.generation.opposites import is_turned_around
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, split_sentences
from rag.text.english import MONTHS
from rag.types import Evidence, Span

ENGLISH_SHARE = 0.15
"""Share of English stop words from which a sentence counts as English."""
PAPERS_LANGUAGE_SHARE = 0.6
"""A sentence with at least this share of the papers' words is in their language, however few function words it has."""
OWN_SHARE = 0.5
"""A paper with a smaller share of a claim's words is not its source if another cited one has `OTHER_SHARE`."""
OTHER_SHARE = 0.8
SECRET_DIGITS = 6
LONGEST_WORD = 32
"""A longer word that is in no paper counts as encoded text."""

_QUOTATION = re.compile(r"[\"“„«]([^\"“”„«»]{1,600})[\"”“»]")
_FOREIGN = frozenset(
    "der das und ist ein eine nicht mit von auf den dem wird werden les des est une dans pour avec sur qui los las una "
    "mehr als im zu zum zur oder auch bei nach aus wie nur durch dass kann que como entre mais ao dos das leur aux dont ses "
    "con para por del il di che sono della nel uma os com em het een voor van zijn och att som jest nie".split()
)
"""Small words of other languages, in lower case, that are none in English."""
_JOINS = re.compile(
    r"\b(?:both|whereas|while(?!\s+\w+ing\b)|respectively|than|as (?:many|much|\w+ as)|after|before|earlier|later|newer|older|ahead|behind|against|versus|vs|unlike|compared|together|each (?:of|other|paper|method|work)|neither|either|differ\w*|"
    r"such as|(?<!-)like|similar\w*|combin\w+|contrast|other|latter|former|also|too|followed|extends?|builds?)\b|[,;]",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"[,;](?=\s)|\b(?:and|while|whereas|but|against|versus|vs)\b", re.IGNORECASE)
_AGAINST = re.compile(r"(?:against|versus|vs)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:other|latter|former|second|first|whereas|while)\b", re.IGNORECASE)
_ONE_SUBJECT = re.compile(
    r"\W*(?:it|(?:the|this|that|its|their|our|one|a)\s+(?:[\w-]+\s+){0,3}?"
    r"(?:method|approach|model|paper|work|network|system|framework|data ?set|benchmark|attack|detector|generator))\b(?!-)",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)")
_FIRST = re.compile(
    r"\b(?:the|a)\s+(?:very\s+)?first\s+(?:[\w-]+\s+){0,4}(?:to|that|which|on|for|in)\b"
    r"|\bfirst\s+(?:[\w-]+\s+){0,2}(?:work|paper|study|method|attack|dataset|benchmark|approach|model)\b|\bthe only\b",
    re.IGNORECASE,
)
_PHRASE = re.compile(r"(?<![\w-])[A-Z][\w-]*(?: [A-Z][\w-]*)+")
_COMPOUND = re.compile(r"(?<![\w-])(?=[\w^-]*[A-Z])[^\W_][\w^]*(?:-[\w^]+)+")


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
    figures = list_checked_figures(claim, ground)
    owners = _find_owners(claim, ground)
    if any(not figure_papers for figure_papers in locate_figures(claim, figures, ground, english)):
        return "figure"
    if has_unknown_share(claim, figures, ground) or has_swapped_pair(claim, ground):
        return "figure"
    if has_unknown_sign(claim, ground) or has_moved_change(claim, figures, ground):
        return "figure"
    compared = find_compared(claim, extract_figures(claim))
    if english and has_wrong_order(claim, compared):
        return "order"
    if has_unknown_month(claim, ground) or has_wrong_year(claim, ground):
        return "date"
    if english and any(mixes_rows(claim, figures, paper) for paper in ground.each):
        return "row"
    if has_unknown_name:
        return "name"
    if ground.n_papers > 1 and _mixes_papers(claim, figures, owners, ground, english):
        return "mixture"
    if not english:
        return ""
    if _FIRST.search(claim) and not ground.words & {"first", "only"}:
        return "priority"
    if any(exchanges(claim, paper.lines) for paper in ground.each):
        return "exchange"
    if compared and ground.n_papers > 1:
        return ""  # "the smaller model: 0.15 MB against 0.68 MB" is said of the two, not by one
    if is_turned_around(claim, [s for paper in ground.each for s in paper.sentences]):
        return "opposite"
    return ""


# --- one paper at a time ----------------------------------------------------------------------


def _find_owners(claim: str, ground: Ground, *, phrases: bool = False) -> list[tuple[int, int]]:
    """Names, perhaps of several words, that one paper alone has: their place in the claim, and that paper's."""
    owners = []
    units = {at for f in extract_figures(claim) for at in range(f.at, f.end)}
    name_places = [(match[0], match.start()) for match in _COMPOUND.finditer(claim)]
    if phrases:
        name_places += [(match[0], match.start()) for match in _PHRASE.finditer(claim)]
    for name, at in [*_list_names(claim, english=False), *name_places]:
        if at in units:
            continue
        has = Ground.has_quote if "-" in name or " " in name else Ground.has_word
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
    located = locate_figures(claim, figures, ground, english)
    owner_papers = {paper for _, paper in owners}
    if re.search(r"\brespectively\b", claim):
        end = claim.index("respectively")
        phrase_owners = _find_owners(claim, ground, phrases=True)
        order = list(dict.fromkeys(paper for at, paper in phrase_owners if at < end))
        return len(order) == len(located) and any(
            paper not in papers for paper, papers in zip(order, located, strict=True)
        )
    if (
        SUMMED.search(claim)
        and len(owner_papers) > 1
        and figures
        and not find_computed(claim, list(figures))
    ):
        return True  # a sum is none of its parts
    if _is_in_wrong_segment(claim, figures, located, _find_owners(claim, ground, phrases=True)):
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
    """Whether a figure stands in a part of the sentence about a paper that does not have it.

    A figure alone in brackets is about the name before them; of several, each may be of another paper.
    """
    pairs = list(zip(figures, located, strict=True))
    for match in _BRACKETS.finditer(claim):
        inner = [pair for pair in pairs if pair[0].at in range(*match.span())]
        before = [paper for at, paper in owners if at < match.start()]
        if len(inner) == 1 and before and before[-1] not in inner[0][1]:
            return True
        pairs = [pair for pair in pairs if pair not in inner]
    cuts = [0, *(match.start() for match in _SEGMENT.finditer(claim)), len(claim)]
    owner: int | None = None
    for start, end in pairwise(cuts):
        here = {paper for at, paper in owners if start <= at < end}
        if len(here) == 1:
            owner = next(iter(here))
        elif here or _OTHER.search(claim[start:end]) or _AGAINST.match(claim, start):
            owner = None
        for figure, papers in pairs:
            if owner is not None and start <= figure.at < end and owner not in papers:
                return True
    return False


def _is_each_of_its_own(
    figures: Sequence[Figure], located: Sequence[set[int]], owners: Sequence[tuple[int, int]]
) -> bool:
    """Whether the name before each figure is of a paper that has it."""
    before = [[paper for at, paper in owners if at < figure.at][-1:] for figure in figures]
    return all(
        name_owner and name_owner[0] in papers
        for name_owner, papers in zip(before, located, strict=True)
    )


def _is_own_claim(claim: str, ground: Ground, owner: int) -> bool:
    """Whether a claim about a named paper is in that paper rather than in another one that is cited."""
    terms = extract_terms(claim)
    shares = [paper.compute_share(terms) for paper in ground.each]
    return shares[owner] >= OWN_SHARE or max(shares) < OTHER_SHARE - 0.1


# --- names, words, quotations -----------------------------------------------------------------


def _list_unknown_names(
    claim: str, english: bool, ground: Ground, known: Collection[str]
) -> tuple[str, ...]:
    plain = LATEX.sub(" ", claim) if "\\" in claim else claim
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
