"""build(settings) -> Assistant: everything wired together, the one thing that screens talk to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag import catalogue, experts, ingesting, people
from rag.adapters.chroma_server import Server
from rag.adapters.stores import LocalStores
from rag.adapters.weights import whole_words
from rag.answering import asides, comparing, extractive
from rag.answering.abstaining import NEAREST
from rag.census import census
from rag.choosing import RANKING, choose
from rag.config import Settings
from rag.errors import ModelError
from rag.indexing import Indexes, check
from rag.languages import in_english
from rag.library import Library
from rag.narrowing import Narrowed, headed, left_out, narrowed, opened
from rag.reading.process import Limits
from rag.readings import other_reading
from rag.routing import route
from rag.spelling import mended
from rag.stopping import Stop, heed, heeding
from rag.text import encodable
from rag.types import (
    Answer,
    Condition,
    Delta,
    Event,
    Health,
    Intent,
    Paper,
    Plan,
    ReadAs,
    Report,
    Retrieval,
    Step,
    Thread,
)
from rag.voice import Voice
from rag.voices import Voices

if TYPE_CHECKING:
    from rag.answering.condensing import Standalone
    from rag.answering.screening import Screen
    from rag.retrieving.retriever import Retriever

Progress = Callable[[str, int, int], None]

MAX_QUESTION_CHARS = 4_000


class Assistant:
    """Answers questions about one library. Opens what a question needs when it first needs it.

    Safe to share between threads; close it when done, or use it as a context manager.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(settings.data)
        self._stores = LocalStores(_server(settings))
        self._retriever: Retriever | None = None
        self._screen: Screen | None = None
        self._indexes: Indexes | None = None
        self._voices = Voices(settings)
        self._opening = threading.Lock()

    def close(self) -> None:
        if self._indexes is not None:
            self._indexes.close()
        self._indexes = self._retriever = None
        self._voices.close()
        self.library.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- questions ----------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        read_as: ReadAs | None = None,
    ) -> Answer:
        """One cited answer; see `stream`."""
        *_, answer = self.stream(question, thread, read_as)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        thread: Thread = Thread(),  # noqa: B008 - frozen
        read_as: ReadAs | None = None,
        *,
        stop: Stop | None = None,
        fresh: bool = False,
    ) -> Iterator[Event]:
        """Answer a question, the next one of a thread: steps, words as they come, the whole last.

        Args:
            question: As typed.
            thread: The conversation before it.
            read_as: The reading that is wanted, such as an answer's ``other.route``; None to
                choose it from the words.
            stop: Once it is set, the stream ends, without an answer and whatever it waits for.
            fresh: Ask a chat model again, though its reply to the same call is kept.

        Raises:
            LibraryEmpty: Nothing was ingested yet.
            ModelError: The embedder cannot be used.
        """
        stop = stop or Stop()
        events = heeding(self._answered(question, thread, read_as, stop, fresh), stop)
        tracing = self._voices.tracing()
        return events if tracing is None else tracing.traced(events)

    def _answered(
        self, question: str, thread: Thread, read_as: ReadAs | None, stop: Stop, fresh: bool
    ) -> Generator[Event, None, None]:
        began = time.perf_counter()
        self.library.require()
        yield Step("reading the question")
        question = encodable(question)
        text, warnings = _shortened(question)
        warnings += _not_offered(thread.model, self.settings)
        thread = _cleaned(thread)
        seen = narrowed(self.library, thread)
        fingerprint = self.library.fingerprint
        voice, spent = self._voices.voice(thread, fingerprint, stop, fresh=fresh)
        thread = opened(thread, seen)
        whole, notes = self._standalone(text, thread, voice)
        condensed = _shortened(whole.question)[0] if whole else text
        known = seen if seen and seen.n_papers else self.library
        heed()
        english, remarks = in_english(condensed, known)
        if not remarks:
            spelt = mended(english, known, whole_words(self.settings))
            english, remarks = spelt.text, spelt.notes
        heed()
        intent = route(english, thread if condensed == text else Thread(), known, read_as)
        if voice is not None:  # a model reads the question as it was asked
            intent = replace(intent, question=condensed)
        first_words_ms = first_token_ms = None
        steps = [("reading the question", 0.0)]
        for event in self._dispatch(intent, thread, seen, voice):
            if isinstance(event, Step):
                steps.append((event.name, _ms_since(began)))
            if isinstance(event, Delta) and first_words_ms is None:
                first_words_ms = _ms_since(began)
                if voice is not None and voice.first_token_at is not None:
                    first_token_ms = (voice.first_token_at - began) * 1000
            if isinstance(event, Answer):
                event = replace(
                    event,
                    question=question,
                    intent=intent,
                    other=other_reading(intent),
                    library=fingerprint,
                    first_words_ms=first_words_ms,
                    first_token_ms=first_token_ms,
                    earlier=whole.earlier.counts if whole else {},
                    warnings=(*warnings, *remarks, *notes, *event.warnings, *left_out(event, seen)),
                    filters=thread.filters,
                    among=seen.told if seen else "",
                    steps=_taken(steps, _ms_since(began)),
                )
                event = _voiced(event, voice, spent, began)
            yield event

    def who(self, topic: str, k: int = 10, recent: bool = False, explain: bool = False) -> Answer:
        """The people who work on a topic, with the papers that say so."""
        text, warnings = _shortened(topic)
        return self._timed(
            Intent("experts", text, text, "asked for people", topic=text),
            lambda intent: experts.answer(intent, self.library, self.retrieve, k, recent, explain),
            warnings,
        )

    def person(self, name: str) -> Answer:
        """One person: papers, co-authors, years, page figures."""
        text, warnings = _shortened(name)
        return self._timed(
            Intent("person", text, text, "asked for a person", people=(text,)),
            lambda intent: people.answer(intent, self.library, self.retrieve),
            warnings,
        )

    def catalogue(self, conditions: Sequence[Condition]) -> Answer:
        """The papers that meet all conditions, exactly and completely."""
        held = tuple(map(_bounded, conditions))
        return self._timed(
            Intent("catalogue", "", "", "asked for a list", conditions=held),
            lambda intent: catalogue.answer(intent, self.library, self.retrieve),
        )

    def paper(self, key: str) -> Paper:
        """By paper id, by a unique beginning of one, or by ``<seed file>:<line>``."""
        return self.library.paper(encodable(key))

    def retrieve(self, query: str, k: int = RANKING) -> Retrieval:
        """The k best papers for a query."""
        return self._open_retriever().retrieve(_shortened(query)[0], k)

    def examples(self) -> tuple[str, ...]:
        """Questions worth asking of this library, one of each route; none of an empty one."""
        from rag.examples import examples

        return examples(self.library)

    def suggestions(self, thread: Thread) -> tuple[str, ...]:
        """Questions to go on with after the last answer of a thread; each was found answerable."""
        from rag.suggesting import suggestions

        if not thread.turns:
            return ()
        seen = narrowed(self.library, thread) or self.library
        return suggestions(thread.turns[-1].answer, thread, seen, self.ask)

    def openings(self, thread: Thread) -> tuple[str, ...]:
        """Questions to begin a conversation with filters with; each was found answerable."""
        from rag.suggesting import openings

        return openings(thread, narrowed(self.library, thread) or self.library, self.ask)

    # --- the library --------------------------------------------------------------------------

    def plan(
        self,
        paths: Sequence[Path] = (),
        prune: bool = False,
        rebuild: bool = False,
        drop: Sequence[str] = (),
    ) -> Plan:
        """What `ingest` would do; nothing is written."""
        return ingesting.plan(
            self.library,
            self._given(paths, drop),
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            limits=self._limits,
        )

    def ingest(
        self,
        paths: Sequence[Path] = (),
        prune: bool = False,
        rebuild: bool = False,
        drop: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Report:
        """Read documents into the library; see `rag.ingesting.ingest`."""
        from rag.adapters.embedders import embedder

        return ingesting.ingest(
            self.library,
            self._stores,
            lambda: embedder(self.settings),
            self._given(paths, drop),
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            limits=self._limits,
            progress=progress,
        )

    @property
    def _limits(self) -> Limits:
        return Limits(self.settings.read_timeout_s, self.settings.read_memory_mb)

    def _given(self, paths: Sequence[Path], drop: Sequence[str]) -> tuple[Path, ...]:
        """What to read: without a word of it the seeds, but nothing where documents are dropped."""
        return tuple(paths) or (() if drop else (self.settings.seeds,))

    def health(self) -> Health:
        """Whether library, vectors and lexical index are in step."""
        return check(self.library, self._stores)

    def doctor(self) -> dict[str, object]:
        """Versions, settings and where each came from, library state, what can be reached."""
        from rag.diagnosis import diagnose

        return diagnose(self)

    # --- how an answer is made ----------------------------------------------------------------

    def _dispatch(
        self, intent: Intent, thread: Thread, seen: Narrowed | None, voice: Voice | None
    ) -> Iterator[Event]:
        library = seen or self.library
        retrieve = self._finder(seen)
        of_papers = intent.route not in ("smalltalk", "unsupported")
        if intent.route == "content" and library.n_papers:
            yield from self._content(intent, thread, seen, voice)
            return
        yield Step(f"looking through {library.n_papers} papers")
        if seen and not seen.n_papers and of_papers:
            answer = Answer(intent.question, "abstained", intent.route, seen.emptied)
        elif intent.route == "experts":
            answer = headed(experts.answer(intent, library, retrieve), seen)
        elif intent.route == "person":
            answer = headed(people.answer(intent, library, retrieve), seen)
        elif intent.route == "catalogue":
            answer = headed(catalogue.answer(intent, library, retrieve), seen)
        else:
            answer = asides.answer(intent)
        yield from self._worded(answer, voice)

    def _worded(self, answer: Answer, voice: Voice | None) -> Iterator[Event]:
        """A computed answer, in the model's words where there is one and it changes nothing."""
        if voice is not None:
            from rag.answering import wording

            if wording.is_wordable(answer):
                prompt = self._voices.prompts().word
                yield from wording.stream(answer, voice, model_name=voice.name, prompt=prompt)
                return
        yield Delta(answer.text)
        yield answer

    def _content(
        self, intent: Intent, thread: Thread, seen: Narrowed | None, voice: Voice | None
    ) -> Iterator[Event]:
        yield Step(f"searching {(seen or self.library).n_papers} papers")
        now = census(seen or self.library)
        choice = choose(intent, self._finder(seen), self._open_retriever().retrieve, now)
        retrieval, verdict = choice.retrieval, choice.verdict
        screen = self._screen
        assert screen is not None  # made with the retriever
        if verdict.sufficient:
            cited = screen.marked(choice.cited, intent.question)
        else:
            cited = choice.cited
            nearest = screen.marked(retrieval.papers[:NEAREST], intent.question)
            retrieval = replace(retrieval, papers=(*nearest, *retrieval.papers[NEAREST:]))
        yield Step("checking quotes")
        if voice is None:
            answer = extractive.answer(intent, retrieval, cited, verdict, several=choice.several)
            yield Delta(answer.text)
            yield answer
            return
        from rag.answering import generative
        from rag.answering.judging import SupportJudge

        prompts = self._voices.prompts()
        compares = len(cited) > 1 and comparing.asks_to_compare(intent.question)
        yield from generative.stream(
            intent,
            retrieval,
            verdict,
            thread,
            voice,
            model_name=voice.name,
            prompt=prompts.compare if compares else prompts.answer,
            evidence_tokens=self.settings.evidence_tokens,
            thread_tokens=self.settings.thread_tokens,
            unsupported=self.settings.unsupported,
            judge=SupportJudge(voice, prompts.judge) if self.settings.judge_support else None,
            screen=screen,
            abstain=lambda: extractive.abstention(intent, retrieval, verdict),
            fallback=lambda: extractive.answer(
                intent, retrieval, cited, verdict, several=choice.several
            ),
            beside=(lambda marks: comparing.table(intent.question, cited, marks))
            if compares
            else None,
        )

    def _finder(self, seen: Narrowed | None) -> Callable[[str, int], Retrieval]:
        """`retrieve` among the papers that the conversation's filters leave."""
        if seen is None:
            return self.retrieve
        return lambda query, k: self._open_retriever().retrieve(query, k, within=seen.ids)

    def _standalone(
        self, question: str, thread: Thread, voice: Voice | None
    ) -> tuple[Standalone | None, tuple[str, ...]]:
        """A follow-up made whole by the model, if there is one; its failure is a warning."""
        if voice is None or not thread.turns:
            return None, ()
        from rag.answering.condensing import condense

        try:
            prompt = self._voices.prompts().condense
            whole = condense(question, thread, voice, prompt, self.settings.thread_tokens)
        except ModelError as exc:
            return None, (f"the question was read without the model: {exc}",)
        return whole, (whole.earlier.note,) if whole.earlier.note else ()

    def _open_retriever(self) -> Retriever:
        with self._opening:
            if self._retriever is None:
                from rag.adapters.embedders import embedder, sentence_embedder
                from rag.answering.screening import Screen
                from rag.retrieving.retriever import Retriever

                self.library.require()
                chosen = embedder(self.settings)
                self._indexes = Indexes(self.library, self._stores, chosen.name)
                self._retriever = Retriever(self.library, self._indexes, chosen)
                self._screen = Screen(
                    sentence_embedder(self.settings, chosen), whole_words(self.settings)
                )
            return self._retriever

    def _timed(
        self, intent: Intent, make: Callable[[Intent], Answer], warnings: tuple[str, ...] = ()
    ) -> Answer:
        began = time.perf_counter()
        self.library.require()
        answer = make(intent)
        return replace(
            answer,
            intent=intent,
            library=self.library.fingerprint,
            latency_ms=_ms_since(began),
            warnings=(*warnings, *answer.warnings),
        )


def build(settings: Settings) -> Assistant:
    """An assistant over the library in ``settings.data``; nothing is opened or loaded yet."""
    return Assistant(settings)


def _server(settings: Settings) -> Server | None:
    """The Chroma server that the settings name, if any."""
    if not settings.chroma:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
    tenant, database = settings.chroma_tenant, settings.chroma_database
    return Server(settings.chroma, token, tenant, database, settings.chroma_timeout_s)


def _shortened(question: str) -> tuple[str, tuple[str, ...]]:
    """The question as one line of bounded length, and a warning if it was cut.

    Every question, topic, name and value passes here, so that no pattern behind it meets a run of
    white space (1,600 spaces once held all readers for 13 s), a NUL or a lone surrogate.
    """
    text = " ".join(encodable(question).replace("\x00", " ").split())
    if len(text) <= MAX_QUESTION_CHARS:
        return text, ()
    note = f"only the first {MAX_QUESTION_CHARS} characters of the question were read"
    return text[:MAX_QUESTION_CHARS], (note,)


def _taken(begun: Sequence[tuple[str, float]], ended_ms: float) -> tuple[tuple[str, float], ...]:
    """Each step with how long it took, from when each began."""
    ends = [*(at for _, at in begun[1:]), ended_ms]
    return tuple((name, end - at) for (name, at), end in zip(begun, ends, strict=True))


def _not_offered(model: str, settings: Settings) -> tuple[str, ...]:
    """Said where the conversation's own model is not offered (any more)."""
    if not model or model in settings.offered:
        return ()
    return (f"{model} is not offered by these settings; answered by {settings.offered[0]}",)


def _bounded(condition: Condition) -> Condition:
    """A condition with its typed words as `_shortened` has them; a file's name keeps its spaces."""
    value = condition.value
    if not isinstance(value, str):
        return condition
    if condition.field == "document":
        return replace(condition, value=encodable(value)[:MAX_QUESTION_CHARS])
    return replace(condition, value=_shortened(value)[0])


def _cleaned(thread: Thread) -> Thread:
    """The conversation with its earlier questions as they were read."""
    turns = tuple(replace(turn, question=_shortened(turn.question)[0]) for turn in thread.turns)
    return replace(thread, turns=turns)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _voiced(answer: Answer, voice: Voice | None, spent: tuple[str, ...], began: float) -> Answer:
    """The answer with what its model calls were and cost; replies that it stands on are kept."""
    latency_ms = _ms_since(began)
    if voice is None:
        notes = spent if answer.route == "content" else ()
        return replace(answer, warnings=(*answer.warnings, *notes), latency_ms=latency_ms)
    if speaks := answer.model == voice.name:
        voice.keep()
    return replace(
        answer,
        usage=voice.usage,
        cached=speaks and voice.cached,
        first_token_ms=answer.first_token_ms if speaks else None,
        warnings=(*answer.warnings, *voice.notes),
        latency_ms=latency_ms,
    )
