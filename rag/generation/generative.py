"""Answers that a chat model words from the evidence, checked by the citation gate.

The deltas of an answer always add up to its text: nothing shown has to be retracted. If the call
fails, or its reply cites nothing valid, before anything was shown, the extractive answer is given; if
it breaks off later, the sentences already checked remain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rag.answers.citations import Citations
from rag.answers.extractive import list_scored_papers
from rag.answers.prompt_injection import told_apart
from rag.answers.screening import Screen
from rag.generation import earlier, judging, prompt_files, wording
from rag.generation.calling import ChatModel, Reply
from rag.generation.earlier import EarlierTurn
from rag.generation.evidence import choose_evidence
from rag.generation.gate import CitationGate, Unsupported
from rag.generation.judging import SupportJudge
from rag.generation.prompt_files import Message, Prompt, render_fenced
from rag.types import (
    Answer,
    Delta,
    Event,
    Evidence,
    Retrieval,
    ScoredPaper,
    Step,
    Sufficiency,
    Thread,
)

THREAD_TOKENS = 1_500
ASKED = ("question", "passages", "turns", "fence")
ANSWER_PARTS = ("passage", "turn", "unknown")
"""Variables and parts of the prompts that show passages."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of this module, checked."""

    answer: Prompt
    compare: Prompt
    condense: Prompt
    word: Prompt
    judge: Prompt


def load_prompts(folder: Path) -> Prompts:
    """Read and check the prompt files.

    Raises:
        PromptError: One is missing or does not fit this module.
    """
    return Prompts(
        answer=prompt_files.load_prompt(folder, "answer_question", ASKED, ANSWER_PARTS),
        compare=prompt_files.load_prompt(folder, "compare_papers", ASKED, ANSWER_PARTS),
        condense=prompt_files.load_prompt(
            folder, "condense_question", variables=("question", "turns", "fence"), parts=("turn",)
        ),
        word=prompt_files.load_prompt(folder, "word_answer", variables=wording.WORDING_VARIABLES),
        judge=prompt_files.load_prompt(
            folder, "judge_citation", judging.JUDGE_VARIABLES, judging.JUDGE_PARTS
        ),
    )


def answer_with_model(
    question: str,
    retrieval: Retrieval,
    sufficiency: Sufficiency,
    thread: Thread,
    model: ChatModel,
    *,
    model_name: str,
    prompt: Prompt,
    evidence_tokens: int,
    thread_tokens: int = THREAD_TOKENS,
    unsupported: Unsupported = "mark",
    abstain: Callable[[], Answer],
    fallback: Callable[[], Answer],
    build_table: Callable[[Citations], str] | None = None,
    judge: SupportJudge | None = None,
    screen: Screen | None = None,
) -> Iterator[Event]:
    """Answer a content question with a chat model.

    Args:
        question: As typed; the model reads it beside the earlier turns.
        retrieval: The papers found for it.
        sufficiency: If the papers do not suffice, no call is made.
        thread: Earlier turns.
        model: Called once, streaming.
        model_name: For the record.
        prompt: As `load_prompts` gives it.
        evidence_tokens: Budget of passages, estimated.
        thread_tokens: The same of earlier turns.
        unsupported: What becomes of a sentence that its papers do not say.
        abstain: The abstention for this question, without a model.
        fallback: The answer for this question, without a model.
        build_table: What the code puts behind the reply, such as a table, with its own citations.
        judge: A second opinion on cited sentences; each waits for it before it is shown.
        screen: Finds what must not be shown to the model; None: only by its wording.

    Yields:
        Steps, deltas and the whole answer last; the deltas joined are its text.
    """
    ranked = list_scored_papers(retrieval)
    retrieval = _screened(retrieval, screen, question, evidence_tokens)
    evidence = choose_evidence(retrieval, evidence_tokens)
    if not sufficiency.sufficient or not evidence:
        yield from _send_whole(abstain())
        return
    yield Step(f"asking {model_name}")
    turns = earlier.choose_earlier_turns(thread, thread_tokens).turns
    messages = _build_messages(prompt, question, turns, evidence)
    gate = CitationGate(
        evidence,
        prompt.words["refusal"],
        unsupported=unsupported,
        private=messages[0][1],
        question=question,
        judge=judge,
        nearest=screen.near if screen is not None else None,
    )
    reply = Reply()
    pieces: list[str] = []
    with closing(reply.read_pieces(model, messages, prompt.name)) as ps:
        for piece in ps:
            if text := gate.process_piece(piece):
                pieces.append(text)
                yield Delta(text)
            if gate.is_full:
                break
    if reply.error is None and (text := gate.close()):
        pieces.append(text)
        yield Delta(text)
    if gate.is_open and build_table is not None:
        pieces.append(f"\n\n{build_table(gate.marks)}")
        yield Delta(pieces[-1])
    if gate.is_open:
        answer = _answer(retrieval, gate, "".join(pieces), reply, model_name, ranked)
        if judge is not None and judge.note:
            answer = replace(answer, warnings=(*answer.warnings, judge.note))
        yield _add_usage(answer, reply, gate, prompt)
    elif gate.refused:
        yield from _send_whole(
            _add_usage(replace(abstain(), model=model_name), reply, gate, prompt)
        )
    else:
        note = f"{_format_failure(reply, model_name)}; the answer is quoted from the papers instead"
        answer = fallback()
        answer = replace(answer, warnings=(*answer.warnings, note))
        yield from _send_whole(_add_usage(answer, reply, gate, prompt))


def _add_usage(answer: Answer, reply: Reply, gate: CitationGate, prompt: Prompt) -> Answer:
    """The answer with what the call was and cost, also where its words were not used."""
    counts = dict(+gate.counts)
    return replace(
        answer,
        usage=reply.usage,
        prompt_sha256=prompt.sha256,
        checks=counts,
        sentences=gate.sentences if gate.is_open else (),
    )


def _send_whole(answer: Answer) -> Iterator[Event]:
    """The events of an answer that is not streamed."""
    if answer.text:
        yield Delta(answer.text)
    yield answer


def _format_failure(reply: Reply, model_name: str) -> str:
    if reply.error is not None:
        return str(reply.error)
    return f"the reply of {model_name!r} cited no passage"


def _answer(
    retrieval: Retrieval,
    gate: CitationGate,
    text: str,
    reply: Reply,
    model_name: str,
    papers: tuple[ScoredPaper, ...],
) -> Answer:
    warnings = (*gate.list_warnings(), *told_apart(retrieval.papers))
    if reply.error is not None:
        warnings = (*warnings, f"the answer is incomplete: {reply.error}")
    return Answer(
        question="",
        status="answered",
        route="content",
        text=text,
        citations=gate.citations,
        papers=papers,
        model=model_name,
        warnings=warnings,
    )


def _screened(
    retrieval: Retrieval, screen: Screen | None, question: str, evidence_tokens: int
) -> Retrieval:
    """The retrieval with the papers that passages are chosen from, looked through."""
    used = {item.paper.paper_id for item in choose_evidence(retrieval, evidence_tokens)}
    hits = [hit for hit in retrieval.papers if hit.paper.paper_id in used]
    return replace(retrieval, papers=(screen or Screen(None)).marked(hits, question))


# --- what the model reads -------------------------------------------------------------------


def _build_messages(
    prompt: Prompt, question: str, turns: Sequence[EarlierTurn], evidence: Sequence[Evidence]
) -> list[Message]:
    mark = earlier.build_fence(turns, question, *(item.quote for item in evidence))
    return prompt.render(
        {
            "question": render_fenced(question, mark),
            "passages": "\n\n".join(_render_evidence(prompt, item, mark) for item in evidence),
            "turns": earlier.render_turns(prompt, turns, mark),
            "fence": mark,
        }
    )


def _render_evidence(prompt: Prompt, evidence: Evidence, mark: str) -> str:
    paper = evidence.paper
    unknown = prompt.render_part("unknown", {})
    items = evidence.apart.names
    authors = ", ".join(name for name in paper.authors if name not in items)
    if authors and not paper.authors_complete:
        authors += " et al."
    return prompt.render_part(
        "passage",
        {
            "key": evidence.key,
            "title": unknown if paper.name in items else render_fenced(paper.name, mark),
            "authors": render_fenced(authors, mark) or unknown,
            "year": str(paper.year) if paper.year else unknown,
            "text": render_fenced(evidence.quote, mark) or unknown,
            "fence": mark,
        },
    )
