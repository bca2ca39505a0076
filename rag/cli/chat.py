"""The chat in the terminal, one question a line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, get_args

from rag.cli.format import DIM_STYLE, apply_colour, iter_paper_lines, print_answer_stream
from rag.text import ensure_encodable
from rag.types import ReadAs, Thread, Turn
from rag.types.errors import RagError, ReadError

if TYPE_CHECKING:
    from rag.app.assistant import Assistant

HELP = """\
/sources      the papers behind the last answer, whole
/open N       the paper cited as [N], whole
/copy         the last answer with its sources, to the clipboard
/save FILE    the conversation as .md or .json, its papers as .bib or .ris
/filter LINE  ask about papers such as: year >= 2023 and code; "off" ends it
/examples     questions worth asking
/as ROUTE     read the last question as content, experts, person or catalogue
/new          forget the conversation
/quit         leave (or Ctrl-D); Ctrl-C ends an answer, and clears the line"""
_LEAVING = ("quit", "exit", "/quit", "/exit", "/q")


def run_terminal_chat(
    assistant: Assistant, inp: TextIO, out: TextIO, err: TextIO, model: str = ""
) -> None:
    """Read questions until the input ends or ``/quit``; each is asked in the thread so far."""
    has_reader = inp.isatty() and out.isatty()
    chat = TerminalChat(assistant, out, err, model)
    if has_reader:
        _init_line_editing(chat)
        settings = assistant.settings
        answering = settings.copy_with_model(model)
        mode = answering.chat_model_name if answering.generative else "extractive, no model"
        out.write(
            apply_colour(f"{assistant.library.n_papers} papers · {mode} · /help\n", DIM_STYLE, out)
        )
    while (line := _read(inp, out, has_reader)) is not None and line.lower() not in _LEAVING:
        chat.process_line(line)


def _read(inp: TextIO, out: TextIO, has_reader: bool) -> str | None:
    """The next line; None at the end of the input. Ctrl-C clears what was typed."""
    if has_reader and inp is sys.stdin:
        while True:
            try:
                return ensure_encodable(input("\n› ")).strip()
            except KeyboardInterrupt:
                out.write("\n")
            except EOFError:
                out.write("\n")
                return None
    line = inp.readline()
    return ensure_encodable(line).strip() if line else None


def _init_line_editing(chat: TerminalChat) -> None:
    """History and editing of lines, and Tab for commands, where the platform has them."""
    try:
        import readline
    except ImportError:
        return
    names = sorted(chat.commands)

    def complete(text: str, n: int) -> str | None:
        fitting = [name for name in names if name.startswith(text)] if text[:1] == "/" else []
        return fitting[n] if n < len(fitting) else None

    readline.set_auto_history(True)
    readline.set_completer_delims(" ")
    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")


class TerminalChat:
    """One conversation, its questions and its commands."""

    def __init__(self, assistant: Assistant, out: TextIO, err: TextIO, model: str = "") -> None:
        self.thread = Thread(model=model)
        self._assistant, self._out, self._err = assistant, out, err
        self.commands: dict[str, Callable[[str], None]] = {
            "/sources": self._show_sources,
            "/open": self._show_source,
            "/copy": self._copy,
            "/save": self._save,
            "/filter": self._filter,
            "/examples": self._show_examples,
            "/as": self._ask_again,
            "/new": self._begin_anew,
            "/help": lambda _: self._say(HELP),
        }

    def process_line(self, line: str) -> None:
        """Answer a question, or carry out a command; what goes wrong is said."""
        if not line.startswith("/"):
            self.thread = self._ask(line, self.thread) if line else self.thread
            return
        name, _, rest = line.partition(" ")
        try:
            if (command := self.commands.get(name)) is None:
                matches = get_close_matches(name, self.commands, n=1)
                guess = f"did you mean {matches[0]}?" if matches else "/help lists what there is"
                raise ReadError(f"there is no command {name}; {guess}")
            command(rest.strip())
        except (RagError, OSError) as exc:
            self._err.write(f"paperfolk: {exc}\n")

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")

    # --- questions ------------------------------------------------------------------------

    def _ask(self, question: str, thread: Thread, read_as: ReadAs | None = None) -> Thread:
        """Print the answer and return the thread with it; the thread unchanged if there was no answer."""
        try:
            events = self._assistant.stream(question, thread, read_as)
            answer = print_answer_stream(
                events, self._assistant.library, self._out, self._err, again="/as"
            )
        except RagError as exc:
            self._err.write(f"paperfolk: {exc}\n")
            return thread
        except KeyboardInterrupt:  # ends the answer, not the conversation
            self._err.write("\npaperfolk: stopped\n")
            return thread
        return thread.add_turn(Turn(question, answer)) if answer.status != "failed" else thread

    def _ask_again(self, wanted: str) -> None:
        """The last question once more, read in another way; an answer takes the place of the first."""
        last = self._get_last_turn()
        for read_as in get_args(ReadAs):
            if wanted == read_as:
                before = replace(self.thread, turns=self.thread.turns[:-1])
                after = self._ask(last.question, before, read_as)
                self.thread = self.thread if after is before else after
                return
        raise ReadError(
            f"{wanted!r} is no reading; write /as and one of: {', '.join(get_args(ReadAs))}"
        )

    def _get_last_turn(self) -> Turn:
        if not self.thread.turns:
            raise ReadError("nothing was asked yet; type a question first")
        return self.thread.turns[-1]

    def _begin_anew(self, _: str) -> None:
        self.thread = replace(self.thread, turns=())
        self._say("new conversation")

    def _show_examples(self, _: str) -> None:
        self._out.writelines(f"{question}\n" for question in self._assistant.examples())

    def _filter(self, line: str) -> None:
        """Say or set the conditions on papers that the conversation is about."""
        from rag.answers.filtered_library import format_filters
        from rag.types.query_parser import read_conditions

        if line:
            conditions = () if line == "off" else read_conditions(line)
            self.thread = replace(self.thread, filters=conditions)
        filters = self.thread.filters
        scope = f"answers from papers {format_filters(filters)}" if filters else "answers from all"
        self._say(scope)

    # --- papers ---------------------------------------------------------------------------

    def _show_sources(self, _: str) -> None:
        self._show_papers([c.paper_id for c in self._get_last_turn().answer.citations])

    def _show_source(self, marker: str) -> None:
        citations = self._get_last_turn().answer.citations
        self._show_papers([c.paper_id for c in citations if str(c.marker) == marker.strip("[]")])

    def _show_papers(self, ids: list[str]) -> None:
        if not ids:
            raise ReadError("the last answer has no such source; /open takes a number, such as 1")
        for paper in self._assistant.library.list_papers(list(dict.fromkeys(ids))):
            self._out.writelines(f"{text}\n" for text in (*iter_paper_lines(paper, self._out), ""))

    # --- taking it along ------------------------------------------------------------------

    def _copy(self, _: str) -> None:
        from rag.app.conversation_export import answer_markdown
        from rag.cli.clipboard import copy_text

        answer = self._get_last_turn().answer
        papers = self._assistant.library.list_papers({c.paper_id for c in answer.citations})
        self._say(copy_text(answer_markdown(answer, papers), self._out))

    def _save(self, name: str) -> None:
        """Write the conversation to a new file, in the form that its ending names."""
        from rag.app.conversation_export import EXPORT_FORMS, list_cited_papers
        from rag.app.conversation_file import now
        from rag.app.conversations import StoredThread, StoredTurn

        self._get_last_turn()
        writers = {suffix: write for suffix, _, write in EXPORT_FORMS.values()}
        path = Path(name).expanduser()
        if path.suffix not in writers:
            raise ReadError(f"{name!r} does not say in which form; end it in {', '.join(writers)}")
        turns = [
            StoredTurn(n, turn.question, now(), "", turn.answer)
            for n, turn in enumerate(self.thread.turns, 1)
        ]
        headline = turns[0].question
        conversation = StoredThread("terminal", headline, now(), tuple(turns), self.thread.filters)
        papers = self._assistant.library.list_papers(list_cited_papers(conversation))
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(writers[path.suffix](conversation, papers))
        except FileExistsError as exc:
            raise ReadError(f"{str(path)!r} is there already; choose another name") from exc
        self._say(f"saved as {path}")
