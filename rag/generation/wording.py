"""Lets a chat model reword computed answers about people and papers without changing facts.

Only the sentences before the list are reworded; lists, notes and everything behind them stay as
computed. The rewording is shown only if all its facts check out (`rag.generation.rewording`);
otherwise the computed sentences are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from rag.answers.prompt_injection import has_instruction
from rag.generation import prompt_files
from rag.generation.calling import ChatModel, Reply
from rag.generation.prompt_files import Prompt, render_fenced
from rag.generation.rewording import check_wording
from rag.text.markdown import markers
from rag.types import Answer, Delta, Event, SaidSentence, Step

WORDING_VARIABLES = ("question", "facts", "fence")
WORDED_ROUTES = frozenset({"experts", "person", "catalogue"})
FEWEST_WORDS = 4
LONGEST_FACTS_CHARS = 1_200
_LISTED = re.compile(r"^(?:[-*] |\d+[.)] |\|)", re.MULTILINE)
_READING_NOTE = re.compile(r"\((?:[^()]|\([^()]*\))*\)\n\n")


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """A computed answer's text in three parts: how it was read, what a model may reword, the rest."""

    note: str
    facts: str
    rest: str


def split_answer(text: str) -> AnswerParts:
    """Where the list or the second paragraph begins, the part that may be worded ends."""
    note = match[0] if (match := _READING_NOTE.match(text)) else ""
    body = text[len(note) :]
    list_start = _LISTED.search(body)
    paragraph = body.find("\n\n")
    ends = [at for at in (list_start.start() if list_start else -1, paragraph) if at >= 0]
    end = min(ends, default=len(body))
    facts = body[:end].rstrip()
    return AnswerParts(note, facts, body[len(facts) :])


def is_wordable(answer: Answer) -> bool:
    """Whether a model may word it: computed, answered, and not all of it a list."""
    facts = split_answer(answer.text).facts
    return (
        answer.status == "answered"
        and answer.route in WORDED_ROUTES
        and FEWEST_WORDS <= len(facts.split())
        and len(facts) <= LONGEST_FACTS_CHARS
        and not has_instruction(facts)
    )


def render_with_model(
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
    answer_parts = split_answer(computed.text)
    yield Step(f"asking {model_name}")
    mark = prompt_files.compute_fence(computed.question, answer_parts.facts)
    messages = prompt.render(
        {
            "question": render_fenced(computed.question, mark),
            "facts": render_fenced(answer_parts.facts, mark),
            "fence": mark,
        }
    )
    reply = Reply()
    wording = ""
    with closing(reply.read_pieces(model, messages, prompt.name)) as pieces:
        for piece in pieces:
            wording += piece
            if len(wording) > 4 * len(answer_parts.facts) + 400:
                break
    reason = str(reply.error) if reply.error else ""
    text = ""
    if not reason:
        text, why = check_wording(answer_parts.facts, wording)
        reason = f"the wording of {model_name!r} was not used: {why}" if why else ""
    answer = replace(computed, usage=reply.usage, prompt_sha256=prompt.sha256)
    if text:
        sentence = SaidSentence(text, "supported", tuple(dict.fromkeys(markers(text))))
        answer = replace(
            answer,
            text=f"{answer_parts.note}{text}{answer_parts.rest}",
            model=model_name,
            sentences=(sentence,),
            checks={"wordings_used": 1},
        )
    else:
        note = f"{reason}; the computed words are shown instead"
        answer = replace(answer, warnings=(*answer.warnings, note), checks={"wordings_refused": 1})
    yield Delta(answer.text)
    yield answer
