"""Questions and answers: answers, threads and the events of a streamed answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.types.fields import Condition
from rag.types.papers import Role
from rag.types.query import ReadAs, Reading, RouteName
from rag.types.retrievals import Span

Status = Literal["answered", "abstained", "failed"]
Outcome = Literal["answered", "nearest", "nothing"]
"""Whether a question of content was answered, only something near it is said, or nothing is near."""
Verdict = Literal["supported", "checked", "not_found"]
"""What is known of a sentence: a model found it supported by the papers that it cites; the free checks
found nothing wrong; one of them did not find it there."""


UNVERIFIED = "(unverified)"
"""Stands behind a sentence that its papers do not say, as far as was checked."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The link from a marker in an answer to a place in a paper.

    ``quote`` equals ``paper.text[span]``, except where a paper holds no text at all: then both
    are empty and the title carries the citation. ``page`` is where the quote begins in a document
    of pages.
    """

    marker: int
    paper_id: str
    source: str
    also_at: tuple[str, ...]
    title: str | None
    label: str
    quote: str
    span: Span
    page: int | None = None

    @property
    def where(self) -> str:
        """The places, and the page in the first: ``a.pdf:1, p. 3``."""
        page = [] if self.page is None else [f"p. {self.page}"]
        return ", ".join((self.source, *page, *self.also_at))


@dataclass(frozen=True, slots=True)
class ScoredPaper:
    """One paper of the ranking behind an answer."""

    paper_id: str
    source: str
    score: float
    also_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expert:
    """A person ranked for one topic. ``roles`` maps each supporting paper to the person's role."""

    name: str
    score: float
    papers: tuple[str, ...]
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading that a question allows; ``words`` name it: ``people who work on drones``."""

    route: ReadAs
    words: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money spent on models for one answer.

    Attributes:
        cost_usd: None if no price is known or no model was called.
        cached_tokens: Input tokens that the server took from its own cache.
        estimated: Whether some token counts are estimated from text length, because a server
            reported none.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    cached_tokens: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        """Both together; of no known cost if one that used tokens has none."""
        unpriced = any(u.cost_usd is None and u.input_tokens for u in (self, other))
        cost = (self.cost_usd or 0.0) + (other.cost_usd or 0.0)
        known = not unpriced and (self.cost_usd, other.cost_usd) != (None, None)
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            cost if known else None,
            self.cached_tokens + other.cached_tokens,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """One sentence of a model's reply, and whether the cited papers support it.

    Attributes:
        text: The sentence without markers.
        verdict: The citation gate's verdict.
        markers: Numbers of its citation markers.
    """

    text: str
    verdict: Verdict
    markers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; its JSON record is described in docs/CONTRACT.md.

    Attributes:
        reading: How the question was read; None for a failure.
        checks: What the citation gate counted in a model's reply, by name; empty without one.
        sentences: The sentences of a model's reply, in order, each with its verdict.
        verified_by: The model that verified the reply; empty: only figures, names and the like
            were checked.
        earlier: For a thread too long for the model: how many earlier turns it read in full,
            shortened, and not at all; empty if it read all in full.
        other: The next best reading, if there is a plausible one.
        filters: The filters of the conversation.
        among: The papers that pass the filters, in words.
        first_words_ms: From the question to the first words shown; None if nothing was streamed.
        first_token_ms: From the question to the model's first token; None without a model.
        cached: Whether the model's reply came from the response cache.
        steps: Names of the steps in order, each with its duration in milliseconds.
        outcome: Told by an abstention on content; None where the status tells it.
    """

    question: str
    status: Status
    route: RouteName
    text: str
    citations: tuple[Citation, ...] = ()
    papers: tuple[ScoredPaper, ...] = ()
    experts: tuple[Expert, ...] = ()
    value: int | float | str | tuple[str, ...] | None = None
    model: str = "extractive"
    prompt_sha256: str | None = None
    library: str = ""
    latency_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()
    reading: Reading | None = None
    checks: Mapping[str, int] = field(default_factory=dict)
    other: Alternative | None = None
    filters: tuple[Condition, ...] = ()
    among: str = ""
    sentences: tuple[SaidSentence, ...] = ()
    verified_by: str = ""
    earlier: Mapping[str, int] = field(default_factory=dict)
    first_words_ms: float | None = None
    first_token_ms: float | None = None
    cached: bool = False
    steps: tuple[tuple[str, float], ...] = ()
    outcome: Outcome | None = None

    def list_late_marks(self, streamed: str) -> list[str]:
        """Sentences that were marked after they had been sent: what a reader of the stream lacks.

        Args:
            streamed: The text as it was sent, piece by piece.
        """
        n_marks, n_sent = self.text.count(UNVERIFIED), streamed.count(UNVERIFIED)
        marked = [sentence.text for sentence in self.sentences if sentence.verdict == "not_found"]
        return marked if n_sent < n_marks else []

    @property
    def n_by_verdict(self) -> Mapping[Verdict, int]:
        """How many of a model's sentences were found supported, checked alone, or not found."""
        verdicts: tuple[Verdict, ...] = ("supported", "checked", "not_found")
        found_verdicts = [sentence.verdict for sentence in self.sentences]
        return {
            verdict: found_verdicts.count(verdict)
            for verdict in verdicts
            if verdict in found_verdicts
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation, oldest turn first.

    Attributes:
        turns: Answered turns.
        filters: Conditions that papers must meet; empty means the whole library.
        model: The chat model that words the answers, ``extractive`` for none; empty means the one
            in the settings.
    """

    turns: tuple[Turn, ...] = ()
    filters: tuple[Condition, ...] = ()
    model: str = ""

    def add_turn(self, turn: Turn) -> Thread:
        return replace(self, turns=(*self.turns, turn))


@dataclass(frozen=True, slots=True)
class Step:
    """A named step of answering, for a screen to show."""

    name: str


@dataclass(frozen=True, slots=True)
class Delta:
    """More words of the answer's text, in order."""

    text: str


Event = Step | Delta | Answer
"""Events of a streamed answer: steps and deltas, then the complete Answer."""
