"""Earlier turns of a conversation, cut to a model's budget of tokens.

The latest turns are given in full, the ones before them as their question, the first sentence of
their answer and the papers that it cites; if that is still too long, the oldest are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answers.prompt_injection import has_instruction, remove_instructions
from rag.generation.evidence import count_tokens
from rag.generation.prompt_files import Prompt, compute_fence, render_fenced
from rag.text import make_excerpt, split_sentences
from rag.text.markdown import MARKER
from rag.types import Thread, Turn

LONGEST_QUESTION_WORDS = 120
SHORT_QUESTION_WORDS = 40
SHORT_ANSWER_WORDS = 40
LONGEST_ANSWER_WORDS = 400
NAMED_EARLIER_PAPERS = 3
TURN_TOKENS = 30
"""Tokens reserved for the marks around a turn."""


@dataclass(frozen=True, slots=True)
class EarlierTurn:
    """One earlier turn as the model reads it."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class EarlierTurns:
    """The earlier turns that a model reads, oldest first, and how many were cut.

    Attributes:
        n_whole: Turns given in full.
        n_shortened: Shortened turns.
        n_left_out: Turns left out, the oldest.
    """

    turns: tuple[EarlierTurn, ...] = ()
    n_whole: int = 0
    n_shortened: int = 0
    n_left_out: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """For the record; empty if every turn was given in full."""
        if not (self.n_shortened or self.n_left_out):
            return {}
        return {"whole": self.n_whole, "shortened": self.n_shortened, "left_out": self.n_left_out}

    @property
    def note(self) -> str:
        """For the reader; empty if every turn was given in full."""
        if not self.counts:
            return ""
        n = self.n_whole + self.n_shortened + self.n_left_out
        omitted_text = f", and {self.n_left_out} not at all" if self.n_left_out else ""
        return (
            f"of the {n} earlier turns the model read {self.n_whole} whole and "
            f"{self.n_shortened} in short{omitted_text}; name again what matters from them"
        )


def choose_earlier_turns(thread: Thread, budget_tokens: int) -> EarlierTurns:
    """The earlier turns of a conversation that fit the budget, in full or shortened.

    Args:
        thread: Oldest turn first.
        budget_tokens: Of all turns together, estimated. As many as fit are read in short, latest
            first; then, latest first, as many of these as fit are read whole.
    """
    turns = thread.turns[::-1]
    short = [_build_short_turn(turn) for turn in turns]
    full_turns = [_build_full_turn(turn) for turn in turns]
    n_tokens_left, n_read = budget_tokens, 0
    for short_turn in short:
        if (cost := _count_tokens(short_turn)) > n_tokens_left:
            break
        n_tokens_left -= cost
        n_read += 1
    read_turns = short[:n_read]
    n_whole = 0
    for at in range(n_read):
        extra = _count_tokens(full_turns[at]) - _count_tokens(short[at])
        if extra > n_tokens_left:
            break
        n_tokens_left -= max(extra, 0)
        read_turns[at] = full_turns[at]
        n_whole += 1
    return EarlierTurns(tuple(read_turns[::-1]), n_whole, n_read - n_whole, len(turns) - n_read)


def _count_tokens(turn: EarlierTurn) -> int:
    return count_tokens(turn.question) + count_tokens(turn.answer) + TURN_TOKENS


def _build_full_turn(turn: Turn) -> EarlierTurn:
    answer = make_excerpt(_extract_answer_text(turn), LONGEST_ANSWER_WORDS)
    return EarlierTurn(make_excerpt(turn.question, LONGEST_QUESTION_WORDS), answer)


def _build_short_turn(turn: Turn) -> EarlierTurn:
    text = _extract_answer_text(turn)
    first = next(iter(split_sentences(text)), (0, 0))
    answer = make_excerpt(text[slice(*first)], SHORT_ANSWER_WORDS)
    paper_names = dict.fromkeys(c.title or c.label for c in turn.answer.citations)
    names = [name for name in paper_names if not has_instruction(name)][:NAMED_EARLIER_PAPERS]
    if names:
        answer = f"{answer} (papers: {'; '.join(make_excerpt(name, 12) for name in names)})"
    return EarlierTurn(make_excerpt(turn.question, SHORT_QUESTION_WORDS), answer)


def _extract_answer_text(turn: Turn) -> str:
    """An answer without markers, and without the orders that a quoted paper may give."""
    return remove_instructions(MARKER.sub("", turn.answer.text))


def build_fence(turns: Sequence[EarlierTurn], *texts: str) -> str:
    """The fence of one call that shows these turns beside other texts."""
    return compute_fence(*texts, *(text for turn in turns for text in (turn.question, turn.answer)))


def render_turns(prompt: Prompt, turns: Sequence[EarlierTurn], fenced: str) -> str:
    """The turns as the prompt's part ``turn`` shows them."""
    return "\n\n".join(
        prompt.render_part(
            "turn",
            {
                "question": render_fenced(turn.question, fenced),
                "answer": render_fenced(turn.answer, fenced),
                "fence": fenced,
            },
        )
        for turn in turns
    )
