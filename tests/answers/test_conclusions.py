"""Studies that bring nothing of their own are told by what they found."""

from __future__ import annotations

from rag.answers.answer_line import trim_opening
from rag.answers.clauses import find_clause, find_idea
from rag.text import split_sentences
from rag.types import PaperHit, Sentence, SentenceRole
from tests.shelf import paper

STUDY = (
    "AIMS To see whether kelp lowers pressure. DESIGN Trial of forty swimmers. RESULTS Pressure fell by 4 mmHg. "
    "CONCLUSION Kelp lowers pressure in swimmers, which suggests that it may help others."
)
ROLES: tuple[SentenceRole, ...] = ("aim", "method", "result", "result")


def build_hit(text: str, roles: tuple[SentenceRole, ...]) -> PaperHit:
    spans = split_sentences(text)
    sentences = tuple(Sentence(span, 0.5, role) for span, role in zip(spans, roles, strict=True))
    return PaperHit(paper("p1", "Kelp and Pressure", text), 0.9, 1, sentences, {})


def test_a_study_is_told_by_its_conclusion_without_the_label() -> None:
    hit = build_hit(STUDY, ROLES)
    idea = find_idea(hit, hit.sentences)
    assert idea is not None and idea == hit.sentences[-1]
    start, end = trim_opening(STUDY, idea.span)
    assert STUDY[start:end].startswith("Kelp lowers pressure")


def test_a_paper_that_proposes_something_is_told_by_that() -> None:
    text = "We propose KelpNet, a net for weeds. The results suggest that it floats."
    hit = build_hit(text, ("aim", "result"))
    assert find_idea(hit, hit.sentences) == hit.sentences[0]


def test_a_clause_ends_before_the_preposition_of_its_tail() -> None:
    text = "The data on these weeds suggest that a long and slow and vicious circle might well exist in which weeds drive currents, and these currents drive all further weeds along the coast."
    start, end = find_clause(text, (0, len(text)))
    assert text[start:end].endswith("might well exist")
