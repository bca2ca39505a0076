"""What papers say, the kind of question asked most: worked examples over the seeds, in `content.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from rag.answers.citations import check_citations
from rag.answers.evidence_selection import _split_by_evidence
from rag.app.assistant import Assistant
from rag.types import Answer, Paper, PaperHit, Query
from tests.conversation import ask_assistant
from tests.shelf import paper

SECTIONS = yaml.safe_load(Path(__file__).with_name("content.yaml").read_text(encoding="utf-8"))


def test_what_papers_say_is_quoted_from_the_right_ones_or_not_answered(
    assistant: Assistant,
) -> None:
    papers = {paper.paper_id: paper for paper in assistant.library.list_papers()}
    differences = []
    for section in SECTIONS:
        for case in section["cases"]:
            turns = case.get("turns") or [case["question"]]
            answer = ask_assistant(assistant, *turns).turns[-1].answer
            check_citations(answer.text, answer.citations, papers)
            differences += [
                f"{section['about']}\n  asked:  {' / '.join(turns)}\n  wanted: {wanted}\n"
                f"  got:    {actual}\n"
                for wanted, actual in compare(case, answer, papers)
            ]
    assert not differences, f"{len(differences)} differ\n\n" + "\n".join(differences)


def compare(
    case: dict[str, Any], answer: Answer, papers: dict[str, Paper]
) -> Iterator[tuple[str, object]]:
    """What is wanted and what there is instead, for all that differs."""
    quotes = [citation.quote for citation in answer.citations]
    status = "abstained" if "missing" in case else "answered"
    if (answer.route, answer.status) != ("content", status):
        yield f"content {status}", f"{answer.route} {answer.status}"
    names = list(dict.fromkeys(papers[c.paper_id].name for c in answer.citations))
    wanted = case.get("papers", [])
    if len(names) < len(wanted) or any(
        not name.startswith(begin) for begin, name in zip(wanted, names, strict=False)
    ):
        yield f"cited first: {wanted}", names
    for words in case.get("first_quote", []):
        if not quotes or words not in quotes[0]:
            yield f"in the first quote: {words}", quotes[:1]
    for words in case.get("quotes", []):
        if not any(words in quote for quote in quotes):
            yield f"in a quote: {words}", quotes
    for word in case.get("missing", []):
        first = answer.text.splitlines()[0]
        if f"“{word}”" not in first:
            yield f"named as missing: {word}", first


def test_of_the_papers_shown_those_that_say_it_are_told_and_the_others_named(
    assistant: Assistant,
) -> None:
    turns = ask_assistant(
        assistant, "which papers work on image editing?", "which of them need no training?"
    ).turns
    shown, answer = (turn.answer for turn in turns)
    assert {c.paper_id for c in answer.citations} == {shown.citations[0].paper_id}
    n_others = len({c.paper_id for c in shown.citations}) - 1
    assert n_others > 1 and f"Not stated in the other {n_others}: *CatVersion*" in answer.text
    nothing = ask_assistant(assistant, turns[0].question, "which of them eat bananas?").turns[-1]
    assert nothing.answer.status == "abstained" and "bananas" in nothing.answer.text


def test_people_are_told_behind_what_papers_say(assistant: Assistant) -> None:
    answer = assistant.ask("What is DistilPose and who wrote it?")
    first, _, second = answer.text.partition("*who wrote it?*")
    assert "termed DistilPose" in first and "**Suhang Ye**" in second


def test_of_the_papers_shown_those_with_the_words_of_what_is_used_are_told() -> None:
    hits = tuple(
        PaperHit(paper(f"p{n}", "Leaves", text), 0.9, n, (), {})
        for n, text in enumerate(("We keep secrets.", "We use differential privacy.", "Rain."), 1)
    )
    query = Query("passages", text="which of these use differential privacy?")
    with_evidence, without = _split_by_evidence(query, hits)
    assert [hit.paper.paper_id for hit in with_evidence] == ["p2"] and len(without) == 2
