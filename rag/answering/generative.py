"""Answers worded by a chat model from chosen evidence, let out through the citation gate.

The joined deltas of an answer are always its text: nothing is shown that has to be taken back. A
call that fails, or whose reply cites nothing valid, before anything was shown gives the extractive
answer; one that breaks off later keeps the sentences already checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rag import prompting
from rag.answering import earlier, judging, wording
from rag.answering.calling import ChatModel, Reply
from rag.answering.citations import Citations
from rag.answering.earlier import Said
from rag.answering.evidence import choose
from rag.answering.extractive import scored
from rag.answering.gate import Gate, Unsupported
from rag.answering.judging import SupportJudge
from rag.answering.planted import told_apart
from rag.answering.screening import Screen
from rag.prompting import Message, Prompt, enclosed
from rag.types import (
    Answer,
    Delta,
    Event,
    Evidence,
    Intent,
    Retrieval,
    ScoredPaper,
    Step,
    Sufficiency,
    Thread,
)

THREAD_TOKENS = 1_500
ASKED = ("question", "passages", "turns", "fence")
PARTS = ("passage", "turn", "unknown")
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
        answer=prompting.load(folder, "answer_question", ASKED, PARTS),
        compare=prompting.load(folder, "compare_papers", ASKED, PARTS),
        condense=prompting.load(
            folder, "condense_question", variables=("question", "turns", "fence"), parts=("turn",)
        ),
        word=prompting.load(folder, "word_answer", variables=wording.VARIABLES),
        judge=prompting.load(folder, "judge_citation", judging.VARIABLES, judging.PARTS),
    )


def stream(
    intent: Intent,
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
    beside: Callable[[Citations], str] | None = None,
    judge: SupportJudge | None = None,
    screen: Screen | None = None,
) -> Iterator[Event]:
    """Answer a content question with a chat model.

    Args:
        intent: The question and its route.
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
        beside: What the code puts behind the reply, such as a table, with its own citations.
        judge: A second opinion on cited sentences; each waits for it before it is shown.
        screen: Finds what must not be shown to the model; None: only by its wording.

    Yields:
        Steps, deltas and the whole answer last; the deltas joined are its text.
    """
    ranked = scored(retrieval)
    retrieval = _screened(retrieval, screen, intent.question, evidence_tokens)
    evidence = choose(retrieval, evidence_tokens)
    if not sufficiency.sufficient or not evidence:
        yield from _whole(abstain())
        return
    yield Step(f"asking {model_name}")
    turns = earlier.earlier(thread, thread_tokens).turns
    messages = _messages(prompt, intent, turns, evidence)
    gate = Gate(
        evidence,
        prompt.words["refusal"],
        unsupported=unsupported,
        private=messages[0][1],
        question=intent.question,
        judge=judge,
        near=screen.near if screen is not None else None,
    )
    reply = Reply()
    shown: list[str] = []
    with closing(reply.pieces(model, messages, prompt.name)) as ps:
        for piece in ps:
            if text := gate.feed(piece):
                shown.append(text)
                yield Delta(text)
            if gate.is_full:
                break
    if reply.error is None and (text := gate.close()):
        shown.append(text)
        yield Delta(text)
    if gate.is_open and beside is not None:
        shown.append(f"\n\n{beside(gate.marks)}")
        yield Delta(shown[-1])
    if gate.is_open:
        answer = _answer(intent, retrieval, gate, "".join(shown), reply, model_name, ranked)
        if judge is not None and judge.note:
            answer = replace(answer, warnings=(*answer.warnings, judge.note))
        yield _spent(answer, reply, gate, prompt)
    elif gate.refused:
        yield from _whole(_spent(replace(abstain(), model=model_name), reply, gate, prompt))
    else:
        note = f"{_why(reply, model_name)}; the answer is quoted from the papers instead"
        answer = fallback()
        answer = replace(answer, warnings=(*answer.warnings, note))
        yield from _whole(_spent(answer, reply, gate, prompt))


def _spent(answer: Answer, reply: Reply, gate: Gate, prompt: Prompt) -> Answer:
    """The answer with what the call was and cost, also where its words were not used."""
    counts = dict(+gate.counts)
    return replace(
        answer,
        usage=reply.usage,
        prompt_sha256=prompt.sha256,
        checks=counts,
        sentences=gate.said if gate.is_open else (),
    )


def _whole(answer: Answer) -> Iterator[Event]:
    """An answer that was not made piece by piece."""
    if answer.text:
        yield Delta(answer.text)
    yield answer


def _why(reply: Reply, model_name: str) -> str:
    if reply.error is not None:
        return str(reply.error)
    return f"the reply of {model_name!r} cited no passage"


def _answer(
    intent: Intent,
    retrieval: Retrieval,
    gate: Gate,
    text: str,
    reply: Reply,
    model_name: str,
    papers: tuple[ScoredPaper, ...],
) -> Answer:
    warnings = (*gate.warnings(), *told_apart(retrieval.papers))
    if reply.error is not None:
        warnings = (*warnings, f"the answer is incomplete: {reply.error}")
    return Answer(
        question=intent.question,
        status="answered",
        route=intent.route,
        text=text,
        citations=gate.citations,
        papers=papers,
        model=model_name,
        warnings=warnings,
        intent=intent,
    )


def _screened(
    retrieval: Retrieval, screen: Screen | None, question: str, evidence_tokens: int
) -> Retrieval:
    """The retrieval with the papers that passages are chosen from, looked through."""
    used = {item.paper.paper_id for item in choose(retrieval, evidence_tokens)}
    hits = [hit for hit in retrieval.papers if hit.paper.paper_id in used]
    return replace(retrieval, papers=(screen or Screen(None)).marked(hits, question))


# --- what the model reads -------------------------------------------------------------------


def _messages(
    prompt: Prompt, intent: Intent, turns: Sequence[Said], evidence: Sequence[Evidence]
) -> list[Message]:
    mark = earlier.mark(turns, intent.question, *(item.quote for item in evidence))
    return prompt.render(
        {
            "question": enclosed(intent.question, mark),
            "passages": "\n\n".join(_passage(prompt, item, mark) for item in evidence),
            "turns": earlier.rendered(prompt, turns, mark),
            "fence": mark,
        }
    )


def _passage(prompt: Prompt, evidence: Evidence, mark: str) -> str:
    paper = evidence.paper
    unknown = prompt.part("unknown", {})
    held = evidence.apart.names
    authors = ", ".join(name for name in paper.authors if name not in held)
    if authors and not paper.authors_complete:
        authors += " et al."
    return prompt.part(
        "passage",
        {
            "key": evidence.key,
            "title": unknown if paper.name in held else enclosed(paper.name, mark),
            "authors": enclosed(authors, mark) or unknown,
            "year": str(paper.year) if paper.year else unknown,
            "text": enclosed(evidence.quote, mark) or unknown,
            "fence": mark,
        },
    )
