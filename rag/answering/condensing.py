"""A follow-up question made whole by a chat model, out of words that its conversation has.

The model reads earlier answers, and with them text of papers: so what it makes of the question is
taken only if it says nothing that neither the question nor the conversation says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.answering import markup
from rag.answering.calling import ChatModel, Reply
from rag.answering.earlier import Earlier, earlier, mark, rendered
from rag.answering.verdicts import ORDINARY
from rag.errors import MalformedReply
from rag.prompting import Prompt, enclosed
from rag.text import fold, stem, words
from rag.types import Thread, Usage

LONGEST_QUESTION_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Standalone:
    """A follow-up question made whole, what that cost, and what was read of the thread."""

    question: str
    usage: Usage = field(default_factory=Usage)
    earlier: Earlier = field(default_factory=Earlier)


def condense(
    question: str, thread: Thread, model: ChatModel, prompt: Prompt, budget_tokens: int
) -> Standalone:
    """Make a follow-up question whole; one without earlier turns stays as it is, without a call.

    Raises:
        ModelError: The call failed, or the reply is no question of one line in words of the thread.
    """
    if not thread.turns:
        return Standalone(question)
    read = earlier(thread, budget_tokens)
    fenced = mark(read.turns, question)
    messages = prompt.render(
        {
            "question": enclosed(question, fenced),
            "turns": rendered(prompt, read.turns, fenced),
            "fence": fenced,
        }
    )
    reply = Reply()
    text = "".join(reply.pieces(model, messages, prompt.name)).strip().strip('"').strip()
    if reply.error is not None:
        raise reply.error
    if not text or "\n" in text or len(text) > LONGEST_QUESTION_CHARS:
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} is not one line with a question"
        )
    if foreign := _foreign(text, question, thread):
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} asks about {foreign!r}, of which nothing was said"
        )
    return Standalone(text, reply.usage, read)


def _foreign(text: str, question: str, thread: Thread) -> str:
    """What in a question stands neither in the one that was typed nor in its conversation."""
    said = [question]
    for turn in thread.turns:
        said += [turn.question, turn.answer.text]
        said += [citation.title or citation.label for citation in turn.answer.citations]
        said += [expert.name for expert in turn.answer.experts]
    known = {stem(fold(word)) for one in said for word, _ in words(one)}
    _, n_removed = markup.bare(text, lambda address: address in question)
    if n_removed:
        return "an address"
    for word, _ in words(text):
        folded = fold(word).removesuffix("'s").removesuffix("’s")
        if folded not in ORDINARY and stem(folded) not in known:
            return word[:40]
    return ""
