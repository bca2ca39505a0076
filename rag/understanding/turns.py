"""A turn to be read in its conversation, and one reading that it may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from rag.library.chunk_rows import read_paper_vectors
from rag.library.view import LibraryView
from rag.types import Paper
from rag.types.fields import FIELDS
from rag.types.query import Query, Reading
from rag.types.token_vectors import Encoding
from rag.understanding.antecedents import (
    Antecedent,
    list_papers_meant,
    list_people_meant,
    tag_rest,
)
from rag.understanding.composition import compose
from rag.understanding.dialogue_state import DialogueState
from rag.understanding.entities import Entities
from rag.understanding.frame_types import Frame, Link, Slot
from rag.understanding.pieces import Pieces, read_as_values, take_apart

_LEAST_SHARE = 0.03
_MOST_LABELS = 4


_DENIAL = re.compile(r"\w\s+(?:no|without)\s+(?:any\s+)?$", re.IGNORECASE)


def _is_denied(slot: Slot, question: str) -> bool:
    """Whether a topic is what something lacks: "which of them need no training?"."""
    ahead = question[max(0, slot.start - 20) : slot.start]
    return slot.kind == "topic" and bool(_DENIAL.search(ahead))


def _mark_denied(frame: Frame) -> Frame:
    question = frame.question
    slots = (replace(s, is_negative=s.is_negative or _is_denied(s, question)) for s in frame.slots)
    return replace(frame, slots=tuple(slots))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a turn.

    Attributes:
        kind: What its generator did: ``narrow``, ``replaced``, ``by on topic``.
        link: How the turn then hangs together with the conversation.
        of: What it is asked of.
        query: What is asked.
        alone: The turn's own part.
        label: The want that the own part was read with; ``share`` its probability.
        is_back: It is one of `Turn.back`.
    """

    kind: str
    link: Link
    of: Antecedent
    query: Query
    alone: Reading
    label: str
    share: float
    is_back: bool = False


@dataclass
class Turn:
    """A turn to be read, and what came before it.

    Attributes:
        state: After the turn before.
        back: Where the turn may go back to what was asked earlier, the rest of it as if it had been asked
            then; ``is_back`` holds of that one.
        is_first: Nothing was asked before.
        encoding: Of the question; None where nothing is embedded.
    """

    frame: Frame
    entities: Entities
    state: DialogueState
    library: LibraryView
    encoding: Encoding | None = None
    back: Turn | None = None
    is_back: bool = False
    is_first: bool = False
    _read: dict[tuple[object, ...], Reading] = field(default_factory=dict)

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The turn as the tagger has it; also with its free words as a topic where it has none."""
        tagged = [f for f in (self.frame, tag_rest(self.frame, self.library)) if f is not None]
        frames = [_mark_denied(frame) for frame in tagged]
        # "no, I meant makeup", "drop the year, but they need code": what is not wanted is another
        for frame in [f for f in frames if any(s.is_negative for s in f.slots)]:
            slots = tuple(
                replace(s, is_negative=s.is_negative and _is_denied(s, frame.question))
                for s in frame.slots
            )
            frames.append(replace(frame, slots=slots))
        return tuple(dict.fromkeys(frames))

    @cached_property
    def is_negative(self) -> bool:
        """Whether something may be left out."""
        return any(slot.is_negative for frame in self.frames for slot in frame.slots)

    @cached_property
    def pieces(self) -> tuple[Pieces, ...]:
        """What the turn's words give, as each of its frames has them."""
        spoken = self.people_spoken
        taken = [take_apart(frame, self.entities, self.library, spoken) for frame in self.frames]
        more = (
            each
            for pieces in taken
            for each in read_as_values(pieces, self.frame.question, self.library)
        )
        return tuple(dict.fromkeys((*taken, *more)))

    @cached_property
    def people_spoken(self) -> tuple[str, ...]:
        """Names of people asked about or shown, the latest first, and of the authors of papers shown."""
        names: dict[str, None] = {}
        for state in (self.state, *self.state.earlier):
            query = state.query
            asked = (
                str(v) for c in query.where if FIELDS[c.field].type == "person" for v in c.values
            )
            names |= dict.fromkeys(
                (*(n for p in query.people for n in p.names), *asked, *state.people)
            )
        shown = self.papers_shown
        ids = dict.fromkeys((*self.state.query.papers, *self.state.papers))
        papers = [shown[i] for i in [*ids][:20] if i in shown]
        names |= dict.fromkeys(n for paper in papers for n in self.library.list_people_of(paper))
        return tuple(names)

    @cached_property
    def papers_shown(self) -> Mapping[str, Paper]:
        """Papers of the lists and answers that are remembered, by id."""
        state = self.state
        lists = (i for ids in state.lists for i in ids)
        ids = dict.fromkeys(
            (
                state.paper,
                *state.query.papers,
                *state.papers,
                *state.listed,
                *state.earlier_papers,
                *lists,
            )
        )
        return {p.paper_id: p for p in self.library.list_papers(tuple(filter(None, ids)))}

    @cached_property
    def nearness(self) -> Mapping[str, float]:
        """How much less near in meaning than the nearest each paper shown is, 0 or less: "the one on mining"."""
        if self.encoding is None or len(self.papers_shown) < 2:
            return {}
        vectors = read_paper_vectors(self.library.library, [*self.papers_shown])
        near = {i: float((each @ self.encoding.vector).max()) for i, each in vectors.items()}
        best = max(near.values(), default=0.0)
        return {paper_id: cosine - best for paper_id, cosine in near.items()}

    def get_paper(self, paper_id: str) -> Paper | None:
        return self.papers_shown.get(paper_id) or self.library.get_paper(paper_id)

    @cached_property
    def paper_in_view(self) -> Paper | None:
        """The one that the answer before was about."""
        return self.papers_shown.get(self.state.paper)

    @cached_property
    def papers_meant(self) -> list[Antecedent]:
        return list_papers_meant(
            self.frame, self.state, self.library, self.papers_shown, self.nearness
        )

    @cached_property
    def people_meant(self) -> list[Antecedent]:
        return list_people_meant(self.frame, self.state, self.library, self.paper_in_view)

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """Wants with their probabilities."""
        return dict(self.frame.wants)

    @cached_property
    def labels(self) -> list[tuple[str, float]]:
        """Wants that the turn may have; what papers say, and which there are, always."""
        wants = [want for want in self.frame.wants[:_MOST_LABELS] if want[1] >= _LEAST_SHARE]
        more = [(label, self.shares.get(label, 0.0)) for label in ("passages", "papers")]
        return wants + [want for want in more if want[0] not in dict(wants)]

    def may_want(self, want: str) -> bool:
        """Whether the heads give a want some probability, whatever its relation."""
        return sum(p for label, p in self.frame.wants if label.split()[0] == want) >= _LEAST_SHARE

    def read(
        self,
        label: str,
        link: Link,
        papers: tuple[str, ...] = (),
        people: tuple[str, ...] = (),
        frame: Frame | None = None,
    ) -> Reading:
        """The turn's own part, read with a want, of papers or people where it names none."""
        frame = frame or self.frame
        key = (label, link, papers, people, frame.slots)
        if key not in self._read:
            others = tuple(want for want in frame.wants if want[0] != label)
            wants = ((label, self.shares.get(label, 0.0)), *others)
            links = ((link, dict(frame.links).get(link, 0.0)),)
            frame = replace(frame, wants=wants, links=links)
            self._read[key] = compose(frame, self.entities, self.library, papers, people, most=1)
        return self._read[key]

    def say(
        self, kind: str, link: Link, of: Antecedent, query: Query, alone: Reading, label: str = ""
    ) -> Candidate:
        """A candidate whose want is the query's own, unless the label is another."""
        label = label or query.want
        return Candidate(kind, link, of, query, alone, label, self.shares.get(label, 0.0))
