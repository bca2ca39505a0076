"""Computed answers about people and the catalogue, worded by a chat model that can change nothing.

Only the sentences before the list are worded; lists, notes and everything behind them stay the
code's own. The wording is shown when all of it has been checked against the facts (see
`rag.answering.rewording`); one that differs in any of them gives way to the computed sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from rag import prompting
from rag.answering.calling import ChatModel, Reply
from rag.answering.citations import markers
from rag.answering.planted import instructs
from rag.answering.rewording import reworded
from rag.prompting import Prompt, enclosed
from rag.types import Answer, Delta, Event, SaidSentence, Step

VARIABLES = ("question", "facts", "fence")
ROUTES = frozenset({"experts", "person", "catalogue"})
FEWEST_WORDS = 4
LONGEST_FACTS_CHARS = 1_200
_LISTED = re.compile(r"^(?:[-*] |\d+[.)] |\|)", re.MULTILINE)
_NOTE = re.compile(r"\((?:[^()]|\([^()]*\))*\)\n\n")


@dataclass(frozen=True, slots=True)
class Parts:
    """A computed answer's text: how it was read, what a model may word, and the rest."""

    note: str
    facts: str
    rest: str


def parts(text: str) -> Parts:
    """Where the list or the second paragraph begins, the part that may be worded ends."""
    note = match[0] if (match := _NOTE.match(text)) else ""
    body = text[len(note) :]
    listed = _LISTED.search(body)
    paragraph = body.find("\n\n")
    ends = [at for at in (listed.start() if listed else -1, paragraph) if at >= 0]
    end = min(ends, default=len(body))
    facts = body[:end].rstrip()
    return Parts(note, facts, body[len(facts) :])


def is_wordable(answer: Answer) -> bool:
    """Whether a model may word it: computed, answered, and not all of it a list."""
    facts = parts(answer.text).facts
    return (
        answer.status == "answered"
        and answer.route in ROUTES
        and FEWEST_WORDS <= len(facts.split())
        and len(facts) <= LONGEST_FACTS_CHARS
        and not instructs(facts)
    )


def stream(
    computed: Answer, model: ChatModel, *, model_name: str, prompt: Prompt
) -> Iterator[Event]:
    """The computed answer in the model's words where they change nothing, else in its own.

    Args:
        computed: For which `is_wordable` holds.
        model: Called once, streaming; a reply that grows too long is broken off.
        model_name: For the record.
        prompt: ``word_answer``.

    Yields:
        A step, deltas and the whole answer last; the deltas joined are its text.
    """
    held = parts(computed.text)
    yield Step(f"asking {model_name}")
    mark = prompting.fence(computed.question, held.facts)
    messages = prompt.render(
        {
            "question": enclosed(computed.question, mark),
            "facts": enclosed(held.facts, mark),
            "fence": mark,
        }
    )
    reply = Reply()
    wording = ""
    with closing(reply.pieces(model, messages, prompt.name)) as pieces:
        for piece in pieces:
            wording += piece
            if len(wording) > 4 * len(held.facts) + 400:
                break
    reason = str(reply.error) if reply.error else ""
    shown = ""
    if not reason:
        shown, why = reworded(held.facts, wording)
        reason = f"the wording of {model_name!r} was not used: {why}" if why else ""
    answer = replace(computed, usage=reply.usage, prompt_sha256=prompt.sha256)
    if shown:
        said = SaidSentence(shown, "supported", tuple(dict.fromkeys(markers(shown))))
        answer = replace(
            answer,
            text=f"{held.note}{shown}{held.rest}",
            model=model_name,
            sentences=(said,),
            checks={"wordings_used": 1},
        )
    else:
        note = f"{reason}; the computed words are shown instead"
        answer = replace(answer, warnings=(*answer.warnings, note), checks={"wordings_refused": 1})
    yield Delta(answer.text)
    yield answer
