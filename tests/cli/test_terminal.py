"""What people type: questions without quotes, pipes, slips; and what a terminal adds: pages, a chat."""

from __future__ import annotations

import csv
import io
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shtab

from rag.app.assistant import Assistant
from rag.cli.chat import TerminalChat
from rag.cli.clipboard import copy_text
from rag.cli.doctor_report import iter_doctor_lines
from rag.cli.main import build_parser, main
from rag.cli.paging import open_paged
from rag.types.errors import ReadError
from tests.cli.test_format import Terminal


@pytest.fixture(autouse=True)
def data(library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands in this process answer from the ingested seeds."""
    monkeypatch.setenv("PAPERFOLK_DATA", str(library_data))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    return library_data


def printed(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main(list(args)) == 0
    return capsys.readouterr().out


# --- what is typed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        (["ask", "what", "is", "DuetFace"], ["ask", "what is DuetFace"]),
        (["who", "face", "anti-spoofing", "-n", "2"], ["who", "face anti-spoofing", "-k", "2"]),
        (["person", "Daichi", "Zhang"], ["person", "Daichi Zhang"]),
        (["query", "count", "papers", "where", "code"], ["query", "count papers where code"]),
    ],
)
def test_words_need_no_quotes(
    words: list[str], quoted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, *words) == printed(capsys, *quoted)


def test_who_takes_what_everyone_types(capsys: pytest.CaptureFixture[str]) -> None:
    plain = printed(capsys, "who", "diffusion", "-k", "3")
    assert printed(capsys, "who", "works", "on", "diffusion", "-k", "3") == plain
    since = printed(capsys, "who", "works", "on", "diffusion", "since", "2024", "-k", "3")
    assert "from 2024 or later" in since.splitlines()[0]
    assert "Yuxi Mi" in printed(capsys, "who", "wrote", "DuetFace")


def test_questions_and_topics_take_the_options_of_papers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = printed(capsys, "ask", "How many papers have code?", "--year", "2024").splitlines()
    assert told[0] == "Among 37 of 169 papers (from 2024):"
    ranked = printed(capsys, "who", "diffusion", "--year", "2024", "-k", "2")
    assert printed(capsys, "who", "works", "on", "diffusion", "in", "2024", "-k", "2") == ranked
    assert main(["ask", "--batch", "in.jsonl", "--out", "out.jsonl", "--code"]) == 2
    assert "conditions on papers" in capsys.readouterr().err


def test_a_model_is_chosen_among_those_that_are_configured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")  # nobody is there
    quoted = printed(capsys, "ask", "--model", "extractive", "what", "is", "DuetFace")
    assert "Note: " not in quoted
    told = printed(capsys, "ask", "--model", "other", "hello")
    assert "other is not offered by these settings; answered by gpt-4o-mini" in told


@pytest.mark.parametrize("args", [["ask"], ["ask", "-"]])
def test_a_question_may_be_piped_in(
    args: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = printed(capsys, "ask", "What is DuetFace?")
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is\nDuetFace?\n"))
    assert printed(capsys, *args) == expected


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["aks", "x"], "there is no command 'aks'; did you mean ask?"),
        (["serv"], "did you mean serve?"),
        (["what", "is", "x"], "to ask a question, write: paperfolk ask what …"),
        (["xyzzy"], "there is no command 'xyzzy'; to ask a question"),
        (["papers", "--yaer", "2020"], "there is no option '--yaer'; did you mean --year?"),
        (["papers", "--zzz"], "there is no option '--zzz'"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(
    args: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(args)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_knows_every_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = printed(capsys, "completion", shell)
    assert all(name in script for name in build_parser().find_commands())
    assert shtab.FILE[shell] in script and shtab.DIRECTORY[shell] in script
    if shell == "bash":
        code = f"{script}\nCOMP_WORDS=(paperfolk who --ex); COMP_CWORD=2; _shtab_paperfolk; echo ${{COMPREPLY[*]}}"
        done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
        assert (done.stdout.strip(), done.stderr) == ("--explain", "")


# --- papers and doctor ----------------------------------------------------------------------


def test_papers_are_cut_to_n_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    *rows, last = printed(capsys, "papers", "--year", "2021", "-n", "2").splitlines()
    assert (len(rows), last) == (2, "3 of 169 papers; shown are 2")


def test_papers_are_exported(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("papers", "--year", "2021")
    assert printed(capsys, *chosen, "--bibtex").count("@misc{") == 3
    assert printed(capsys, *chosen, "--ris").count("ER  - ") == 3
    rows = list(csv.DictReader(io.StringIO(printed(capsys, *chosen, "--csv"))))
    assert [row["year"] for row in rows] == ["2021"] * 3


def test_doctor_says_first_what_is_wrong_and_last_what_nobody_set() -> None:
    state = {
        "wrong": ["embedder: its files are not here"],
        "versions": {"python": "3.11"},
        "settings": {"data": "mine (PAPERFOLK_DATA)", "port": "8501 (default)"},
        "library": {"state": "in step", "papers": 3},
        "embedder": {"state": "its files are not here"},
        "chat model": {"state": "none"},
        "tracing": {"state": "off"},
    }
    lines = list(iter_doctor_lines(state, io.StringIO(), lists_all=False))
    assert lines[0] == "✗ embedder: its files are not here"
    assert [line[:10] for line in lines[1:] if line.startswith(("✓", "✗"))] == [
        "✓ library ", "✗ embedder", "✓ chat mod", "✓ tracing ",
    ]  # fmt: skip
    text = "\n".join(lines)
    assert "PAPERFOLK_DATA" in text and "port" not in text and "1 more have their defaults" in text
    assert "port" in "\n".join(iter_doctor_lines(state, io.StringIO(), lists_all=True))
    (first, *_) = iter_doctor_lines({**state, "wrong": []}, io.StringIO(), lists_all=False)
    assert first == "✓ questions can be answered"


# --- pages ----------------------------------------------------------------------------------


def page(n_lines: int, monkeypatch: pytest.MonkeyPatch, pager: str) -> str:
    for name, value in (("PAGER", pager), ("LINES", "10"), ("COLUMNS", "80"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    out = Terminal()
    with open_paged(out) as stream:
        assert stream.isatty()
        stream.write("a line\n" * n_lines)
    return out.getvalue()


def test_only_what_is_longer_than_the_terminal_is_paged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {kept}\n", "utf-8")
    pager.chmod(0o755)
    assert page(9, monkeypatch, str(pager)).count("a line") == 9 and not kept.exists()
    assert page(30, monkeypatch, str(pager)) == ""
    assert kept.read_text("utf-8").count("a line") == 30


@pytest.mark.parametrize("pager", ["", "no-such-pager", "false"])
def test_nothing_is_lost_without_a_pager(pager: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page(30, monkeypatch, pager).count("a line") == 30


# --- the chat -------------------------------------------------------------------------------


@pytest.fixture
def chat(assistant: Assistant) -> TerminalChat:
    return TerminalChat(assistant, io.StringIO(), io.StringIO())


def said(chat: TerminalChat, *lines: str) -> tuple[str, str]:
    """What the chat writes to its two streams after all lines but the last, on which it answers."""
    for line in lines[:-1]:
        chat.process_line(line)
    streams: list[Any] = [chat._out, chat._err]
    before = [len(stream.getvalue()) for stream in streams]
    chat.process_line(lines[-1])
    out, err = (s.getvalue()[n:] for s, n in zip(streams, before, strict=True))
    return out, err


def test_a_conversation_is_saved_in_the_form_of_its_name(
    chat: TerminalChat, tmp_path: Path
) -> None:
    path = tmp_path / "talk.md"
    assert said(chat, "What is DuetFace?", f"/save {path}") == (f"saved as {path}\n", "")
    text = path.read_text("utf-8")
    assert text.startswith("# What is DuetFace?") and "- [1] DuetFace" in text
    assert said(chat, f"/save {tmp_path / 'talk.bib'}")[1] == ""
    assert "@misc{" in (tmp_path / "talk.bib").read_text("utf-8")
    assert "is there already; choose another name" in said(chat, f"/save {path}")[1]
    assert path.read_text("utf-8") == text
    assert "end it in .md, .json, .bib, .ris" in said(chat, "/save talk.doc")[1]
    assert "No such file" in said(chat, f"/save {tmp_path}/no/talk.md")[1]


def test_a_filter_holds_until_it_is_ended(chat: TerminalChat) -> None:
    whole, _ = said(chat, "How many papers have code?")
    told, _ = said(chat, "/filter year = 2024")
    assert told == "answers from papers from 2024\n"
    narrow, _ = said(chat, "How many papers have code?")
    assert narrow.splitlines()[0] != whole.splitlines()[0]
    assert said(chat, "/new", "/filter")[0] == told
    assert said(chat, "/filter off")[0] == "answers from all\n"
    assert "there is no field 'colour'" in said(chat, "/filter colour = red")[1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/fitler x", "there is no command /fitler; did you mean /filter?"),
        ("/zzz", "there is no command /zzz; /help lists what there is"),
        ("/copy", "nothing was asked yet"),
        ("/save talk.md", "nothing was asked yet"),
        ("/open 1", "nothing was asked yet"),
        ("/as content", "nothing was asked yet"),
    ],
)
def test_a_command_that_cannot_be_is_one_sentence(
    line: str, sentence: str, chat: TerminalChat
) -> None:
    out, err = said(chat, line)
    assert out == "" and err.startswith(f"paperfolk: {sentence}") and err.count("\n") == 1


def test_an_answer_is_copied_by_a_program_or_by_the_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReadError, match="/save FILE"):
        copy_text("words", io.StringIO())
    screen = Terminal()
    assert copy_text("words", screen) == "copied, if this terminal allows it"
    assert screen.getvalue() == "\x1b]52;c;d29yZHM=\x07"
    program = tmp_path / "wl-copy"
    program.write_text(f"#!/bin/sh\n/bin/cat > {tmp_path}/kept\n", "utf-8")
    program.chmod(0o755)
    assert copy_text("words", io.StringIO()) == "copied"
    assert (tmp_path / "kept").read_text("utf-8") == "words"


def test_ctrl_c_clears_the_line_and_tab_completes_a_command() -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "rag", "chat"], stdin=theirs, stdout=theirs, stderr=theirs,
        env=environ, start_new_session=True, preexec_fn=_own_terminal,
    ) as chat:  # fmt: skip
        os.close(theirs)
        read = _build_reader(ours)
        try:
            read("› ")
            os.write(ours, b"half a question\x03")
            read("› ", "\n", b"\x03")
            os.write(ours, b"/exa\t\n")
            read("› ", "?")
            os.write(ours, b"/quit\n")
            assert chat.wait(60) == 0
        finally:
            chat.kill()  # or a failure waits for a chat that waits for words
    os.close(ours)


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _build_reader(ours: int) -> Callable[..., None]:
    """Reads a terminal until it has shown some words and ends as is given.

    Python notices a press between its prompt and the first wait for a key with the next key: like a
    person, ``press`` again where nothing happens.
    """

    def read(end: str, words: str = "", press: bytes = b"") -> None:
        text, shown, n_waits = "", b"", 0
        while not (words in text and text.endswith(end)):
            while not select.select([ours], [], [], 5)[0]:
                n_waits += 1
                assert n_waits < 12, f"nothing more after {text!r}"
                os.write(ours, press)
            shown += os.read(ours, 65536)  # a letter, or a code, may come in two parts
            text = re.sub(r"\x1b\[\??[\d;]*[A-Za-z]", "", shown.decode(errors="replace"))

    return read
