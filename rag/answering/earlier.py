"""Earlier turns of a conversation, as a model reads them within a budget of tokens.

The latest turns are read whole, the ones before them by their question, the first sentence of their
answer and the papers that it cites; what does not fit even so is left out, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.citations import MARKER
from rag.answering.evidence import n_tokens
from rag.answering.planted import instructs, without_orders
from rag.prompting import Prompt, enclosed, fence
from rag.text import excerpt, sentences
from rag.types import Thread, Turn

LONGEST_QUESTION_WORDS = 120
SHORT_QUESTION_WORDS = 40
SHORT_ANSWER_WORDS = 40
LONGEST_ANSWER_WORDS = 400
NAMED_PAPERS = 3
TURN_TOKENS = 30
"""Allowed for the marks around a turn."""


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier turn as it is read."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier turns that are read, oldest first, and how many were cut.

    Attributes:
        n_whole: Read as they were.
        n_shortened: Read in short.
        n_left_out: Not read; they are the oldest.
    """

    turns: tuple[Said, ...] = ()
    n_whole: int = 0
    n_shortened: int = 0
    n_left_out: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """For the record; empty where every turn was read whole."""
        if not (self.n_shortened or self.n_left_out):
            return {}
        return {"whole": self.n_whole, "shortened": self.n_shortened, "left_out": self.n_left_out}

    @property
    def note(self) -> str:
        """For the reader; empty where every turn was read whole."""
        if not self.counts:
            return ""
        n = self.n_whole + self.n_shortened + self.n_left_out
        left = f", and {self.n_left_out} not at all" if self.n_left_out else ""
        return (
            f"of the {n} earlier turns the model read {self.n_whole} whole and "
            f"{self.n_shortened} in short{left}; name again what matters from them"
        )


def earlier(thread: Thread, budget_tokens: int) -> Earlier:
    """What is read of a thread.

    Args:
        thread: Oldest turn first.
        budget_tokens: Of all turns together, estimated. As many as fit are read in short, latest
            first; then, latest first, as many of these as fit are read whole.
    """
    turns = thread.turns[::-1]
    short = [_shortened(turn) for turn in turns]
    whole = [_whole(turn) for turn in turns]
    left, n_read = budget_tokens, 0
    for said in short:
        if (cost := _cost(said)) > left:
            break
        left -= cost
        n_read += 1
    read = short[:n_read]
    n_whole = 0
    for at in range(n_read):
        extra = _cost(whole[at]) - _cost(short[at])
        if extra > left:
            break
        left -= max(extra, 0)
        read[at] = whole[at]
        n_whole += 1
    return Earlier(tuple(read[::-1]), n_whole, n_read - n_whole, len(turns) - n_read)


def _cost(said: Said) -> int:
    return n_tokens(said.question) + n_tokens(said.answer) + TURN_TOKENS


def _whole(turn: Turn) -> Said:
    answer = excerpt(_text(turn), LONGEST_ANSWER_WORDS)
    return Said(excerpt(turn.question, LONGEST_QUESTION_WORDS), answer)


def _shortened(turn: Turn) -> Said:
    text = _text(turn)
    first = next(iter(sentences(text)), (0, 0))
    answer = excerpt(text[slice(*first)], SHORT_ANSWER_WORDS)
    named = dict.fromkeys(c.title or c.label for c in turn.answer.citations)
    names = [name for name in named if not instructs(name)][:NAMED_PAPERS]
    if names:
        answer = f"{answer} (papers: {'; '.join(excerpt(name, 12) for name in names)})"
    return Said(excerpt(turn.question, SHORT_QUESTION_WORDS), answer)


def _text(turn: Turn) -> str:
    """An answer without markers, and without the orders that a quoted paper may give."""
    return without_orders(MARKER.sub("", turn.answer.text))


def mark(turns: Sequence[Said], *texts: str) -> str:
    """The fence of one call that shows these turns beside other texts."""
    return fence(*texts, *(text for said in turns for text in (said.question, said.answer)))


def rendered(prompt: Prompt, turns: Sequence[Said], fenced: str) -> str:
    """The turns as the prompt's part ``turn`` shows them."""
    return "\n\n".join(
        prompt.part(
            "turn",
            {
                "question": enclosed(said.question, fenced),
                "answer": enclosed(said.answer, fenced),
                "fence": fenced,
            },
        )
        for said in turns
    )
