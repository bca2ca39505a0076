"""Progress: a bar on a terminal, and few lines where nobody watches."""

from __future__ import annotations

import sys

import pytest

from eval.run.progress import BAR_WIDTH, ProgressBar, draw_bar


@pytest.mark.parametrize(
    ("done", "total", "n"), [(0, 4, 0), (1, 4, BAR_WIDTH // 4), (4, 4, BAR_WIDTH), (5, 4, BAR_WIDTH), (0, 0, BAR_WIDTH)]
)  # fmt: skip
def test_the_bar_shows_the_share_that_is_done(done: int, total: int, n: int) -> None:
    assert draw_bar(done, total) == "█" * n + "░" * (BAR_WIDTH - n)


def test_a_terminal_gets_one_line_drawn_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = ProgressBar()
    progress("questions", 1, 2)
    progress("questions", 2, 2)
    told = capsys.readouterr().err
    assert (told.count("\r"), told.count("\n"), "█ questions 2/2" in told) == (2, 1, True)


def test_without_a_terminal_there_is_a_line_at_both_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = ProgressBar()
    for done in range(1, 101):
        progress("questions", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ")[1] for line in lines] == ["1/100", "100/100"]
