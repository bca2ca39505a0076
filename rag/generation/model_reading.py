"""Lets a chat model read a question as a typed query, where words leave it unsure or are of another language.

What the model fills is checked like any other query, and it may name nothing that was not typed or
shown: earlier answers hold text of papers, which may hold orders. A follow-up is filled from the
thread's last query and the papers in focus; nothing is searched for in rewritten words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rag.generation import markup
from rag.generation.calling import ChatModel, Reply
from rag.generation.earlier import EarlierTurns, build_fence, choose_earlier_turns, render_turns
from rag.generation.numbers import is_mixed, split_scripts
from rag.generation.prompt_files import Prompt, render_fenced
from rag.generation.reasoning import ThoughtFilter
from rag.generation.support import is_english
from rag.text import fold, iter_words, stem
from rag.text.everyday import is_everyday
from rag.types import Answer, Query, Reading, Thread
from rag.types.errors import MalformedReply
from rag.types.fields import FIELDS, QueryError
from rag.types.query_json import build_schema, load_query

READ_VARIABLES = ("question", "turns", "shown", "fence")
READ_PARTS = ("turn", "shown")
UNSURE = 0.5
"""A reading by words of less confidence is put to the model."""
SHOWN_PAPERS = 10
LONGEST_TEXT_CHARS = 1_000
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_SIGNS = {"=": "is", "==": "is", "!=": "is_not", ">": "above", "<": "below"}
_CONTENT = ("passages", "overview", "comparison")
_RECIPROCAL = re.compile(r"\b(?:each other|one another)\b", re.IGNORECASE)
"""*Which papers agree with each other?* asks for more than a list can hold."""
_TOLD_ALIKE = frozenset({"overview", "passages"})


@dataclass(frozen=True, slots=True)
class ModelReading:
    """The model's reading, and which earlier turns it read."""

    reading: Reading
    earlier: EarlierTurns = field(default_factory=EarlierTurns)


def is_unsure(
    reading: Reading, question: str, *, was_translated: bool = False, is_follow_up: bool = False
) -> bool:
    """Whether a reading by words should be put to a model.

    A first question read as one of content goes to the model with its passages anyway.
    """
    if was_translated or not is_english(question):
        return True
    if reading.query.want == "aside" or (reading.query.want in _CONTENT and not is_follow_up):
        return False
    if _RECIPROCAL.search(question) and reading.query.want in ("papers", "count"):
        return True
    # "and bridge distillation?": a topic told from the passages that are found, however it is read.
    is_told_alike = {query.want for query in (reading.query, *reading.others[:1])} <= _TOLD_ALIKE
    is_close = reading.is_close and not is_told_alike
    return reading.confidence < UNSURE or is_close or bool(reading.unread)


def read_with_model(
    question: str,
    thread: Thread,
    by_words: Reading,
    model: ChatModel,
    prompt: Prompt,
    budget_tokens: int,
    is_printed: Callable[[str], bool] = lambda _: False,
) -> ModelReading:
    """The question as the model reads it, the reading by words as the next best.

    Args:
        question: As typed.
        thread: The conversation before it.
        by_words: How words read it.
        model: Fills the query.
        prompt: ``read_question``.
        budget_tokens: For the earlier turns that it reads.
        is_printed: Whether a paper has a word, so that it may stand for one of another language.

    Raises:
        ModelError: The call failed, or its reply is no query, or names what was not typed or shown.
    """
    earlier_turns = choose_earlier_turns(thread, budget_tokens)
    last = thread.turns[-1].answer if thread.turns else None
    papers = list_papers_of_answer(last)
    lines = [f"P{n}: {name}" for n, (_, name) in enumerate(papers, 1)]
    fence = build_fence(earlier_turns.turns, question, *lines)
    messages = prompt.render(
        {
            "question": render_fenced(question, fence),
            "turns": render_turns(prompt, earlier_turns.turns, fence),
            "shown": _render_shown(prompt, last, lines, fence),
            "fence": fence,
        }
    )
    reply = Reply()
    thoughts = ThoughtFilter()
    schema = {"type": "json_schema", "json_schema": {"name": "query", "schema": build_schema()}}
    pieces = reply.read_pieces(model, messages, prompt.name, response_format=schema)
    text = "".join(map(thoughts.process_piece, pieces)) + thoughts.close()
    if reply.error is not None:
        raise reply.error
    match = _OBJECT.search(text)
    try:
        if match is None:
            raise QueryError("it holds no JSON object")
        query = load_numbered_query(json.loads(match[0]), papers)
    except (ValueError, QueryError) as exc:
        raise MalformedReply(f"the model's reply to {prompt.name!r} is no query: {exc}") from exc
    if foreign := find_foreign_name(query, [question, *list_thread_texts(thread)], is_printed):
        raise MalformedReply(
            f"the model's reply to {prompt.name!r} names {foreign!r}, which was neither typed nor shown"
        )
    reading = replace(
        by_words,
        query=_complete(query, by_words.query, question),
        by="model",
        reason="the model reads it so",
        parts=(),
        unread=(),
        others=(by_words.query,),
        is_close=False,
        confidence=1.0,
    )
    return ModelReading(reading, earlier_turns)


def list_papers_of_answer(last: Answer | None) -> list[tuple[str, str]]:
    """Ids and names of the papers that the last answer cites, in order."""
    cited = {c.paper_id: c.title or c.label for c in last.citations} if last else {}
    return list(cited.items())[:SHOWN_PAPERS]


def _render_shown(prompt: Prompt, last: Answer | None, lines: Sequence[str], fence: str) -> str:
    if last is None:
        return ""
    query = str(last.reading.query) if last.reading else ""
    papers = render_fenced("\n".join(lines), fence) or "no papers"
    values = {"papers": papers, "query": render_fenced(query, fence) or "none", "fence": fence}
    return prompt.render_part("shown", values)


def load_numbered_query(record: Mapping[str, Any], papers: Sequence[tuple[str, str]]) -> Query:
    """The query that a model fills, whose papers are numbers of those shown: ``["P1"]``.

    Args:
        record: Its JSON object.
        papers: Ids and names, P1 first.

    Raises:
        QueryError: It is no query.
    """
    try:
        places = [int(str(number).lstrip("Pp")) - 1 for number in record.get("papers") or ()]
        ids = [papers[place][0] for place in places if 0 <= place < len(papers)]
        if places and not ids:
            raise IndexError(f"there are {len(papers)}")
        filled = {key: value for key, value in record.items() if value is not None}
        conditions = [_convert_signs(condition) for condition in filled.pop("where", ())]
    except (ValueError, IndexError, TypeError, AttributeError) as exc:
        raise QueryError(f"papers are numbers of those shown, such as P1: {exc}") from exc
    return load_query({**filled, "where": conditions, "papers": ids})


def _convert_signs(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """``year >= "2023"`` as conditions are typed; the prompts use signs, as models do."""
    sign, value = condition.get("operator"), condition.get("value")
    field = FIELDS.get(str(condition.get("field")))
    if field and field.type == "integer" and isinstance(value, str) and value.isdecimal():
        value = int(value)
    if sign in (">=", "<="):
        ends = {"low": value, "high": None} if sign == ">=" else {"low": None, "high": value}
        return {**condition, "operator": "is", "value": ends}
    return {**condition, "operator": _SIGNS.get(str(sign), sign), "value": value}


def _complete(query: Query, by_words: Query, question: str) -> Query:
    """The query with what content needs for retrieval, and the papers that words alone have in focus."""
    if query.want not in _CONTENT:
        return replace(query, text="")
    text = query.text[:LONGEST_TEXT_CHARS] or by_words.text or question
    return replace(query, text=text, papers=query.papers or by_words.papers)


def list_thread_texts(thread: Thread) -> list[str]:
    """All that was typed and shown in a conversation."""
    texts = []
    for turn in thread.turns:
        texts += [turn.question, turn.answer.text]
        texts += [citation.title or citation.label for citation in turn.answer.citations]
        texts += [expert.name for expert in turn.answer.experts]
    return texts


def find_foreign_name(
    query: Query, texts: Sequence[str], is_printed: Callable[[str], bool] = lambda _: False
) -> str:
    """A name in a query that stands in none of the texts that were typed and shown; or empty.

    In a topic any word with a capital may be one, unless some paper has it.
    """
    # "DuetFaceとは何ですか?" names DuetFace
    known = {stem(fold(word)) for text in texts for word, _ in iter_words(split_scripts(text))}
    for name in [person.typed for person in query.people] + [
        str(condition.value) for condition in query.where if condition.field == "author"
    ]:
        if any(stem(fold(word)) not in known for word, _ in iter_words(name)):
            return name[:60]
    worded = " ".join([query.text, query.topic, query.without, *query.sides])
    if markup.extract_words(worded, lambda address: any(address in text for text in texts))[1]:
        return "an address"
    for word, _ in iter_words(worded):
        is_name = any(c.isupper() for c in word[1:]) or is_mixed(word)
        if is_name and stem(fold(word)) not in known:
            return word[:60]
    for word, _ in iter_words(" ".join([query.topic, query.without, *query.sides])):
        is_ordinary = is_everyday(word.lower()) or is_printed(word.lower())
        if word[0].isupper() and stem(fold(word)) not in known and not is_ordinary:
            return word[:60]
    return ""
