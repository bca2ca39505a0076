"""The benchmark measures what it says: every route, every process from start to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks import speed, speed_worker
from eval.benchmarks.model_server import OpenAIServer, Reply, answer_with_first_sentences
from rag.config.settings import Settings
from rag.types.errors import ModelError, ReadError

QUESTIONS = ["What is DuetFace?", "how many papers have code?", "who works on anti-spoofing?"]


@pytest.fixture
def settings(library_data: Path, weights: Path) -> Settings:
    return Settings(data=library_data, model_path=weights)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "few.jsonl"
    rows = [{"question": q} for q in QUESTIONS] + [{"question": "and?", "turns": ["x", "and?"]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_warm_questions_are_told_by_route(settings: Settings, asked: Path) -> None:
    found = speed_worker.run_warm_questions(settings, str(asked))
    named = speed_worker.N_NAMED * len(speed_worker.BY_NAME)
    assert {"content", "catalogue", "experts", "person"} <= set(found["routes"])
    assert found["all"]["n"] == sum(held["n"] for held in found["routes"].values()) == 3 + named
    assert found["all"]["p50_ms"] <= found["all"]["p95_ms"]


def test_first_words_are_those_of_the_model(settings: Settings, tmp_path: Path) -> None:
    facts, counts = tmp_path / "facts.jsonl", tmp_path / "counts.jsonl"
    row = {"kind": "fact", "question": speed.QUESTION}
    facts.write_text(2 * f"{json.dumps(row)}\n", encoding="utf-8")
    row["question"] = "how many papers have code?"
    counts.write_text(json.dumps(row), encoding="utf-8")
    with OpenAIServer(Reply(answer_with_first_sentences, delay_s=0.05)) as server:
        model = Settings.model_validate(
            {**dict(settings), "openai_base_url": server.url, "openai_api_key": "none"}
        )
        found = speed_worker.run_first_token(model, str(facts))
        assert min(found["ours_ms"], found["alone_ms"]) > 50
        with pytest.raises(ModelError, match="without the model"):
            speed_worker.run_first_token(model, str(counts))


def test_a_process_is_measured_from_start_to_end() -> None:
    bench = speed.SpeedBench({}, 1, lambda name, done, total: None, Path())
    found = bench.run_process(["-c", "print('done')"])
    assert (found.stdout, found.seconds > 0, found.peak_mb > 1) == ("done\n", True, True)


def test_a_process_that_fails_is_told_with_its_last_words() -> None:
    bench = speed.SpeedBench({}, 1, lambda name, done, total: None, Path())
    with pytest.raises(speed.SpeedError, match="no such thing"):
        bench.run_process(["-c", "raise ValueError('no such thing')"])


def test_figures_are_told_beside_targets_and_the_chain() -> None:
    spread = {"n": 3, "p50_ms": 40.0, "p95_ms": 80.0}
    warm: dict[str, Any] = {"all": spread, "routes": {"content": spread}, "rss_mb": 300.0}
    found = {"papers": "the seeds", "load": 0.5, "ingest_s": 6.0, "ingest_mb": 310.0}
    found |= {"cold_s": 1.5, "warm": warm, "first token": {"over_ms": 60.0}}
    found |= {
        "disk_kb": 50.0,
        "chain": {"ingest_s": 3.0, "all": spread, "rss_mb": 200.0, "disk_kb": 25.0},
    }
    lines = speed.format_speed(found).splitlines()
    assert any("cold question" in x and "1.500" in x and "< 2" in x for x in lines)
    assert any(x.startswith("content") and x.split()[-1] == "1.000" for x in lines)
    assert any(x.startswith("ingest, s") and x.split()[-1] == "2.000" for x in lines)


def test_what_was_made_is_measured_once_and_read_again(tmp_path: Path) -> None:
    bench = speed.SpeedBench({}, 1, lambda name, done, total: None, tmp_path)
    made = [bench.load_or_measure("ingest", 2, lambda n: {"s": float(n)}) for _ in range(2)]
    assert made == [[{"s": 0.0}, {"s": 1.0}]] * 2
    assert bench.load_or_measure("ingest", 2, lambda n: {"s": 9.0}) == made[0]


def test_people_are_asked_for_by_their_names_and_by_misspelt_ones() -> None:
    asked = speed_worker.build_name_questions([f"Ada Sea{n:03d}" for n in range(100)])
    assert len(asked) == speed_worker.N_NAMED * len(speed_worker.BY_NAME)
    assert asked[0] == "What does Ada Sea000 work on?"
    assert asked[4] == "papers by Ada Sea021"  # of Ada Sea012


def test_figures_are_not_written_over_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    speed.check_place(path)
    for fits, content in (
        (True, ""), (True, '{"papers": 3, "load": 0.1}'),
        (False, "notes"), (False, "[1]"), (False, '{"mine": 1}'), (False, "\0"),
    ):  # fmt: skip
        path.write_text(content, encoding="utf-8")
        if fits:
            speed.check_place(path)
        else:
            with pytest.raises(ReadError, match="holds no figures"):
                speed.check_place(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ReadError, match="holds no figures"):
        speed.check_place(path)
