"""Lets a chat model rewrite a follow-up as a question that can be read on its own.

The model reads earlier answers, and with them text of papers, so its question is accepted only if all
its words are in the follow-up or the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.generation import markup
from rag.generation.calling import ChatModel, Reply
from rag.generation.claim_checker import ORDINARY
from rag.generation.earlier import EarlierTurns, build_fence, choose_earlier_turns, render_turns
from rag.generation.prompt_files import Prompt, render_fenced
from rag.text import fold, iter_words, stem
from rag.types import Thread, Usage
from rag.types.errors import MalformedReply

LONGEST_QUESTION_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Standalone:
    """The rewritten question, its cost, and which earlier turns the model read."""

    question: str
    usage: Usage = field(default_factory=Usage)
    earlier: EarlierTurns = field(default_factory=EarlierTurns)


def build_standalone(
    question: str, thread: Thread, model: ChatModel, prompt: Prompt, budget_tokens: int
) -> Standalone:
    """Let the model rewrite a follow-up; a first question stays as it is, without a call.

    Raises:
        ModelError: The call failed, or the reply is no question of one line in words of the thread.
    """
    if not thread.turns:
        return Standalone(question)
    earlier_turns = choose_earlier_turns(thread, budget_tokens)
    fenced = build_fence(earlier_turns.turns, question)
    messages = prompt.render(
        {
            "question": render_fenced(question, fenced),
            "turns": render_turns(prompt, earlier_turns.turns, fenced),
            "fence": fenced,
        }
    )
    reply = Reply()
    text = "".join(reply.read_pieces(model, messages, prompt.name)).strip().strip('"').strip()
    if reply.error is not None:
        raise reply.error
    if not text or "\n" in text or len(text) > LONGEST_QUESTION_CHARS:
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} is not one line with a question"
        )
    if foreign := _find_foreign_text(text, question, thread):
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} asks about {foreign!r}, of which nothing was said"
        )
    return Standalone(text, reply.usage, earlier_turns)


def _find_foreign_text(text: str, question: str, thread: Thread) -> str:
    """Text of a rewritten question that is neither in the typed one nor in its conversation."""
    texts = [question]
    for turn in thread.turns:
        texts += [turn.question, turn.answer.text]
        texts += [citation.title or citation.label for citation in turn.answer.citations]
        texts += [expert.name for expert in turn.answer.experts]
    known = {stem(fold(word)) for source_text in texts for word, _ in iter_words(source_text)}
    _, n_removed = markup.extract_words(text, lambda address: address in question)
    if n_removed:
        return "an address"
    for word, _ in iter_words(text):
        folded = fold(word).removesuffix("'s").removesuffix("’s")
        if folded not in ORDINARY and stem(folded) not in known:
            return word[:40]
    return ""
