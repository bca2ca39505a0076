"""The part of a sentence that carries it: an exact stretch, without its opening and its tail."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from rag.answers.answer_line import trim_opening
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
    r"\b(?:[Pp]ropos\w+|[Ii]ntroduc\w+|[Pp]resent(?:s|ed)?|[Dd]evelop\w*|[Dd]esign\w*|[Cc]all(?:ed)?|[Dd]ubbed|termed|named)\b"
)
"""Verbs of bringing something, which the label DESIGN of a structured abstract is not. "In this paper, we investigate the label skew" brings nothing yet, though
it introduces the paper (`rag.answers.quoting`)."""
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
            role + (2 if brings else 0) + bool(name and name in text),
            3 if _has_subject(text, title_terms) else 0,
        )

    best = max(order, key=score_sentence, default=None)
    # A study makes no thing: "DESIGN Meta-analysis of randomised trials." told less than what it found.
    makes_none = best and best.role and score_sentence(best) <= max(_IDEA_ROLES.values())
    if makes_none and not is_sure:
        best = _find_conclusion(hit, order) or best
    return None if best and is_sure and best.role and not score_sentence(best) else best


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
