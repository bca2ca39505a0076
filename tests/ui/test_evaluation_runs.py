"""Evaluation runs as the Quality page reads, compares and draws them."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag.app.evaluation_process import EvaluationProcess
from rag.types.errors import ReadError
from ui.views import evaluation_plots, evaluation_runs

SCREEN = Path(evaluation_plots.__file__).parents[1] / "screens" / "quality.py"


def written(
    data: Path, name: str, begun: str, outcomes: dict[str, str], mean: float = 0.5, **more: Any
) -> Path:
    """A run of one kind, ``fact``, whose questions came to ``outcomes``."""
    folder = data / "evaluations" / name
    folder.mkdir(parents=True)
    counted = {name: list(outcomes.values()).count(name) for name in evaluation_runs.OUTCOMES}
    summary = {
        "run": {"begun": begun, "revision": "abcdef0123", "set": {"name": "development"}},
        "overall": {"macro": mean, "latency_p50_ms": 40.0, "cost_usd": None},
        "kinds": {
            "fact": {
                "failed": {"mean": 0.0, "low": 0.0, "high": 0.0, "n": 2},
                "correct": {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 2},
                "R@1": {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 2},
            }
        },
        "outcomes": {"fact": counted},
        "new": "unknown fields are passed over",
        **more,
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    scores = [
        {"question_id": key, "kind": "fact", "outcome": outcome, "values": {}, "faults": []}
        for key, outcome in outcomes.items()
    ]
    records = [{"id": key, "question": f"What of {key}?"} for key in outcomes]
    for file, rows in (("scores.jsonl", scores), ("records.jsonl", records)):
        (folder / file).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder


def test_the_newest_run_comes_first_and_a_broken_one_is_named(tmp_path: Path) -> None:
    written(tmp_path, "b", "2026-01-02T10:00:00+00:00", {"q": "right"})
    written(tmp_path, "a", "2026-01-03T10:00:00+00:00", {"q": "right"})
    (written(tmp_path, "c", "", {}) / "summary.json").write_text('{"run": 1}', encoding="utf-8")
    found, problems = evaluation_runs.list_runs(tmp_path)
    assert [run.folder.name for run in found] == ["a", "b"]
    assert found[0].name == "2026-01-03 10:00, development, abcdef0"
    assert len(problems) == 1 and "evaluations/c" in problems[0]


def test_no_folder_is_no_run(tmp_path: Path) -> None:
    assert evaluation_runs.list_runs(tmp_path) == ([], [])


def test_the_figure_that_stands_for_a_kind_is_the_one_told_or_the_correct_share(
    tmp_path: Path,
) -> None:
    plain = evaluation_runs.read_run(written(tmp_path, "a", "", {"q": "right"}))
    told = evaluation_runs.read_run(
        written(tmp_path, "b", "", {"q": "right"}, decisive={"fact": "R@1"})
    )
    assert plain.get_main_figure("fact").mean == 0.5  # type: ignore[union-attr]
    assert told.get_main_figure("fact").mean == 1.0  # type: ignore[union-attr]
    assert told.get_main_figure("person") is None


def test_turned_questions_are_those_of_both_runs_that_came_to_something_else(
    tmp_path: Path,
) -> None:
    one = {"same": "right", "won": "wrong", "lost": "right", "old": "right"}
    two = {"same": "right", "won": "right", "lost": "abstained", "new": "right"}
    before = evaluation_runs.read_run(written(tmp_path, "a", "1", one))
    after = evaluation_runs.read_run(written(tmp_path, "b", "2", two))
    found = evaluation_runs.list_changed_questions(before, after)
    assert [(c.question, c.before, c.after, c.better) for c in found] == [
        ("What of won?", "wrong", "right", True),
        ("What of lost?", "right", "abstained", False),
    ]


def test_a_line_separator_inside_a_question_ends_no_line_of_a_run(tmp_path: Path) -> None:
    before = evaluation_runs.read_run(written(tmp_path, "a", "1", {"q": "wrong"}))
    after = evaluation_runs.read_run(written(tmp_path, "b", "2", {"q": "right"}))
    record = json.dumps({"id": "q", "question": "one\u2028two"}, ensure_ascii=False)
    (after.folder / "records.jsonl").write_text(record, encoding="utf-8")
    assert [
        change.question for change in evaluation_runs.list_changed_questions(before, after)
    ] == ["one\u2028two"]


def test_scores_that_cannot_be_read_are_an_error_of_one_sentence(tmp_path: Path) -> None:
    before = evaluation_runs.read_run(written(tmp_path, "a", "1", {"q": "right"}))
    (before.folder / "scores.jsonl").write_text('{"kind": "fact"}\n', encoding="utf-8")
    with pytest.raises(ReadError, match=r"scores.jsonl.*run the evaluation again"):
        evaluation_runs.list_changed_questions(before, before)


def test_a_plot_draws_both_runs_and_tells_the_difference(tmp_path: Path) -> None:
    before = evaluation_runs.read_run(written(tmp_path, "a", "1", {"q": "wrong"}, 0.5))
    after = evaluation_runs.read_run(written(tmp_path, "b", "2", {"q": "right"}, 0.75))
    drawn = evaluation_plots.plot_figures(after, before)
    assert "▲ 0.250" in drawn and "--at:0.7500" in drawn and "--at:0.5000" in drawn
    assert "▼ 0.250" in evaluation_plots.plot_figures(before, after)
    assert "as before" in evaluation_plots.plot_figures(after, after)
    assert "before" not in evaluation_plots.plot_figures(after)


def test_a_plot_of_outcomes_says_its_numbers_in_words(tmp_path: Path) -> None:
    run = evaluation_runs.read_run(
        written(tmp_path, "a", "1", {"q": "wrong", "r": "right", "s": "right"})
    )
    drawn = evaluation_plots.plot_outcomes(run)
    assert 'aria-label="fact: 2 right, 1 wrong"' in drawn
    assert re.findall(r'<i class="(\w+)" style="--n:(\d)">', drawn) == [
        ("right", "2"),
        ("wrong", "1"),
    ]


def test_names_of_a_run_are_escaped(tmp_path: Path) -> None:
    folder = written(tmp_path, "a", "<b>", {"q": "right"})
    run = evaluation_runs.read_run(folder)
    assert "<b>2" not in evaluation_plots.plot_figures(
        run, run
    ) and "&lt;b&gt;" in evaluation_plots.plot_figures(run, run)


# --- the screen -----------------------------------------------------------------------------


def screen(data: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("PAPERFOLK_DATA", str(data))
    at = AppTest.from_file(str(SCREEN), default_timeout=60).run()
    assert not at.exception
    return at


def html(at: AppTest) -> str:
    return "".join(one.proto.body for one in at.get("html"))


def test_without_a_run_the_screen_has_a_button_that_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = screen(tmp_path, monkeypatch)
    assert at.button(key="evaluate").label == "Check it now"
    assert "None has been run" in html(at)


def test_the_newest_run_is_compared_with_the_one_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "old", "2026-01-01", {"q": "right", "r": "wrong"}, 0.2)
    written(tmp_path, "mid", "2026-01-02", {"q": "right", "r": "wrong"}, 0.5)
    written(tmp_path, "new", "2026-01-03", {"q": "right", "r": "right"}, 0.75)
    at = screen(tmp_path, monkeypatch)
    assert at.metric[0].value == "2 of 2"
    assert at.metric[1].delta == "+0.250"
    assert "**1** made right, **0** no longer right." in [m.value for m in at.markdown]
    at.selectbox(key="other_new").set_value("old").run()
    assert at.metric[1].delta == "+0.550"


def test_a_run_alone_is_shown_without_a_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "only", "2026-01-01", {"q": "right"})
    at = screen(tmp_path, monkeypatch)
    assert len(at.selectbox) == 1
    assert "What changed" not in [header.value for header in at.subheader]


def boards(at: AppTest) -> str:
    found: list[Any] = list(at.get("bidi_component"))
    return "".join(json.loads(board.proto.json)["html"] for board in found)


def test_the_screen_says_how_many_are_right_and_opens_those_that_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {
        "question": "What of <r>?",
        "kind": "fact",
        "outcome": "wrong",
        "wanted": "a kite",
        "text": "a *mouse*",
    }
    written(tmp_path, "old", "2026-01-01", {"q": "wrong", "r": "wrong"})
    written(
        tmp_path, "new", "2026-01-02", {"q": "right", "r": "wrong", "s": "right"}, errors=[error]
    )
    shown = boards(screen(tmp_path, monkeypatch))
    assert "Of 3 questions whose answers are known, <strong>2</strong> were answered right" in shown
    assert "<b>2 of 3</b> right" in shown and "what a paper says" in shown
    assert "What of &lt;r&gt;?" in shown and "<dd>a kite</dd>" in shown


def test_kinds_are_summed_over_the_newest_run_of_each_set(tmp_path: Path) -> None:
    written(tmp_path, "old", "2026-01-01", {"q": "wrong"})
    new = evaluation_runs.read_run(written(tmp_path, "new", "2026-01-02", {"q": "right"}))
    other = replace(new, questions="heldout", outcomes={"fact": {"right": 2, "wrong": 1}})
    newest = evaluation_runs.list_newest(
        [other, new, evaluation_runs.read_run(tmp_path / "evaluations" / "old")]
    )
    assert newest == [other, new]
    summed = evaluation_runs.sum_outcomes(newest)
    assert (summed["fact"]["right"], summed["fact"]["wrong"]) == (3, 1)


def test_an_evaluation_tells_its_progress_and_why_it_failed(tmp_path: Path) -> None:
    code = "import sys; print('facts 3/7 2 s', file=sys.stderr); print('no library', file=sys.stderr); sys.exit(1)"
    process = EvaluationProcess(tmp_path, (sys.executable, "-c", code))
    process.wait(30)
    assert process.progress == ("facts", 3, 7)
    assert not process.is_running and process.fault == "no library"
