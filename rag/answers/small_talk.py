"""Short answers to small talk."""

from __future__ import annotations

from rag.types import Answer, Query

_SMALLTALK = (
    "Hello. I answer questions about the papers in this library, quote the sentences that say so, "
    "and can tell who works on a topic, what a person has written, and how many papers there are of "
    "a kind."
)
_REPLIES = {
    "goodbye": "Goodbye. The library and this conversation stay as they are.",
    "feedback": "Thank you for saying so. Ask again in other words, or about a paper by its title.",
    "thanks": "You are welcome. Ask on about a topic, a paper or a person.",
}
_UNSUPPORTED = (
    "I can only answer questions about the papers in this library and the people behind them, and "
    "this is not one: {reason}. Ask me about a topic, a paper or a person instead."
)


def answer_aside(query: Query) -> Answer:
    """Small talk is answered; what papers cannot answer is not."""
    if query.route == "smalltalk":
        return Answer("", "answered", "smalltalk", _REPLIES.get(query.what, _SMALLTALK))
    reason = query.what.partition(": ")[2]
    text = _UNSUPPORTED.format(reason=reason or "nothing in it can be looked up")
    return Answer("", "abstained", "unsupported", text)
