"""Several look-ups for one question, planned by a chat model: typed queries, run by the program.

The model sees what each finds and may ask for more; it words nothing here. What was found is then
answered from like anything else: passages through the citation gate, figures and lists as computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import Any

from rag.answers.citations import Citations
from rag.generation import earlier
from rag.generation.evidence import choose_evidence
from rag.generation.generative import Prompts, Speaker, answer_with_model
from rag.generation.model_reading import (
    find_foreign_name,
    list_papers_of_answer,
    list_thread_texts,
    load_numbered_query,
)
from rag.generation.model_session import ModelSession
from rag.generation.passages import build_particulars
from rag.generation.prompt_files import Prompt, render_fenced
from rag.text import make_excerpt
from rag.text.markdown import MARKER
from rag.types import Answer, Delta, Event, PaperHit, Query, Reading, Retrieval, Step, Thread
from rag.types.errors import ModelError, Stopped
from rag.types.fields import QueryError
from rag.types.query_json import build_schema

TOOL_NAME = "look_up"
N_LOOK_UPS = 6
RESULT_TOKENS = 400
"""Budget for the text of one look-up's result: about four papers with their best sentences."""
RESULT_WORDS = 120
RESULT_PAPERS = 12
_ASKED = frozenset(
    "want text about where people papers relation by order k measure asks_for".split()
)
"""Parts of a query that a look-up may fill; the others are of wordings and of screens."""
_UNASKED = frozenset(part.name for part in fields(Query)) - _ASKED
"""Parts of a query that are ignored if a model gives them. An unknown name is an error instead: with *"year": 2023*
dropped, papers of all years would be counted."""
COMPUTED_SCOPE = (
    "What the question asks about people, counts and lists is computed by a program and stands below "
    "your answer: do not answer that part, and do not call it missing."
)


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look-up and what it found.

    Attributes:
        hits: Papers, best first, looked through for what a model must not read.
        computed: The answer that is computed; None where papers are to be read.
    """

    query: Query
    hits: tuple[PaperHit, ...]
    computed: Answer | None = None


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """What planning may take: tokens of its calls, and seconds."""

    n_tokens: int
    seconds: float


class Planner:
    """Lets a model plan the look-ups of one question.

    Args:
        question: As typed.
        thread: The conversation before it.
        focus: The papers that the question points at; the model reads them first.
        session: Its calls are counted there.
        prompt: ``plan_question``.
        execute: Runs one query; a `QueryError` of it goes to the model.

    Attributes:
        look_ups: What was looked up so far, in order.
    """

    def __init__(
        self,
        question: str,
        thread: Thread,
        focus: Sequence[PaperHit],
        session: ModelSession,
        prompt: Prompt,
        execute: Callable[[Query], LookUp],
    ) -> None:
        self.look_ups: list[LookUp] = []
        self.question, self.thread, self.focus = question, thread, focus
        self._session, self._prompt, self._execute = session, prompt, execute
        self._papers: dict[str, str] = {}
        self._texts = [question, *list_thread_texts(thread)]
        self._fence = ""

    def run(self, limits: PlanLimits, thread_tokens: int) -> Generator[Step, None, str]:
        """Plan and look up; each look-up is a step.

        Returns:
            The limit at which it ended before the model was done; empty if it was.

        Raises:
            ModelError: A call failed; what was looked up before stands.
        """
        from rag.adapters.agent import AgentLimits, Tool, run_agent

        turns = earlier.choose_earlier_turns(self.thread, thread_tokens).turns
        self._fence = earlier.build_fence(turns, self.question)
        messages = self._prompt.render(
            {
                "question": render_fenced(self.question, self._fence),
                "turns": earlier.render_turns(self._prompt, turns, self._fence),
                "shown": self._render_shown(),
                "fence": self._fence,
            }
        )
        schema = build_schema(Query, strict=False)
        properties = {name: part for name, part in schema["properties"].items() if name in _ASKED}
        tool = Tool(
            TOOL_NAME,
            self._prompt.words["tool"],
            {**schema, "title": TOOL_NAME, "properties": properties},
            self._look_up,
        )
        bounds = AgentLimits(N_LOOK_UPS, limits.n_tokens, time.monotonic() + limits.seconds)
        yield Step(f"planning with {self._session.name}")
        calls = run_agent(self._session.open_model(), messages, tool, self._session, bounds)
        number = 0
        while True:
            try:
                arguments = next(calls)
            except StopIteration as done:
                return str(done.value)
            number += 1
            yield Step(f"look-up {number}: {self._describe(arguments)}")

    def _load(self, arguments: Mapping[str, Any]) -> Query:
        query_arguments = {name: value for name, value in arguments.items() if name not in _UNASKED}
        query = load_numbered_query(query_arguments, list(self._papers.items()))
        if query.route == "content":
            query = replace(query, text=query.text or query.topic)
            if not query.text:
                raise QueryError('passages need a "text", a whole question in English')
        if foreign := find_foreign_name(query, self._texts):
            raise QueryError(f"{foreign!r} was neither typed nor shown")
        return query

    def _describe(self, arguments: Mapping[str, Any]) -> str:
        try:
            words = str(self._load(arguments))
            for paper_id, name in self._papers.items():  # an id says nothing to a reader
                words = words.replace(f"#{paper_id}", f"“{make_excerpt(name, 8)}”" if name else "a paper")  # fmt: skip
            return make_excerpt(words, 30)
        except QueryError as exc:
            return f"not made, {make_excerpt(str(exc), 20)}"

    def _look_up(self, arguments: Mapping[str, Any]) -> str:
        """What the model reads of one look-up."""
        try:
            query = self._load(arguments)
            if any(query == before.query for before in self.look_ups):
                return "This was looked up before."
            look_up = self._execute(query)
        except QueryError as exc:
            return f"No query: {exc}"
        self.look_ups.append(look_up)
        return self._render_found(look_up)

    def _render_found(self, look_up: LookUp) -> str:
        if look_up.computed is None:
            return self._render_passages(look_up.hits) or "Nothing was found."
        numbers = {hit.paper.paper_id: self._number(hit) for hit in look_up.hits[:RESULT_PAPERS]}
        lines = [f"{number}: {self._papers[paper_id]}" for paper_id, number in numbers.items()]
        text = make_excerpt(MARKER.sub("", look_up.computed.text), RESULT_WORDS)
        self._texts.append(text)
        values = {
            "text": render_fenced(text, self._fence),
            "papers": render_fenced("\n".join(lines), self._fence) or "no papers",
            "fence": self._fence,
        }
        return self._prompt.render_part("computed", values)

    def _render_passages(self, hits: Sequence[PaperHit]) -> str:
        parts = []
        by_id = {hit.paper.paper_id: hit for hit in hits}
        for evidence in choose_evidence(Retrieval("", tuple(hits[:4])), RESULT_TOKENS):
            number = self._number(by_id[evidence.paper.paper_id])
            values = build_particulars(replace(evidence, key=number), self._prompt, self._fence)
            self._texts += [values["title"], values["authors"], values["text"]]
            parts.append(self._prompt.render_part("passage", values))
        return "\n\n".join(parts)

    def _render_shown(self) -> str:
        parts = [self._render_passages(self.focus)]
        last = self.thread.turns[-1].answer if self.thread.turns else None
        known = dict(list_papers_of_answer(last))
        names = {i: name for i, name in known.items() if i not in self._papers}
        self._papers |= names
        numbers = {paper_id: f"P{n}" for n, paper_id in enumerate(self._papers, 1)}
        lines = [f"{numbers[paper_id]}: {name}" for paper_id, name in names.items()]
        if lines:
            values = {"papers": render_fenced("\n".join(lines), self._fence), "fence": self._fence}
            parts.append(self._prompt.render_part("shown", values))
        return "\n\n".join(filter(None, parts))

    def _number(self, hit: PaperHit) -> str:
        """``P3``, a new number for a paper that was not shown before."""
        paper = hit.paper
        if paper.paper_id not in self._papers:
            name = "" if paper.name in hit.apart.names else paper.name
            self._papers[paper.paper_id] = name
            self._texts.append(name)
        return f"P{list(self._papers).index(paper.paper_id) + 1}"


def answer_by_look_ups(
    planner: Planner,
    reading: Reading,
    speaker: Speaker,
    prompts: Prompts,
    limits: PlanLimits,
    abstain: Callable[[], Answer],
    fallback: Callable[[Retrieval], Answer],
) -> Generator[Event, None, str]:
    """Plan, look up, and answer from all that was found.

    Args:
        planner: Of this question; not run yet.
        reading: How the question was read, without what a single look-up would have left open.
        speaker: Words what is not computed.
        prompts: As `rag.generation.generative.load_prompts` gives them.
        limits: Of the planning.
        abstain: The answer where the model finds none in the passages.
        fallback: The answer by quotes, where the model's words cannot be used.

    Returns:
        Why the question was not answered so, for the reader; empty if it was.
    """
    note = ""
    try:
        limit = yield from planner.run(limits, speaker.thread_tokens)
        note = f"the look-ups ended early: {limit}" if limit else ""
    except Stopped:
        raise
    except ModelError as exc:
        note = f"the look-ups ended early: {exc}"
    look_ups = planner.look_ups
    if not look_ups:
        why = note.removeprefix("the look-ups ended early: ") or f"{speaker.name!r} called no tool"
        return f"the question was answered from one look-up, without a plan: {why}"
    computed = [look_up.computed for look_up in look_ups if look_up.computed is not None]
    to_read = [look_up for look_up in look_ups if look_up.computed is None]
    for event in _iter_answer(planner, to_read, computed, speaker, prompts, abstain, fallback):
        if isinstance(event, Answer):
            notes = (note,) if note else ()
            event = replace(event, reading=reading, warnings=(*event.warnings, *notes))
        yield event
    return ""


def _iter_answer(
    planner: Planner,
    to_read: Sequence[LookUp],
    computed: Sequence[Answer],
    speaker: Speaker,
    prompts: Prompts,
    abstain: Callable[[], Answer],
    fallback: Callable[[Retrieval], Answer],
) -> Iterator[Event]:
    """The worded part first, then what is computed."""
    worded: Answer | None = None
    if to_read:
        question = planner.question
        retrieval = join_hits(question, [planner.focus, *(look_up.hits for look_up in to_read)])
        compares = any(look_up.query.want == "comparison" for look_up in to_read)
        for event in answer_with_model(
            question,
            retrieval,
            planner.thread,
            speaker,
            prompt=prompts.compare if compares else prompts.answer,
            abstain=abstain,
            fallback=lambda: fallback(retrieval),
            remark=COMPUTED_SCOPE if computed else "",
        ):
            if isinstance(event, Answer):
                worded = event
            else:
                yield event
    answer = join_computed(worded, computed)
    if text := answer.text[len(worded.text) if worded else 0 :]:
        yield Delta(text)
    yield answer


def join_hits(question: str, lists: Sequence[Sequence[PaperHit]]) -> Retrieval:
    """The papers of several rankings as one, the best of each before the second of any."""
    by_id: dict[str, PaperHit] = {}
    for hits in zip_longest(*lists):
        for hit in filter(None, hits):
            by_id.setdefault(hit.paper.paper_id, hit)
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(by_id.values(), 1))
    return Retrieval(question, ranked)


def join_computed(worded: Answer | None, computed: Sequence[Answer]) -> Answer:
    """One answer of a worded part and computed ones below it, their markers numbered anew."""
    if worded is None:
        worded, *computed = computed
    citations = Citations(worded.citations)
    texts = [worded.text, *map(citations.renumber, computed)]
    return replace(
        worded,
        text="\n\n".join(filter(None, texts)),
        status="answered" if any(a.status == "answered" for a in computed) else worded.status,
        outcome=None if any(a.status == "answered" for a in computed) else worded.outcome,
        citations=citations.list_citations(),
        experts=worded.experts or next((a.experts for a in computed if a.experts), ()),
        warnings=tuple(
            dict.fromkeys([*worded.warnings, *(w for a in computed for w in a.warnings)])
        ),
    )
