"""The part of a sentence that carries it: an exact stretch, without its opening and its tail."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from rag.answers.answer_line import trim_opening
from rag.answers.comparing_words import content_words
from rag.library.naming import get_short_name
from rag.text import extract_terms
from rag.types import PaperHit, Sentence, SentenceRole, Span

_TAIL = re.compile(
    r",?(?: (?:in|on|by|of|to|for|at|with|from|through|under))? (?:which|where|whereby|so that|such that|while|thus|thereby|in order to)\b|, \w+ing\b|;"
)
_MAX_CHARS = 170
_LEAST_CHARS = 60
"""A clause shorter than this is too short to stand alone for a long sentence."""


def find_clause(text: str, span: Span) -> Span:
    """The span of a sentence after its connective and, if it is long, before its subordinate clauses.

    ``To address this issue, we propose X, which ...`` gives ``we propose X``. The sentence itself
    where nothing can be left out.
    """
    start, end = trim_opening(text, span)
    if end - start > _MAX_CHARS and (tail := _TAIL.search(text, start + _LEAST_CHARS, end)):
        end = tail.start()
    return start, end


_BRINGS = re.compile(
    r"\b(?:(?<!the )(?<!The )(?<!our )(?<!Our )[Pp]ropos\w+|[Ii]ntroduc\w+|[Pp]resent(?:s|ed)?|[Dd]evelop\w*|[Dd]esign\w*|[Cc]all(?:ed)?|[Dd]ubbed|termed|named)\b"
)
"""Verbs of bringing something, which the label DESIGN of a structured abstract is not. "In this paper, we investigate the label skew" brings nothing yet, though
it introduces the paper (`rag.answers.quoting`); "The proposed techniques are" made of what was."""
_NAMES_IT = re.compile(r"\b[Ww]e\b[^.]{0,120}?\w \((?=[\w-]*[A-Z][\w-]*[A-Z])[\w-]+\)")
"""``we learn an Adaptive Confidence Margin (Ada-CM)``: what is given a name is brought, whatever the verb."""
_IDEA_ROLES: Mapping[SentenceRole | None, int] = {"aim": 2, "method": 1, "resource": 1}
_WE_BRING = re.compile(
    r"\W*(?:in this (?:paper|work|report),\s+)?(?:we|this (?:paper|work|report)) (?:\w+ )?"
    r"(?:propose|introduce|present)s?\b",
    re.IGNORECASE,
)
_IS = re.compile(r"\b(?:is|are|was|were|aims?)\b", re.IGNORECASE)
_SUBJECT_WORDS = 6
"""Words at a sentence's beginning that may be its subject."""


def find_idea(
    hit: PaperHit, order: Sequence[Sentence], *, is_sure: bool = False
) -> Sentence | None:
    """The sentence that says what a paper brings: its aim or method, introduced, by its name.

    Of a report without an aim the one that says what it is a report of: "SoccerNet 2023 Challenges Results"
    was told by where its kits are. Of equals the first of ``order``; that one too where no role is known, but
    not where it must be sure (``is_sure``). None without sentences.
    """
    name, title_terms = get_short_name(hit.paper), set(extract_terms(hit.paper.name))

    def score_sentence(sentence: Sentence) -> int:
        text = hit.paper.text[slice(*sentence.span)]
        role = _IDEA_ROLES.get(sentence.role, 0)
        if sentence.role in (None, "background", "problem") and _WE_BRING.match(text):
            role = _IDEA_ROLES["aim"]
        tells = role or sentence.role is None
        brings = tells and (_BRINGS.search(text) or _NAMES_IT.search(text))
        return max(
            role + (2 if brings else 0) + bool(name and name in text) - bool(_FURTHER.match(text)),
            3 if _has_subject(text, title_terms) else 0,
        )

    best = max(order, key=score_sentence, default=None)
    # A study makes no thing: "DESIGN Meta-analysis of randomised trials." told less than what it found.
    makes_none = best and best.role and score_sentence(best) <= max(_IDEA_ROLES.values())
    if makes_none and not is_sure:
        best = _find_conclusion(hit, order) or best
    return None if best and is_sure and best.role and not score_sentence(best) else best


_LEAST_NEW, _LEAST_NEW_OF_HOW = 3, 2
"""Content words by which a clause says more than its paper's title, and by which one does that tells a way."""
_TELLS_WAY = re.compile(
    r"\b(?:by|via|through|using|with) (?:[\w-]+ ){0,3}?\w+ing\b|\b(?:that|which|where) (?:[\w-]+ ){4}"
    r"|\b(?:consist|compris|employ|leverag|utili[sz]|exploit|combin|includ)\w*",
    re.IGNORECASE,
)
_TELLS_NO_WAY = re.compile(
    r"\W*(?:we further|then|meanwhile|finally|however|but|yet|unfortunately|nevertheless|although|while|despite|since|to validate|these|both|some|such|existing|"
    r"previous|unlike|different from|the resultant|this (?:[\w-]+ )?module)\b"
    r"|.{0,40}\b(?:surpass|outperform|enhanc|improv|elaborat)\w*",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:two|three|four|five|several|dedicated|key|following) (?:[\w-]+ ){0,3}?(?:innovations?|designs?|challenges?|"
    r"components?|contributions?|issues?|problems?|novelties)\b",
    re.IGNORECASE,
)
_LISTS = re.compile(r"[:,;]")
"""``introduces two key innovations.``: what they are follows, unless it stands behind one of these."""
_FURTHER = re.compile(
    r"\W*(?:(?:(?:we|this (?:paper|work)) )?(?:further(?:more)?|also)|moreover|additionally|in addition|besides|finally)\b",
    re.IGNORECASE,
)
_WITHIN = 3
"""Sentences behind an idea that may say how it works."""


def find_idea_clause(hit: PaperHit, idea: Sentence) -> Span:
    """The clause of an idea, or all of it behind its opening where only that says more than the title."""
    clause = find_clause(hit.paper.text, idea.span)
    whole = (clause[0], idea.span[1])
    return whole if not _says_enough(hit, clause) and _says_enough(hit, whole) else clause


def find_telling_clause(hit: PaperHit, idea: Sentence, sentences: Sequence[Sentence]) -> Span:
    """The clause of an idea; where it says no more than the title, that of the next sentence that says how.

    "We introduce a diffusion-fueled SFR model termed ID^3" under a title that says so tells nothing: "ID^3 employs
    an ID-preserving loss to generate diverse yet identity-consistent facial appearances" does.

    Args:
        hit: The paper.
        idea: What it brings.
        sentences: Those of it that may be quoted, in any order.
    """
    clause = find_idea_clause(hit, idea)
    if _says_enough(hit, clause):
        return clause
    text = hit.paper.text
    behind = sorted((s for s in sentences if s.span[0] >= idea.span[1]), key=lambda s: s.span)
    for sentence in behind[:_WITHIN]:
        told = text[slice(*sentence.span)]
        if sentence.role not in (None, "method") or _TELLS_NO_WAY.match(told) or _announces(told):
            continue
        how = find_clause(text, sentence.span)
        if _count_new_words(hit, how) >= _LEAST_NEW:
            return how
    return clause


def _announces(sentence: str) -> bool:
    """Whether a sentence ends by saying that several things follow."""
    return _ANNOUNCES.search(_LISTS.split(sentence)[-1]) is not None


def _says_enough(hit: PaperHit, span: Span) -> bool:
    tells_way = _TELLS_WAY.search(hit.paper.text, *span) is not None
    return _count_new_words(hit, span) >= (_LEAST_NEW_OF_HOW if tells_way else _LEAST_NEW)


def _count_new_words(hit: PaperHit, span: Span) -> int:
    """Content words of a stretch that the paper's title does not have, apart from those of bringing and names."""
    told = _BRINGS.sub(" ", hit.paper.text[slice(*span)])
    name = get_short_name(hit.paper)
    return len(content_words(told) - content_words(f"{hit.paper.name} {name or ''}"))


def _find_conclusion(hit: PaperHit, order: Sequence[Sentence]) -> Sentence | None:
    """The last result that concludes, else the first one of ``order``; None without results."""
    results = [s for s in order if s.role == "result"]
    concluding = [s for s in results if _CONCLUDES.search(hit.paper.text, *s.span)]
    return max(concluding, key=lambda s: s.span, default=next(iter(results), None))


_CONCLUDES = re.compile(
    r"\b(?:conclu\w+|suggest\w*|indicat\w+|demonstrat\w+|shows?|support\w*|evidence|thus|therefore)\b",
    re.IGNORECASE,
)


def _has_subject(text: str, title_terms: Collection[str]) -> bool:
    """Whether a sentence says what a paper's subject is: its first words are of the title."""
    verb = _IS.search(text)
    subject = text[: verb.start()].split() if verb else []
    if not 0 < len(subject) <= _SUBJECT_WORDS + 1:
        return False
    terms = set(extract_terms(" ".join(subject)))
    return len(terms) > 1 and terms <= set(title_terms)
