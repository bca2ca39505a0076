"""The chat in the terminal, one question a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO, get_args

from rag.cli.format import (
    BOLD_STYLE,
    DIM_STYLE,
    apply_colour,
    iter_paper_lines,
    print_answer_stream,
)
from rag.text import ensure_encodable
from rag.types import ReadAs, Thread, Turn
from rag.types.errors import RagError

if TYPE_CHECKING:
    from rag.app.assistant import Assistant

HELP = """\
/sources    the papers behind the last answer, whole
/open N     the paper cited as [N], whole
/examples   questions worth asking
/as ROUTE   read the last question as content, experts, person or catalogue
/new        forget the conversation
/quit       leave (or Ctrl-D); Ctrl-C ends an answer"""


def run_terminal_chat(assistant: Assistant, inp: TextIO, out: TextIO, err: TextIO) -> None:
    """Read questions until the input ends or ``/quit``; each is asked in the thread so far."""
    person = inp.isatty() and out.isatty()
    if person:
        _init_line_editing()
        settings = assistant.settings
        mode = settings.chat_model_name if settings.generative else "extractive, no model"
        out.write(
            apply_colour(f"{assistant.library.n_papers} papers · {mode} · /help\n", DIM_STYLE, out)
        )
    thread = Thread()
    while (line := _read(inp, out, person)) is not None:
        if line.lower() in ("quit", "exit"):
            return
        if line.startswith("/"):
            if line in ("/quit", "/exit", "/q"):
                return
            if line.split()[0] == "/as":
                thread = _ask_again(assistant, line[3:].strip(), thread, out, err)
            else:
                thread = _run_command(assistant, line, thread, out)
        elif line:
            thread = _ask(assistant, line, thread, out, err)


def _ask_again(
    assistant: Assistant, wanted: str, thread: Thread, out: TextIO, err: TextIO
) -> Thread:
    """The last question once more, read in another way; an answer takes the place of the first."""
    if not thread.turns:
        out.write("nothing was asked yet; type a question first\n")
        return thread
    for read_as in get_args(ReadAs):
        if wanted == read_as:
            before = Thread(thread.turns[:-1])
            after = _ask(assistant, thread.turns[-1].question, before, out, err, read_as)
            return thread if after is before else after
    out.write(f"{wanted!r} is no reading; write /as and one of: {', '.join(get_args(ReadAs))}\n")
    return thread


def _read(inp: TextIO, out: TextIO, person: bool) -> str | None:
    if person and inp is sys.stdin:
        try:
            return ensure_encodable(input("\n› ")).strip()
        except EOFError:
            out.write("\n")
            return None
    line = inp.readline()
    return ensure_encodable(line).strip() if line else None


def _init_line_editing() -> None:
    try:
        import readline  # gives input() history and line editing
    except ImportError:  # not on every platform
        return
    readline.set_auto_history(True)


def _ask(
    assistant: Assistant,
    question: str,
    thread: Thread,
    out: TextIO,
    err: TextIO,
    read_as: ReadAs | None = None,
) -> Thread:
    try:
        events = assistant.stream(question, thread, read_as)
        answer = print_answer_stream(events, assistant.library, out, err, again="/as")
    except RagError as exc:
        err.write(f"paperfolk: {exc}\n")
        return thread
    except KeyboardInterrupt:  # ends the answer, not the conversation
        err.write("\npaperfolk: stopped\n")
        return thread
    return thread.add_turn(Turn(question, answer)) if answer.status != "failed" else thread


def _run_command(assistant: Assistant, line: str, thread: Thread, out: TextIO) -> Thread:
    name, _, rest = line.partition(" ")
    citations = thread.turns[-1].answer.citations if thread.turns else ()
    if name == "/new":
        out.write("new conversation\n")
        return Thread()
    if name == "/examples":
        out.writelines(f"{question}\n" for question in assistant.examples())
    elif name in ("/sources", "/open"):
        ids = [c.paper_id for c in citations if name == "/sources" or str(c.marker) == rest.strip()]
        if not ids:
            out.write("no such source; ask something first, then /open 1\n")
        for paper in assistant.library.list_papers(list(dict.fromkeys(ids))):
            out.writelines(f"{text}\n" for text in (*iter_paper_lines(paper, out), ""))
    else:
        out.write(apply_colour(HELP, BOLD_STYLE if name != "/help" else "0", out) + "\n")
    return thread
