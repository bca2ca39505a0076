"""Answers that a chat model words from the evidence, checked by the citation gate.

Text goes out sentence by sentence. A model's verification of the whole reply comes after its last
sentence: then the answer's text is that of the deltas with marks where something is not supported. If
the call fails, or nothing of its reply stands, the extractive answer is given with the true reason;
if it breaks off later, the sentences already checked remain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rag.answers.citations import Citations
from rag.answers.extractive import list_scored_papers
from rag.answers.prompt_injection import told_apart
from rag.answers.screening import Screen
from rag.generation import earlier, model_reading, prompt_files, verification
from rag.generation.calling import ChatModel, Reply
from rag.generation.earlier import EarlierTurn
from rag.generation.evidence import choose_evidence, is_one_sentence
from rag.generation.gate import CitationGate, Unsupported
from rag.generation.passages import build_particulars
from rag.generation.prompt_files import Message, Prompt, compute_fence, render_fenced
from rag.generation.verification import Verifier
from rag.text.english import counted
from rag.text.markdown import markers
from rag.types import (
    Answer,
    Citation,
    Delta,
    Event,
    Evidence,
    PaperHit,
    Retrieval,
    ScoredPaper,
    Step,
    Thread,
)

THREAD_TOKENS = 1_500
ASKED = ("question", "passages", "turns", "scope", "fence")
ANSWER_PARTS = ("passage", "sentence", "turn", "unknown")
PLANNED = ("question", "turns", "shown", "fence")
PLAN_PARTS = ("passage", "computed", "shown", "turn", "unknown")
ADDED = ("question", "computed", "passages", "fence")
"""Variables and parts of the prompts that show passages."""
NO_ANSWER = "The model found no answer to this in the papers that it read."


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of this module, checked."""

    answer: Prompt
    brief: Prompt
    compare: Prompt
    add: Prompt
    read: Prompt
    verify: Prompt
    plan: Prompt

    @property
    def private(self) -> str:
        """The words of all prompts, which no answer may give away."""
        return "\n".join(
            p.system
            for p in (self.answer, self.compare, self.add, self.read, self.verify, self.plan)
        )


def load_prompts(folder: Path) -> Prompts:
    """Read and check the prompt files.

    Raises:
        PromptError: One is missing or does not fit this module.
    """
    return Prompts(
        answer=prompt_files.load_prompt(folder, "answer_question", ASKED, ANSWER_PARTS),
        brief=prompt_files.load_prompt(folder, "answer_briefly", ASKED, ANSWER_PARTS),
        compare=prompt_files.load_prompt(folder, "compare_papers", ASKED, ANSWER_PARTS),
        add=prompt_files.load_prompt(
            folder, "add_to_answer", ADDED, ("passage", "sentence", "unknown")
        ),
        read=prompt_files.load_prompt(
            folder, "read_question", model_reading.READ_VARIABLES, model_reading.READ_PARTS
        ),
        verify=prompt_files.load_prompt(
            folder, "verify_answer", verification.VERIFY_VARIABLES, verification.VERIFY_PARTS
        ),
        plan=prompt_files.load_prompt(folder, "plan_question", PLANNED, PLAN_PARTS),
    )


@dataclass(frozen=True, slots=True)
class Speaker:
    """The model that words answers, and how its words are checked.

    Attributes:
        model: Streams one reply a call.
        name: For the record.
        verifier: Verifies a whole reply after its last sentence; None: the free checks alone.
        unsupported: What becomes of a sentence that its papers do not say.
        private: Words of prompts that no answer may give away, besides those of its own.
        screen: Finds what must not be shown to the model; None: only by its wording.
        evidence_tokens: Budget of passages, estimated.
        thread_tokens: The same of earlier turns.
    """

    model: ChatModel
    name: str
    verifier: Verifier | None = None
    unsupported: Unsupported = "mark"
    screen: Screen | None = None
    evidence_tokens: int = 2_150
    thread_tokens: int = THREAD_TOKENS
    private: str = ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A reply behind the gate, and the model that verified it, if one did, or why it did not."""

    gate: CitationGate
    reply: Reply
    verified_by: str
    notes: tuple[str, ...]


def answer_with_model(
    question: str,
    retrieval: Retrieval,
    thread: Thread,
    speaker: Speaker,
    *,
    prompt: Prompt,
    abstain: Callable[[], Answer],
    fallback: Callable[[], Answer],
    topic: str = "",
    on_topic: Collection[str] = (),
    remark: str = "",
) -> Iterator[Event]:
    """Answer a content question with a chat model.

    Args:
        question: As typed; the model reads it beside the earlier turns.
        retrieval: The papers found for it; without any, no call is made.
        thread: Earlier turns.
        speaker: Called once, streaming, and once more to verify its reply.
        prompt: As `load_prompts` gives it.
        abstain: The abstention for this question, without a model; its first line gives way to the
            model's own sentence.
        fallback: The answer for this question, without a model.
        topic: What an overview is of.
        on_topic: Ids of all papers on it: model and reader are told how many of them are shown.
        remark: A sentence for the model on what it is to leave to others.

    Yields:
        Steps, deltas and the whole answer last.
    """
    ranked = list_scored_papers(retrieval)
    hits = _screen_hits(retrieval.papers, speaker, question)
    evidence = choose_evidence(Retrieval(question, hits), speaker.evidence_tokens)
    if not evidence:
        yield from _send_whole(abstain())
        return
    turns = earlier.choose_earlier_turns(thread, speaker.thread_tokens).turns
    n_shown = sum(item.paper.paper_id in on_topic for item in evidence)
    is_part = 0 < n_shown < len(on_topic)
    share = f"{n_shown} of the {counted(len(on_topic))} here on this topic" if is_part else ""
    scope = f"These passages are from {share}; say so in an overview." if share else remark
    messages = _build_messages(prompt, question, turns, evidence, scope)
    outcome = yield from _word(question, messages, evidence, speaker, prompt, Citations())
    gate, reply = outcome.gate, outcome.reply
    if gate.is_open:
        answer = _answer(hits, outcome, speaker.name, ranked)
        if share:
            note = f"the model read {share}: {topic}"
            answer = replace(answer, warnings=(*answer.warnings, note))
    elif gate.refused:
        answer = _decline(abstain(), gate.refusal_words, speaker.name)
    else:
        note = f"{_format_failure(reply, gate, speaker.name)}; the answer is quoted from the papers instead"
        answer = fallback()
        answer = replace(answer, warnings=(*answer.warnings, note))
    answer = _add_usage(answer, reply, gate, prompt)
    if not gate.is_open:
        yield from _send_whole(answer)
    else:
        yield answer


def add_with_model(
    computed: Answer, hits: Sequence[PaperHit], speaker: Speaker, *, prompt: Prompt
) -> Iterator[Event]:
    """A computed answer, and below it what a chat model says of the papers that it lists.

    The computed text goes out first and stays as it is; nothing is added where the model declines,
    fails, or says nothing that stands.

    Args:
        computed: With its question.
        hits: The papers that it lists, best first.
        speaker: Called once, and once more to verify its reply.
        prompt: ``add_to_answer``.
    """
    yield Delta(computed.text)
    hits = _screen_hits(hits, speaker, computed.question)
    evidence = choose_evidence(Retrieval(computed.question, tuple(hits)), speaker.evidence_tokens)
    if not evidence:
        yield computed
        return
    fence = compute_fence(computed.question, computed.text, *(item.quote for item in evidence))
    messages = prompt.render(
        {
            "question": render_fenced(computed.question, fence),
            "computed": render_fenced(computed.text, fence),
            "passages": _render_passages(prompt, evidence, fence),
            "fence": fence,
        }
    )
    citations = Citations(computed.citations)
    outcome = yield from _word(
        computed.question, messages, evidence, speaker, prompt, citations, lead="\n\n"
    )
    gate = outcome.gate
    if not gate.is_open:
        yield _add_usage(computed, outcome.reply, gate, prompt)
        return
    text = f"{computed.text}\n\n{gate.render()}"
    answer = replace(
        computed,
        text=text,
        citations=_keep_used(text, gate.citations),
        model=speaker.name,
        verified_by=outcome.verified_by,
        warnings=(*computed.warnings, *gate.list_warnings(), *outcome.notes),
    )
    yield _add_usage(answer, outcome.reply, gate, prompt)


def _word(
    question: str,
    messages: list[Message],
    evidence: Sequence[Evidence],
    speaker: Speaker,
    prompt: Prompt,
    citations: Citations,
    lead: str = "",
) -> Generator[Event, None, _Outcome]:
    """Ask for one reply, pass it through the gate as it streams, and have it verified."""
    yield Step(f"asking {speaker.name}")
    verifier, screen = speaker.verifier, speaker.screen
    # The gate reads the papers while the model reads the prompt: 50 ms that nobody waits for.
    pool = ThreadPoolExecutor(1, "gate")
    opening = pool.submit(
        CitationGate,
        evidence,
        prompt.words["refusal"],
        unsupported=speaker.unsupported,
        private=f"{messages[0][1]}\n{speaker.private}",
        question=question,
        verified=verifier is not None,
        nearest=screen.near if screen is not None else None,
        citations=citations,
    )
    pool.shutdown(wait=False)
    reply = Reply()
    has_shown = False
    with closing(reply.read_pieces(speaker.model, messages, prompt.name)) as pieces:
        for piece in pieces:
            gate = opening.result()
            if text := gate.process_piece(piece):
                yield Delta(text if has_shown else lead + text)
                has_shown = True
            if gate.is_full:
                break
    gate = opening.result()
    if text := gate.close(is_broken=reply.error is not None):
        yield Delta(text if has_shown else lead + text)
        has_shown = True
    verified_by = note = ""
    if verifier is not None and not gate.refused and any(s.keys for s in gate.shown):
        yield Step(f"checking the answer with {verifier.name}")
        verification = verifier.verify(question, gate.shown, evidence)
        gate.apply_verdicts(verification.verdicts)
        verified_by = verifier.name if verification.verdicts else ""
        if verification.failure:
            note = f"the answer was not checked by {verifier.name}: {verification.failure}"
    if gate.is_open and not has_shown:
        yield Delta(lead + gate.render())
    return _Outcome(gate, reply, verified_by, (note,) if note else ())


def _decline(abstention: Answer, words: str, model_name: str) -> Answer:
    """The abstention in the model's own sentence, in place of the one on words that are missing."""
    _, _, nearest = abstention.text.partition("\n")
    text = f"{words or NO_ANSWER}\n{nearest}".rstrip()
    return replace(
        abstention, text=text, model=model_name, citations=_keep_used(text, abstention.citations)
    )


def _keep_used(text: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    used = set(markers(text))
    return tuple(citation for citation in citations if citation.marker in used)


def _add_usage(answer: Answer, reply: Reply, gate: CitationGate, prompt: Prompt) -> Answer:
    """The answer with the usage and checks of the model call, even if its words were not used."""
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


def _format_failure(reply: Reply, gate: CitationGate, model_name: str) -> str:
    if reply.error is not None:
        return str(reply.error)
    return f"the reply of {model_name!r} {gate.why_closed}"


def _answer(
    hits: Sequence[PaperHit], outcome: _Outcome, model_name: str, papers: tuple[ScoredPaper, ...]
) -> Answer:
    gate, reply = outcome.gate, outcome.reply
    warnings = (*gate.list_warnings(), *outcome.notes, *told_apart(hits))
    if reply.error is not None:
        warnings = (*warnings, f"the answer is incomplete: {reply.error}")
    text = gate.render()
    return Answer(
        question="",
        status="answered",
        route="content",
        text=text,
        citations=_keep_used(text, gate.citations),
        papers=papers,
        model=model_name,
        verified_by=outcome.verified_by,
        warnings=warnings,
    )


def _screen_hits(hits: Sequence[PaperHit], speaker: Speaker, question: str) -> tuple[PaperHit, ...]:
    """The papers that passages are chosen from, looked through for what a model must not read."""
    chosen = choose_evidence(Retrieval(question, tuple(hits)), speaker.evidence_tokens)
    used = {item.paper.paper_id for item in chosen}
    some = [hit for hit in hits if hit.paper.paper_id in used]
    return tuple((speaker.screen or Screen(None)).marked(some, question))


# --- what the model reads -------------------------------------------------------------------


def _build_messages(
    prompt: Prompt,
    question: str,
    turns: Sequence[EarlierTurn],
    evidence: Sequence[Evidence],
    scope: str,
) -> list[Message]:
    mark = earlier.build_fence(turns, question, *(item.quote for item in evidence))
    return prompt.render(
        {
            "question": render_fenced(question, mark),
            "passages": _render_passages(prompt, evidence, mark),
            "turns": earlier.render_turns(prompt, turns, mark),
            "scope": scope,
            "fence": mark,
        }
    )


def _render_passages(prompt: Prompt, evidence: Sequence[Evidence], mark: str) -> str:
    passages = []
    for item in evidence:
        values = dict(build_particulars(item, prompt, mark))
        if is_one_sentence(item):
            del values["authors"]
        passages.append(
            prompt.render_part("sentence" if is_one_sentence(item) else "passage", values)
        )
    return "\n\n".join(passages)
