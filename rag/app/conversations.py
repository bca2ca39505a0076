"""Stored conversations: one SQLite file in the data folder, apart from the library, or tables of the
database that several servers share.

A question is stored before it is answered, and the answer's text as it grows, so an interruption (a
reload, a dropped connection, a killed server) loses at most the last words. Every call opens the file
anew: any number of threads and processes may use it at once. While it cannot be written (a full
disk, a server that is down), conversations continue in memory, and are stored once it can.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text

from rag.app.codec import decode_answer, decode_conditions, encode_answer, encode_conditions
from rag.app.conversation_file import ThreadFile, now
from rag.text import fold, make_excerpt
from rag.types import Answer, Condition, Thread, Turn
from rag.types.errors import NotFound

NAME_WORDS = 12
NAME_CHARS = 80
KEPT_ANSWERS = 256
UNASKED_DAYS = 7
"""How long an empty conversation is kept."""

OWN = "thread_id IN (SELECT thread_id FROM threads WHERE thread_id = :id AND owner = :owner)"
"""SQL condition on turns: those of one conversation, if it is the owner's."""

OpinionVerdict = Literal["good", "bad"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A user's verdict on an answer, with a reason, which may be empty."""

    verdict: OpinionVerdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A stored question. ``words`` is the text of an unfinished answer; then ``answer`` is None."""

    ordinal: int
    question: str
    asked_at: str
    words: str
    answer: Answer | None
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True)
class StoredThread:
    """A stored conversation, oldest turn first; ``filters`` and ``model`` as in Thread."""

    thread_id: str
    name: str
    created_at: str
    turns: tuple[StoredTurn, ...]
    filters: tuple[Condition, ...] = ()
    model: str = ""

    def get_turn(self, ordinal: int) -> StoredTurn:
        """One turn.

        Raises:
            NotFound: It was taken back meanwhile.
        """
        for turn in self.turns:
            if turn.ordinal == ordinal:
                return turn
        raise NotFound(f"question {ordinal} of conversation {self.thread_id!r} was taken back")

    def get_thread_before(self, ordinal: int) -> Thread:
        """The answered turns before one, as the context of its question."""
        return Thread(
            tuple(
                Turn(turn.question, turn.answer)
                for turn in self.turns
                if turn.ordinal < ordinal and turn.answer and turn.answer.status != "failed"
            ),
            self.filters,
            self.model,
        )


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A conversation in a list."""

    thread_id: str
    name: str
    changed_at: str
    n_turns: int


class ThreadStore(ThreadFile):
    """One user's conversations in a data folder; the file is created with the first of them.

    Args:
        folder: The data folder.
        owner: Name of the user, who sees no others' conversations; empty if nobody signs in.
        url: Of the database that holds the library, if several servers share it.
    """

    def __init__(self, folder: Path, owner: str = "", url: str = "") -> None:
        super().__init__(folder, owner, url)

    # --- reading ------------------------------------------------------------------------------

    def list_threads(self, search: str = "") -> list[ThreadLine]:
        """Those whose name or questions hold every word of ``search``, last changed first."""
        words = fold(search).split()
        self._bring_back()
        line_of = {}
        for connection in self._each():
            rows = connection.execute(
                text(
                    "SELECT thread_id, name, changed_at, folded, (SELECT count(*) FROM turns t "
                    "WHERE t.thread_id = h.thread_id) FROM threads h "
                    "WHERE owner = :owner AND name != ''"
                ),
                {"owner": self.owner},
            )
            for key, name, changed, folded, n in rows.all():
                line = ThreadLine(key, name, changed, n)
                if all(word in folded for word in words):
                    line_of[key] = line
        by_id = sorted(line_of.values(), key=lambda line: line.thread_id)
        return sorted(by_id, key=lambda line: line.changed_at, reverse=True)

    def get_thread(self, thread_id: str) -> StoredThread:
        """One conversation with all its turns.

        Raises:
            NotFound: There is none of this id (any more).
        """
        if thread_id not in self._unkept and not self._store.is_there:
            raise _build_not_found(thread_id)
        with self._holding(thread_id) as connection:
            head = connection.execute(
                text(
                    "SELECT name, created_at, filters, model FROM threads "
                    "WHERE thread_id = :id AND owner = :owner"
                ),
                {"id": thread_id, "owner": self.owner},
            ).one_or_none()
            turns = connection.execute(
                text(
                    "SELECT ordinal, question, asked_at, words, answer, verdict, reason FROM turns "
                    "WHERE thread_id = :id ORDER BY ordinal"
                ),
                {"id": thread_id},
            ).all()
        if head is None:
            raise _build_not_found(thread_id)
        name, created_at, filters, model = head
        stored_turns = tuple(_build_turn(*row) for row in turns)
        try:
            narrowed = decode_conditions(filters)
        except ValueError as exc:
            raise self._build_unusable_error(exc) from exc
        return StoredThread(thread_id, name, created_at, stored_turns, narrowed, model)

    # --- writing ------------------------------------------------------------------------------

    def create_thread(
        self, question: str = "", filters: Sequence[Condition] = (), model: str = ""
    ) -> str:
        """A new conversation, named by its first question; returns its id.

        Without a question it is listed only from its first one on, and forgotten some days later
        if that does not come.
        """
        thread_id, begun = secrets.token_hex(8), now()
        name = _make_thread_name(question)
        filters_text = encode_conditions(filters)
        row = {
            "thread_id": thread_id,
            "owner": self.owner,
            "name": name,
            "folded": fold(name),
            "created_at": begun,
            "changed_at": begun,
            "filters": filters_text,
            "model": model,
        }

        def change(connection: Connection) -> str:
            connection.execute(
                text("DELETE FROM threads WHERE name = '' AND created_at < :then"),
                {"then": now(-UNASKED_DAYS)},
            )
            changes = ", ".join(f"{column} = excluded.{column}" for column in row)
            connection.execute(  # there is one already where it begins in memory
                text(
                    f"INSERT INTO threads ({', '.join(row)}) VALUES (:{', :'.join(row)}) "
                    f"ON CONFLICT (thread_id) DO UPDATE SET {changes}"
                ),
                row,
            )
            return thread_id

        return self._change(thread_id, change)

    def ask(self, thread_id: str, question: str, *, instead_of: int | None = None) -> int:
        """Write down the next question; returns its ordinal, which grows and is never used twice.

        Args:
            thread_id: An existing conversation's.
            question: As typed.
            instead_of: The ordinal of a question that is taken back with all after it, in the same
                transaction: asked again, or otherwise.

        Raises:
            NotFound: There is none of this id (any more).
        """

        def change(connection: Connection) -> int:
            self._update_change_time(connection, thread_id)
            chosen = {"id": thread_id}
            connection.execute(
                text("UPDATE threads SET name = :name WHERE thread_id = :id AND name = ''"),
                {**chosen, "name": _make_thread_name(question)},
            )
            if instead_of is not None:
                connection.execute(
                    text("DELETE FROM turns WHERE thread_id = :id AND ordinal >= :from_on"),
                    {**chosen, "from_on": instead_of},
                )
            ordinal = connection.execute(
                text(
                    "UPDATE threads SET n_asked = n_asked + 1 WHERE thread_id = :id RETURNING n_asked"
                ),
                chosen,
            ).scalar_one()
            connection.execute(
                text(
                    "INSERT INTO turns (thread_id, ordinal, question, asked_at) "
                    "VALUES (:id, :ordinal, :question, :now)"
                ),
                {**chosen, "ordinal": ordinal, "question": question, "now": now()},
            )
            self._update_search_text(connection, thread_id)
            return int(ordinal)

        return self._change(thread_id, change)

    def save_words(self, thread_id: str, ordinal: int, words: str) -> None:
        """Keep the words of an answer as far as they have come."""
        self._execute(
            thread_id,
            f"UPDATE turns SET words = :words WHERE {OWN} AND ordinal = :ordinal AND answer IS NULL",
            words=words, id=thread_id, owner=self.owner, ordinal=ordinal,
        )  # fmt: skip

    def answer(self, thread_id: str, ordinal: int, answer: Answer) -> None:
        """Store the complete answer; does nothing if its question was deleted meanwhile."""
        self._execute(
            thread_id,
            f"UPDATE turns SET words = :words, answer = :answer WHERE {OWN} AND ordinal = :ordinal",
            words=answer.text, answer=encode_answer(answer), id=thread_id, owner=self.owner,
            ordinal=ordinal,
        )  # fmt: skip

    def save_opinion(self, thread_id: str, ordinal: int, opinion: Opinion | None) -> None:
        """Keep what a reader thinks of an answer; None takes it back."""
        verdict, reason = (opinion.verdict, opinion.reason) if opinion else (None, "")
        self._execute(
            thread_id,
            f"UPDATE turns SET verdict = :verdict, reason = :reason WHERE {OWN} AND ordinal = :ordinal",
            verdict=verdict, reason=reason, id=thread_id, owner=self.owner, ordinal=ordinal,
        )  # fmt: skip

    def set_name(self, thread_id: str, name: str) -> None:
        """Give another name; an empty one changes nothing."""
        if not name.strip():
            return

        def change(connection: Connection) -> None:
            connection.execute(
                text("UPDATE threads SET name = :name WHERE thread_id = :id AND owner = :owner"),
                {"name": _make_thread_name(name), "id": thread_id, "owner": self.owner},
            )
            self._update_search_text(connection, thread_id)

        self._change(thread_id, change)

    def set_filters(self, thread_id: str, filters: Sequence[Condition]) -> None:
        """Answer the next questions from the papers that meet all of these alone; none: from all."""
        self._execute(
            thread_id,
            "UPDATE threads SET filters = :filters WHERE thread_id = :id AND owner = :owner",
            filters=encode_conditions(filters), id=thread_id, owner=self.owner,
        )  # fmt: skip

    def choose_model(self, thread_id: str, model: str) -> None:
        """Let another model word the next answers; see Thread."""
        self._execute(
            thread_id,
            "UPDATE threads SET model = :model WHERE thread_id = :id AND owner = :owner",
            model=model, id=thread_id, owner=self.owner,
        )  # fmt: skip

    def delete(self, thread_id: str) -> None:
        """Remove a conversation with all in it.

        Raises:
            LibraryError: The file takes no change, so it would come back.
        """
        self._bring_back()
        with self._open() as connection:
            connection.execute(
                text("DELETE FROM threads WHERE thread_id = :id AND owner = :owner"),
                {"id": thread_id, "owner": self.owner},
            )
        self._unkept.pop(thread_id, None)

    # --- parts of changes ---------------------------------------------------------------------

    def _update_change_time(self, connection: Connection, thread_id: str) -> None:
        changed = connection.execute(
            text("UPDATE threads SET changed_at = :now WHERE thread_id = :id AND owner = :owner"),
            {"now": now(), "id": thread_id, "owner": self.owner},
        )
        if not changed.rowcount:
            raise _build_not_found(thread_id)

    def _update_search_text(self, connection: Connection, thread_id: str) -> None:
        texts = connection.execute(
            text(
                "SELECT name FROM threads WHERE thread_id = :id "
                "UNION ALL SELECT question FROM turns WHERE thread_id = :id"
            ),
            {"id": thread_id},
        ).scalars()
        connection.execute(
            text("UPDATE threads SET folded = :folded WHERE thread_id = :id"),
            {"folded": fold("\n".join(texts)), "id": thread_id},
        )


def _build_turn(
    ordinal: int,
    question: str,
    asked_at: str,
    words: str,
    frozen: str | None,
    verdict: OpinionVerdict | None,
    reason: str,
) -> StoredTurn:
    """A row as a turn; an answer of a version too far from ours keeps its words alone."""
    answer = None
    if frozen is not None:
        with suppress(ValueError):
            answer = _thawed(frozen)
    opinion = Opinion(verdict, reason) if verdict else None
    return StoredTurn(ordinal, question, asked_at, words, answer, opinion)


_thawed = lru_cache(maxsize=KEPT_ANSWERS)(decode_answer)
"""Cached, since answers are frozen and a long thread is read at each step."""


def _make_thread_name(text: str) -> str:
    return make_excerpt(" ".join(text.split()), NAME_WORDS)[:NAME_CHARS]


def _build_not_found(thread_id: str) -> NotFound:
    return NotFound(f"there is no conversation {thread_id!r} here; it may have been deleted")
