"""The head of sentence roles: what it is trained on is read right, fitted right, and worth its place."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from eval.train import roles
from eval.train.role_sets import load_abstracts, load_examples, load_seeds
from eval.train.roles import Scores, build_examples, compute_scores, fit
from rag.adapters.minilm import MiniLM
from rag.config.settings import Settings
from rag.ingest.role_head import load_head
from rag.ingest.sentence_roles import ROLE_HEAD_FILE
from rag.types import SENTENCE_ROLES
from rag.types.errors import ReadError


@pytest.fixture(scope="module")
def model(weights: Path) -> MiniLM:
    return MiniLM(Settings(model_path=weights, threads=1))


@pytest.mark.parametrize("half", ["tuning", "once"])
def test_the_head_knows_the_roles_of_the_seeds_sentences(half: str, model: MiniLM) -> None:
    examples = build_examples(load_seeds(half), model.encode)
    assert compute_scores(load_head(ROLE_HEAD_FILE), examples).macro_f1 >= 0.75


def test_the_labelled_seeds_are_three_hundred_sentences_in_halves() -> None:
    sizes = [sum(len(a.sentences) for a in load_seeds(half)) for half in ("tuning", "once")]
    assert sizes == [157, 147]


def test_examples_of_every_role_are_our_own() -> None:
    labels = {s.label for abstract in load_examples() for s in abstract.sentences}
    assert labels == set(SENTENCE_ROLES)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def read_set(folder: Path, source: str) -> list[tuple[str, str, set[str]]]:
    """Text, label and roles of the sentences of one set below a folder."""
    abstracts = [a for a in load_abstracts(folder) if a.source == source]
    return [(s.text, s.label, set(s.allowed)) for a in abstracts for s in a.sentences]


def test_labels_allow_what_they_may_stand_for_and_releases_are_resources(tmp_path: Path) -> None:
    name = "sequential_sentence_classification"
    texts = ["Ants are social.", "We follow ants.", "We build a data set.", "Code is available."]
    labels = ["background", "method", "method", "other"]
    write_json(
        tmp_path / name / "data/CSAbstruct/test.jsonl", {"sentences": texts, "labels": labels}
    )
    assert read_set(tmp_path, name) == [
        (texts[0], "background", {"background", "problem"}),
        (texts[1], "method", {"method"}),
        (texts[2], "method", {"method", "resource"}),
        (texts[3], "other", {"resource"}),
    ]


def test_clauses_of_one_sentence_are_joined_and_abstracts_of_one_number_kept_apart(
    tmp_path: Path,
) -> None:
    clauses = [
        ("We compared models ", 0, "MTD"),
        ("to find that ants win.", 1, "RST"),
        ("Bees are rare.", 0, "GAP"),
    ]
    records = [{"idx": 4, "sentence": t, "offset": o, "labels": label} for t, o, label in clauses]
    write_json(tmp_path / "Saliency_SR" / "SAMD" / "data.json", records)
    assert read_set(tmp_path, "Saliency_SR") == [
        ("We compared models to find that ants win.", "", {"method", "result"}),
        ("Bees are rare.", "GAP", {"problem"}),
    ]
    assert sum(a.source == "Saliency_SR" for a in load_abstracts(tmp_path)) == 2


def test_two_annotators_who_differ_allow_either_and_headings_are_left_out(tmp_path: Path) -> None:
    body = "Ants\n\nContext:\n{{{{h-background}}}}\nAnts forage.\n{{{{{}}}}}\nWe ask why.\n{{{{objective:u1}}}}\n"
    for annotator, code in (("A", "background"), ("B", "gap")):
        file = tmp_path / "qabstracts" / "abstracts" / f"abstracts.{annotator}" / "a.txt"
        file.parent.mkdir(parents=True)
        file.write_text(body.format(code), "utf-8")
    assert read_set(tmp_path, "qabstracts") == [
        ("Ants forage.", "", {"background", "problem"}),
        ("We ask why.", "objective", {"aim"}),
    ]


def test_of_pubmedqa_only_the_half_that_answers_are_not_measured_on(tmp_path: Path) -> None:
    record = {
        "LABELS": ["AIM", "METHODS"],
        "CONTEXTS": ["To count.", "Ants. Bees."],
        "LONG_ANSWER": "Many.",
    }
    write_json(tmp_path / "pubmedqa/data/ori_pqal.json", {"1": record, "2": record})
    write_json(tmp_path / "pubmedqa/data/test_ground_truth.json", {"2": "yes"})
    labels = [label for _, label, _ in read_set(tmp_path, "pubmedqa")]
    assert labels == ["OBJECTIVE", "METHODS", "METHODS", "CONCLUSIONS"]


def test_a_folder_without_any_set_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds none of sequential_sentence_classification"):
        load_abstracts(tmp_path)


def test_slopes_of_the_chain_are_those_of_its_likelihood() -> None:
    """Compared with the sum over all sequences, by small steps."""
    rng = np.random.default_rng(5)
    n = len(SENTENCE_ROLES)
    emissions = rng.normal(size=(2, n)).astype(np.float32)
    transitions = rng.normal(size=(n + 2, n + 2)).astype(np.float32)
    allowed = np.zeros((2, n), bool)
    allowed[0, :3] = allowed[1, 2:5] = True

    def compute_loss(e: np.ndarray, t: np.ndarray) -> float:
        scores = {
            (a, b): t[n, a] + e[0, a] + t[a, b] + e[1, b] + t[b, n + 1]
            for a, b in itertools.product(range(n), range(n))
        }
        bound = [s for (a, b), s in scores.items() if allowed[0, a] and allowed[1, b]]
        return float(np.log(np.exp([*scores.values()]).sum()) - np.log(np.exp(bound).sum()))

    slopes = roles._compute_chain_slopes(emissions, transitions, [allowed], np.ones(1, np.float32))
    for given, slope in zip((emissions, transitions), slopes, strict=True):
        for at in [(0, 1), (1, 4), (0, 6)]:
            step = np.zeros_like(given)
            step[at] = 1e-2
            pair = [(emissions + s, transitions) if given is emissions else (emissions, transitions + s) for s in (step, -step)]  # fmt: skip
            expected = (compute_loss(*pair[0]) - compute_loss(*pair[1])) / 2e-2
            assert slope[at] == pytest.approx(expected, abs=2e-3)


def test_a_fit_learns_its_examples(model: MiniLM, monkeypatch: pytest.MonkeyPatch) -> None:
    abstracts = load_examples()[:12]
    examples = build_examples(abstracts, model.encode)
    monkeypatch.setattr(roles, "N_EPOCHS", 60)
    monkeypatch.setattr(roles, "BATCH", 4)
    assert compute_scores(fit(examples), examples).accuracy > 0.9


def test_scores_are_what_can_be_counted_by_hand() -> None:
    scores = Scores(
        roles.Counter({("aim", "aim"): 3, ("aim", "method"): 1, ("method", "method"): 2})
    )
    assert scores.accuracy == pytest.approx(5 / 6)
    assert scores.compute_f1("aim") == pytest.approx(6 / 7)
    assert scores.macro_f1 == pytest.approx((6 / 7 + 4 / 5) / 2)
