"""Short answers to small talk."""

from __future__ import annotations

from rag.types import Answer, Intent

FAREWELL = "it takes leave"
THANKS = "it is thanks or praise"
"""Reasons of the router that have an answer of their own."""
_SMALLTALK = (
    "Hello. I answer questions about the papers in this library, quote the sentences that say so, "
    "and can tell who works on a topic, what a person has written, and how many papers there are of "
    "a kind."
)
_REPLIES = {
    FAREWELL: "Goodbye. The library and this conversation stay as they are.",
    THANKS: "You are welcome. Ask on about a topic, a paper or a person.",
}
_UNSUPPORTED = (
    "I can only answer questions about the papers in this library and the people behind them, and "
    "this is not one: {reason}. Ask me about a topic, a paper or a person instead."
)


def answer_aside(intent: Intent) -> Answer:
    """For the routes ``smalltalk`` (answered) and ``unsupported`` (abstained)."""
    if intent.route == "smalltalk":
        return Answer(
            intent.question, "answered", "smalltalk", _REPLIES.get(intent.reason, _SMALLTALK)
        )
    text = _UNSUPPORTED.format(reason=intent.reason or "nothing in it can be looked up")
    return Answer(intent.question, "abstained", "unsupported", text)
