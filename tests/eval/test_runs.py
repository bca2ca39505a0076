"""Runs: resumed after an interruption, refused in a foreign folder, compared, reported, swept."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.commands.opening import get_run_settings
from eval.measures.definitions import DEFINITIONS
from eval.report import artefacts, html_report, run_comparison, summary, tables
from eval.run import runs
from eval.run.parameters import NUMBERS, Dial, apply_dial, get_current
from eval.run.sweep import AS_IS, format_sweep, run_values
from eval.sets import question_sets
from rag.app.assistant import Assistant
from rag.config.settings import ROOT, Settings
from rag.types import Answer, Thread
from rag.types.errors import ReadError, SettingsError

KINDS = ("catalogue", "unanswerable", "expert", "fact")


class Counting(Assistant):
    """Counts what it is asked, and breaks off where told."""

    n_asked = 0
    breaks_at = -1

    def ask(self, question: str, thread: Thread = Thread()) -> Answer:  # noqa: B008 - frozen
        if self.n_asked == self.breaks_at:
            raise KeyboardInterrupt
        self.n_asked += 1
        return super().ask(question, thread)


@pytest.fixture(scope="module")
def settings(library_data: Path, weights: Path) -> Settings:
    return Settings(data=library_data, model_path=weights, mode="extractive")


@pytest.fixture(scope="module")
def few() -> question_sets.QuestionSet:
    """One question of each of a few kinds."""
    whole = question_sets.load_set()
    return replace(
        whole,
        questions=tuple([q for q in whole.questions if q.kind == kind][1] for kind in KINDS),
    )


@pytest.fixture
def counting(settings: Settings) -> Iterator[Counting]:
    with Counting(settings) as assistant:
        yield assistant


def test_an_interrupted_run_goes_on_where_it_stopped(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    counting.breaks_at = 2
    with pytest.raises(KeyboardInterrupt):
        runs.run_questions(counting, few, tmp_path)
    counting.breaks_at, counting.n_asked = -1, 0
    run = runs.run_questions(counting, few, tmp_path)
    assert counting.n_asked == len(KINDS) - 2
    assert [s.question_id for s in run.scores] == [q.id for q in few.questions]


KILLED = """
import sys
from pathlib import Path
from eval.run import runs
from eval.sets import question_sets
from rag.app.assistant import Assistant
from rag.config.settings import ROOT, Settings
from tests.stand_ins import kill

data, weights, asked, out = map(Path, sys.argv[1:])
with Assistant(Settings(data=data, model_path=weights, mode="extractive")) as assistant:
    runs.run_questions(assistant, question_sets.load_set(asked), out, lambda done, of: done == 2 and kill())
"""


def test_a_run_that_was_killed_goes_on_with_what_it_had(
    counting: Counting, few: question_sets.QuestionSet, weights: Path, tmp_path: Path
) -> None:
    asked, out = tmp_path / "few.jsonl", tmp_path / "run"
    rows = [q.model_dump(exclude_defaults=True, mode="json") for q in few.questions]
    runs.write_lines(asked, rows)
    given = [str(p) for p in (counting.settings.data, weights, asked, out)]
    done = subprocess.run([sys.executable, "-c", KILLED, *given], cwd=ROOT, timeout=120)
    assert done.returncode == -signal.SIGKILL
    had = (out / runs.RECORDS).read_text(encoding="utf-8")
    assert had.count("\n") == 2
    run = runs.run_questions(counting, question_sets.load_set(asked), out)
    assert counting.n_asked == len(KINDS) - 2
    assert (out / runs.RECORDS).read_text(encoding="utf-8").startswith(had)
    assert [s.question_id for s in run.scores] == [q.id for q in few.questions]


def test_what_failed_is_asked_again(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path)
    broken = {**run.records[few.questions[0].id], "status": "failed", "text": "no server"}
    rows = [broken, *(run.records[q.id] for q in few.questions[1:])]
    runs.write_lines(tmp_path / runs.RECORDS, [dict(row) for row in rows])
    counting.n_asked = 0
    again = runs.run_questions(counting, few, tmp_path)
    assert counting.n_asked == 1
    assert summary.list_failures(again) == []


def test_failures_are_told_by_their_reason(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path)
    failed = tuple(replace(s, outcome="failed") for s in run.scores)
    records = {i: {**r, "text": "no server"} for i, r in run.records.items()}
    told = summary.list_failures(replace(run, scores=failed, records=records))
    assert told == ["4 of 4 questions failed: no server"]


def test_the_same_state_finds_its_records_again(
    counting: Counting, few: question_sets.QuestionSet
) -> None:
    one = runs.run_questions(counting, few)
    n_asked = counting.n_asked
    other = runs.run_questions(counting, few)
    assert (one.folder, counting.n_asked) == (other.folder, n_asked)


def test_a_folder_of_another_state_is_refused(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    runs.run_questions(counting, few, tmp_path)
    other = replace(few, sha256="0" * 64)
    with pytest.raises(ReadError, match="--out"):
        runs.run_questions(counting, other, tmp_path)


@pytest.mark.parametrize("name", [runs.QUESTIONS_FILE, runs.RECORDS, runs.SUMMARY, runs.REPORT])
def test_a_folder_with_files_of_another_kind_is_refused_and_left_alone(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("my own", encoding="utf-8")
    with pytest.raises(ReadError, match="is no run folder and holds"):
        runs.run_questions(counting, few, tmp_path)
    assert {p.name: p.read_text("utf-8") for p in tmp_path.iterdir()} == {name: "my own"}
    (tmp_path / runs.RUN).write_text("[]", encoding="utf-8")
    with pytest.raises(ReadError, match="another state"):
        runs.run_questions(counting, few, tmp_path)


def test_a_run_tells_what_it_was_run_on(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    about = runs.run_questions(counting, few, tmp_path).about
    assert about["library"] == counting.library.fingerprint
    assert set(about["prompts"]) == {p.stem for p in counting.settings.prompts.glob("*.yaml")}
    assert about["same_paper"], "the seeds hold one paper in two places"
    assert about["set"]["sha256"] == few.sha256


def test_secrets_are_not_written(settings: Settings, few: question_sets.QuestionSet) -> None:
    hidden = {
        "openai_api_key": "sk-secret",
        "openai_base_url": "http://user:sk-secret@127.0.0.1:9/v1",
        "accounts": ("ada:sk-secret",),
    }
    with Assistant(Settings.model_validate({**dict(settings), **hidden})) as assistant:
        assert "sk-secret" not in json.dumps(runs.get_description(assistant, few))


def test_the_report_asks_nothing_of_the_network_and_escapes_what_it_shows(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path)
    first = run.records[few.questions[0].id]
    hostile = {**run.records, few.questions[0].id: {**first, "text": "**bold** <script>x</script>"}}
    wrong = tuple(replace(s, outcome="wrong") for s in run.scores)
    page = html_report.render_report(
        replace(run, records=hostile, scores=wrong), summary.compute_summary(run)
    )
    assert not re.search(r'<script|<link|<img|src=|url\(|@import|href="(?!#)', page)
    assert "<strong>bold</strong> &lt;script&gt;" in page
    for anchor in re.findall(r'href="#(\w+)"', page):
        assert f'id="{anchor}"' in page
    for question in few.questions:
        assert page.count(f'<span class="id">{question.id}</span>') == 1, "each error can be opened"


def test_every_figure_has_a_definition(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path)
    made = artefacts.build_summary_record(run, summary.compute_summary(run), None)
    figures = {*made["overall"], *(m for held in made["kinds"].values() for m in held)}
    assert figures <= set(DEFINITIONS)
    assert set(made["definitions"]) == figures
    assert all(d.says.endswith(".") and d.source for d in DEFINITIONS.values())


def test_the_summary_says_all_that_a_screen_draws(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path / "run")
    worse = replace(run, scores=tuple(replace(s, outcome="wrong") for s in run.scores))
    artefacts.write_report(worse, summary.compute_summary(worse))
    made = json.loads((tmp_path / "run" / runs.SUMMARY).read_text(encoding="utf-8"))
    assert (made["run"]["n"], made["judged"]) == (4, None)
    assert made["decisive"]["expert"] == "ndcg@5"
    assert {e["id"] for e in made["errors"]} == {q.id for q in few.questions}
    assert sum(route["n"] for route in made["latency"].values()) == 4
    assert {"figure", "now", "expected", "tolerance", "better", "ok"} == set(made["gate"][0])
    assert {p["collection"] for p in made["public"] if p["ours"]} == {
        "scifact/test", "scitldr/dev", "acl_experts/dev",
    }  # fmt: skip
    artefacts.save_latest(worse)
    artefacts.save_latest(worse)
    (newest,) = json.loads((tmp_path / artefacts.LATEST).read_text(encoding="utf-8"))
    assert (newest["set"], newest["folder"]) == (few.name, "run")


def test_wins_and_losses_are_told_by_question(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    a = runs.run_questions(counting, few, tmp_path)
    worse = tuple(
        replace(s, values={**s.values, "correct": 0.0}) if s.kind == "catalogue" else s
        for s in a.scores
    )
    found = run_comparison.compare_runs(a, replace(a, scores=worse))
    assert [c.question_id for c in found.losses] == [few.questions[0].id]
    assert found.wins == ()
    changed = next(d for d in found.differences if (d.kind, d.measure) == ("catalogue", "correct"))
    assert (changed.n, changed.a, changed.b, changed.n_worse) == (1, 1.0, 0.0, 1)


def test_an_abstention_in_place_of_a_right_answer_is_a_loss_whatever_it_quotes(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    a = runs.run_questions(counting, few, tmp_path)
    fact = next(s for s in a.scores if s.kind == "fact")
    shy = replace(fact, outcome="abstained", values={**fact.values, "right": 0.0})
    b = replace(a, scores=tuple(shy if s is fact else s for s in a.scores))
    found = run_comparison.compare_runs(a, b)
    assert [(c.question_id, c.after) for c in found.losses] == [(fact.question_id, "abstained")]
    whole = next(d for d in found.differences if (d.kind, d.measure) == ("all", "right"))
    assert (whole.n, whole.n_better, whole.n_worse) == (4, 0, 1)


def test_an_absent_person_who_is_no_longer_said_to_be_absent_is_a_loss(
    counting: Counting, tmp_path: Path
) -> None:
    whole = question_sets.load_set()
    absent = next(q for q in whole.questions if q.kind == "person" and not q.answerable)
    a = runs.run_questions(counting, replace(whole, questions=(absent,)), tmp_path)
    answered = replace(a.scores[0], outcome="wrong", values={"abstain_ok": 0.0})
    found = run_comparison.compare_runs(a, replace(a, scores=(answered,)))
    assert [(c.before, c.after) for c in found.losses] == [("right", "wrong")]


def test_a_run_is_read_back_as_it_was_written(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    run = runs.run_questions(counting, few, tmp_path)
    back = runs.load_run(tmp_path)
    assert back.questions.questions == few.questions, "those asked, not what the set holds by now"
    assert (back.questions.name, back.questions.sha256) == (few.name, few.sha256)
    assert [(s.question_id, s.outcome, dict(s.values)) for s in back.scores] == [
        (s.question_id, s.outcome, dict(s.values)) for s in run.scores
    ]


def test_a_line_separator_in_a_question_ends_no_line_of_a_run(
    counting: Counting, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    odd = few.questions[0].model_copy(update={"question": "hello\u2028there\x85"})
    run = runs.run_questions(counting, replace(few, questions=(odd,)), tmp_path)
    assert runs.load_run(tmp_path).records == run.records
    again = runs.run_questions(counting, replace(few, questions=(odd,)), tmp_path)
    assert (again.records, counting.n_asked) == (run.records, 1)


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "-"), (0.0, "0.000"), (0.8976, "0.898"), (0.00025, "0.00025"), (123.45, "123.5"), (7, "7")],
)  # fmt: skip
def test_figures_are_told_with_the_digits_they_need(value: float | None, told: str) -> None:
    assert tables.format_cell(value) == told


def test_a_run_asks_a_model_anew_and_uses_the_embedded_one_where_it_is(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    found = get_run_settings(tmp_path)
    assert (found.cache, found.data, found.model_path) == (False, tmp_path, weights)
    monkeypatch.delenv("PAPERFOLK_MODEL_PATH")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / weights.name).symlink_to(weights)
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path))
    assert get_run_settings(tmp_path / "other").model_path == tmp_path / "models" / weights.name


@pytest.mark.parametrize(
    ("gaps", "p"),
    [([], 1.0), ([0, 0], 1.0), ([1], 1.0), ([1, 1], 0.5), ([1, 1, 1], 0.25), ([1, -1], 1.0)],
)
def test_the_randomisation_test_by_hand(gaps: list[float], p: float) -> None:
    assert run_comparison.compute_randomisation_p(gaps) == p


def test_many_equal_gaps_are_hardly_chance() -> None:
    assert run_comparison.compute_randomisation_p([1.0] * 40) < 0.001


def test_the_interval_holds_the_mean_and_narrows_with_n() -> None:
    few_values, many = summary.compute_figure([0, 1] * 5), summary.compute_figure([0, 1] * 200)
    assert few_values.low < few_values.mean == 0.5 < few_values.high
    assert many.high - many.low < few_values.high - few_values.low


def no_progress(name: str, done: int, total: int) -> None:
    pass


@pytest.mark.parametrize(("name", "value"), [("fusion.lexical", "0.9"), ("k", "3")])
def test_a_dial_is_turned_and_turned_back(
    name: str, value: str, settings: Settings, tmp_path: Path
) -> None:
    before = get_current()
    with apply_dial(settings, name, value, tmp_path, no_progress):
        assert get_current() == {**before, name: float(value)}
    assert get_current() == before


def test_every_number_that_can_be_turned_is_there() -> None:
    assert set(NUMBERS) <= set(get_current())


@pytest.mark.parametrize(
    "text", ["fusion.nothing=1", "nothing=1", "fusion.late", "late=1", "k=many", "k=0"]
)
def test_an_unknown_dial_or_value_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Dial.parse(text)


def test_each_value_of_a_sweep_gets_a_run_beside_things_as_they_are(
    settings: Settings, few: question_sets.QuestionSet, tmp_path: Path
) -> None:
    dials = [Dial.parse("fusion.lexical=0.9"), Dial.parse("k=2")]
    found = run_values(settings, few, dials, tmp_path, no_progress)
    assert list(found) == [AS_IS, "fusion.lexical=0.9", "k=2"]
    assert found["fusion.lexical=0.9"].about["dials"]["fusion.lexical"] == 0.9
    assert len({run.about["state"] for run in found.values()}) == 3
    fact = next(q.id for q in few.questions if q.kind == "fact")
    assert len(found["k=2"].records[fact]["papers"]) == 2
    assert "fusion.lexical=0.9" in format_sweep(found)


def test_another_embedder_reads_the_same_documents_into_a_library_of_its_own(
    weights: Path, tmp_path: Path, few: question_sets.QuestionSet
) -> None:
    row = {"title": "Whale songs", "abstract": "Whales sing across the ocean.", "year": 2020}
    (tmp_path / "whales.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    settings = Settings(data=tmp_path / "data", model_path=weights, mode="extractive")
    with Assistant(settings) as assistant:
        assistant.ingest([tmp_path / "whales.jsonl"])
    with apply_dial(
        settings, "embedder", "minilm-fp32", tmp_path / "other", no_progress
    ) as changed:
        assert changed.data.parent == tmp_path / "other"
        with Assistant(changed) as assistant:
            assert [p.title for p in assistant.library.list_papers()] == ["Whale songs"]
            assert assistant.ask("What sings across the ocean?").papers


def test_the_command_prints_the_table_and_writes_the_report(
    library_data: Path, weights: Path, few: question_sets.QuestionSet, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    asked = tmp_path / "mine.jsonl"
    row = {"id": "m1", "kind": "fact", "question": "What is DuetFace?", "facts": [["DuetFace"]]}
    asked.write_text(json.dumps(row) + "\n", encoding="utf-8")
    out = tmp_path / "run"
    command = ["--set", str(asked), "--out", str(out), "--data", str(library_data)]
    assert main(command) == 0
    assert "fact" in capsys.readouterr().out
    assert json.loads((out / runs.SUMMARY).read_text(encoding="utf-8"))["outcomes"]["fact"]["right"]
    assert (out / runs.REPORT).exists()


@pytest.mark.parametrize("name", ["a.py", "words.txt", "heads.npz", "fit.yaml"])
def test_a_run_is_another_where_source_or_weights_are(tmp_path: Path, name: str) -> None:
    file = tmp_path / "room" / name
    file.parent.mkdir()
    file.write_bytes(b"1")
    before = runs._compute_digest(tmp_path)
    file.write_bytes(b"2")
    assert runs._compute_digest(tmp_path) != before
