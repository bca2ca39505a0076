"""A terminal gets colours and bars; a pipe gets plain text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.cli.format import (
    format_spent_line,
    is_coloured,
    open_progress,
    print_answer_stream,
)
from rag.cli.markdown import (
    PlainWriter,
    TerminalWriter,
    open_answer_writer,
    remove_control_characters,
)
from rag.types import Alternative, Answer, Delta, Event, Query, Reading, SaidSentence, Step, Usage
from rag.types.query import Topic


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def shown(out: io.StringIO, *deltas: str) -> str:
    writer = open_answer_writer(out, is_terminal=is_coloured(out))
    for delta in deltas:
        writer.write_piece(delta)
    writer.close()
    return out.getvalue()


def rendered(text: str) -> str:
    """What a terminal shows of a whole text, without colours."""
    out = Terminal()
    writer = TerminalWriter(out)
    writer.write_piece(text, is_last=True)
    writer.close()
    return re.sub(r"\x1b\[[\d;]*m", "", out.getvalue())


def draw(output: str) -> list[str]:
    """The lines that a terminal holds after an output with moves of the cursor."""
    lines, at = [""], 0
    for token in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", output):
        if token == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif token == "\x1b[1A":
            at -= 1
        elif token == "\x1b[2K":
            lines[at] = ""
        elif token[0] not in "\x1b\r":
            lines[at] += token
    return lines


def test_a_pipe_gets_the_words_without_escapes() -> None:
    assert shown(io.StringIO(), "**A** says x\\_1 [1]") == "**A** says x_1 [1]\n"


def test_a_terminal_gets_markdown_rendered_and_markers_in_colour() -> None:
    out = Terminal()
    writer = TerminalWriter(out)
    writer.write_piece("**A** and *b* [12]", is_last=True)
    writer.close()
    assert out.getvalue() == "\x1b[1mA\x1b[0m and \x1b[3mb\x1b[0m \x1b[36m[12]\x1b[39m\n"


def test_words_stay_whole_at_the_edge_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = rendered("word " * 30).splitlines()
    assert len(lines) > 3 and set(" ".join(lines).split()) == {"word"}
    assert max(map(len, lines)) <= 40


TABLE = "| Paper | Result |\n|---|---|\n| A | “x \\| y” [1] |"


def test_a_table_is_one_where_its_words_fit_and_a_list_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert re.search(r"A +“x \| y” \[1\]", rendered(TABLE))
    monkeypatch.setenv("COLUMNS", "40")
    assert rendered(TABLE) == "A\n\n • Result: “x | y” [1]\n"


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(Terminal(), "**A** [1]")


PIECES = st.lists(st.integers(0, 30), max_size=4)


@given(st.text(alphabet="*[]12\\_a \n", max_size=30), PIECES)
def test_how_the_words_are_cut_into_deltas_does_not_show_in_a_pipe(
    text: str, cuts: list[int]
) -> None:
    edges = [0, *sorted(cuts), len(text)]
    deltas = [text[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert shown(io.StringIO(), *deltas) == shown(io.StringIO(), text)


@settings(max_examples=30)
@given(PIECES)
def test_how_the_words_are_cut_does_not_stay_on_a_terminal(cuts: list[int]) -> None:
    text = "First **A** [1].\n\n- one *b*\n- two\n\nLast."
    edges = [0, *sorted(cuts), len(text)]
    deltas = [text[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert draw(shown(Terminal(), *deltas)) == draw(rendered(text))


def test_control_characters_of_papers_do_not_reach_the_terminal() -> None:
    assert remove_control_characters("a\x1b[31mb\r\x07c\td\n") == "a[31mbc\td\n"


def test_progress_in_a_pipe_is_plain_lines_and_few() -> None:
    err = io.StringIO()
    with open_progress(err) as report:
        for n in range(1, 101):
            report("asked", n, 100)
    lines = err.getvalue().splitlines()
    assert lines[-1] == "asked: 100 of 100"
    assert len(lines) == 11


def test_steps_vanish_before_the_first_word_and_never_overwrite_words() -> None:
    screen = Terminal()
    answer = Answer("q", "answered", "content", "two words")
    events = [Step("searching"), Delta("two "), Step("checking"), Delta("words"), answer]
    print_answer_stream(events, None, screen, screen)  # type: ignore[arg-type]
    steps, words = screen.getvalue().rsplit("\r\x1b[K", 1)
    assert "searching" in steps
    assert draw(words) == ["two words", ""]


def test_an_answer_given_up_leaves_the_cursor_as_it_was() -> None:
    screen = Terminal()

    def stop() -> Iterator[Event]:
        yield Delta("two words")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_answer_stream(stop(), None, screen, screen)  # type: ignore[arg-type]
    assert screen.getvalue().rindex("\x1b[?25h") > screen.getvalue().rindex("\x1b[?25l")


def test_an_answer_that_comes_without_deltas_is_written_all_the_same() -> None:
    out, err = io.StringIO(), io.StringIO()
    print_answer_stream([Answer("q", "answered", "content", "all")], None, out, err)  # type: ignore[arg-type]
    assert (out.getvalue(), err.getvalue()) == ("all\n", "")


@pytest.mark.parametrize("by", ["judge", ""])
def test_marks_that_came_after_the_words_are_written_below_them(by: str) -> None:
    said = (SaidSentence("A.", "supported", (1,)), SaidSentence("B.", "not_found"))
    answer = Answer(
        "q", "answered", "content", "A. B. (unverified)", verified_by=by, sentences=said
    )
    out = io.StringIO()
    print_answer_stream([Delta("A. B."), answer], None, out, io.StringIO())  # type: ignore[arg-type]
    assert out.getvalue().startswith("A. B.\n\n(unverified) B.\n")
    out = io.StringIO()
    print_answer_stream([Delta(answer.text), answer], None, out, io.StringIO())  # type: ignore[arg-type]
    assert out.getvalue().count("(unverified)") == 1


def test_the_last_line_says_how_the_question_was_read_and_how_else_it_can_be() -> None:
    out = io.StringIO()
    query = Query("people", about=Topic("q"))
    reading = Reading(query, "q", reason="it looks for people on a topic")
    other = Alternative("content", "what papers say about drones")
    answer = Answer("q", "answered", "experts", "Ann", reading=reading, other=other)
    print_answer_stream([answer], None, out, io.StringIO(), again="/as")  # type: ignore[arg-type]
    assert out.getvalue().splitlines()[-1] == (
        "Read as a search for people: it looks for people on a topic; /as content: what papers say about drones"
    )


def test_what_a_model_cost_stands_under_its_answer() -> None:
    asked = Answer(
        "q", "answered", "content", "A.", model="m", latency_ms=2_140.0, first_words_ms=640.0,
        usage=Usage(1_200, 30, 0.00031),
    )  # fmt: skip
    assert format_spent_line(asked) == "m: 1,230 tokens, $0.0003, first words after 0.6 s, 2.1 s"
    guessed = replace(asked, usage=Usage(1_200, 30, estimated=True), first_words_ms=None)
    assert format_spent_line(guessed) == "m: about 1,230 tokens, 2.1 s"
    kept = replace(asked, usage=Usage(), cached=True)
    assert format_spent_line(kept) == "m: from the cache, first words after 0.6 s, 2.1 s"
    assert format_spent_line(replace(asked, usage=Usage())) == ""
    said = (SaidSentence("A.", "supported", (1,)), SaidSentence("B.", "not_found"))
    assert format_spent_line(replace(guessed, sentences=said)).endswith(
        "2.1 s, figures and names checked: 1 unverified"
    )


@given(st.lists(st.integers(0, 80), max_size=5))
def test_a_row_of_a_table_is_a_block_however_its_text_comes(cuts: list[int]) -> None:
    table = "Side by side:\n\n| Paper | Result |\n|---|---|\n| A | “x \\| y” [1] |\n| B | none |\n\nEnd.\n"
    out = io.StringIO()
    streamer = PlainWriter(out)
    at = [0, *sorted(cuts), len(table)]
    for start, end in zip(at, at[1:], strict=False):
        streamer.write_piece(table[start:end])
    streamer.close()
    assert out.getvalue() == (
        "Side by side:\n\nA\n  Result: “x | y” [1]\n\nB\n  Result: none\n\n\nEnd.\n"
    )


def test_what_a_model_looked_up_stands_below_the_answer() -> None:
    out = io.StringIO()
    steps = (("searching 3 papers", 1.0), ('look-up 1: passages: "tides"', 2.0), ("asking m", 3.0))
    answer = Answer("q", "answered", "content", "all", steps=steps)
    print_answer_stream([answer], None, out, io.StringIO())  # type: ignore[arg-type]
    assert out.getvalue().splitlines().count('look-up 1: passages: "tides"') == 1
    assert "searching" not in out.getvalue() and "asking" not in out.getvalue()
