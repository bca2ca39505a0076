"""The training of the question reader: its examples, their variants, folds, and how chains are fitted."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.__main__ import main
from eval.train.forked import run_forked
from eval.train.network_fit import (
    FitOptions,
    NetworkFit,
    build_rows,
    compute_expectations,
    fit_chain,
    fit_heads,
    fit_members,
    fit_temperature,
    scale_vectors,
)
from eval.train.reader_examples import ExamplesError, get_text, list_marks, load_examples, read_turn
from eval.train.reader_items import TAGS, assign_folds, build_items, tag_words
from eval.train.reader_swaps import load_banks, swap_turns
from rag.understanding.head_weights import TagChain


def write(folder: Path, text: str, name: str = "a.txt") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_marked_line_is_read_into_text_and_slots(tmp_path: Path) -> None:
    write(tmp_path, "## papers unmarked\n# why\n\npapers on [T:soil], not by [!P:Kim]\n")
    (example,) = load_examples(tmp_path)
    assert (example.want, example.is_marked, example.place) == ("papers", False, "a.txt:4")
    assert get_text(example.turns[0]) == "papers on soil, not by Kim"
    assert list_marks(example.turns[0]) == [(10, 14, "topic", False), (23, 26, "person", True)]


def test_a_conversation_is_about_its_last_turn(tmp_path: Path) -> None:
    write(
        tmp_path, "## rel=those_people want=people coauthors last=people\nwho? => a => with whom?\n"
    )
    (example,) = load_examples(tmp_path)
    assert (example.link, example.want, example.last) == (
        "those_people", "people coauthors", "people",
    )  # fmt: skip
    assert [get_text(turn) for turn in example.turns] == ["who?", "a", "with whom?"]


@pytest.mark.parametrize(
    "line, fault",
    [
        ("papers on [T:soil", "not closed"),
        ("papers on [T:soil [P:Kim]]", "nested or not closed"),
        ("papers on [Z:soil]", "no mark 'Z'"),
        ("papers on [T: ]", "is empty"),
        ("## nonsense", "not a header's part"),
        ("## papers asks=colour", "not a header's part"),
        ("## papers people", "want twice"),
        ("## unmarked", "no want"),
        ("## aside", "what=KIND"),
        ("## rel=new want=papers\nonly one turn", "first => second"),
    ],
)
def test_bad_mark_up_is_one_sentence_with_file_and_line(
    tmp_path: Path, line: str, fault: str
) -> None:
    write(tmp_path, f"## papers\nfine\n{line}\n")
    with pytest.raises(ExamplesError, match=rf"^a\.txt:[34]: .*{re.escape(fault)}") as error:
        load_examples(tmp_path)
    assert "\n" not in str(error.value)


def test_faults_of_all_files_are_said_together(tmp_path: Path) -> None:
    write(tmp_path, "no header\n")
    write(tmp_path, "## papers\n[Z:x]\n", "b.txt")
    with pytest.raises(ExamplesError, match=r"a\.txt:1: .*; b\.txt:2: "):
        load_examples(tmp_path)


def test_the_examples_of_the_project_are_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "reader", "--check"]) == 0
    assert int(capsys.readouterr().out.split()[0]) >= 6000


def test_the_same_wording_about_other_things_is_in_the_same_fold(tmp_path: Path) -> None:
    lines = [f"{words} [T:{topic}]" for topic in ("soil", "dark matter") for words in "abcdefgh"]
    write(tmp_path, "## papers\n" + "\n".join(lines) + "\n## rel=new want=papers\nx => C [T:ice]?")
    folds = assign_folds(load_examples(tmp_path), 4)
    assert folds[:8] == folds[8:16] and folds[16] == folds[2]
    assert set(folds) == {0, 1, 2, 3}


def test_the_banks_of_two_folds_have_no_entry_in_common() -> None:
    for a, b in itertools.combinations(load_banks(4), 2):
        assert all(a[name] and not set(a[name]) & set(b[name]) for name in a)


@pytest.mark.parametrize("seed", range(20))
def test_a_variant_has_the_same_slots_and_the_same_words_in_all_turns(seed: int) -> None:
    turns = [
        read_turn("papers by [P:Maria Petrov] on [T:soil] [D:since 2020]"),
        read_turn("and by [!P:Maria Petrov]?"),
    ]
    first, second = swap_turns(turns, load_banks(4)[0], random.Random(seed))
    assert [(k, n) for _, _, k, n in list_marks(first)] == [
        (k, n) for _, _, k, n in list_marks(turns[0])
    ]
    names = [
        get_text(t)[a:b].lower()
        for t in (first, second)
        for a, b, k, _ in list_marks(t)
        if k == "person"
    ]
    assert len(set(names)) == 1
    assert re.search(r"since (19|20)\d\d", get_text(first).lower())


def test_each_word_of_an_item_has_the_tag_of_its_mark(tmp_path: Path) -> None:
    write(tmp_path, "## papers\npapers on [T:label noise] by [P:Kim]\n")
    items, _ = build_items(load_examples(tmp_path), [0], load_banks(2), 0)
    assert [TAGS[tag] for tag in tag_words(items[0])] == ["", "", "topic", "topic", "", "person"]


def test_expected_steps_are_those_of_all_paths() -> None:
    rng = np.random.default_rng(0)
    chain = TagChain(*(rng.normal(size=s).astype(np.float32) for s in (3, (3, 3), 3)))
    scores = rng.normal(size=(1, 4, 3)).astype(np.float32)
    marginals, expected, total = compute_expectations(np.exp(scores), chain, np.ones(1))
    weights, steps = {}, np.zeros((3, 3))
    for path in itertools.product(range(3), repeat=4):
        own = sum(scores[0, at, tag] for at, tag in enumerate(path))
        ways = sum(chain.steps[a, b] for a, b in itertools.pairwise(path))
        weights[path] = np.exp(own + ways + chain.start[path[0]] + chain.end[path[-1]])
    for path, weight in weights.items():
        for a, b in itertools.pairwise(path):
            steps[a, b] += weight / sum(weights.values())
    assert expected == pytest.approx(steps, abs=1e-3)
    assert total[0] == pytest.approx(np.log(sum(weights.values())), abs=1e-3)
    assert marginals[0].sum(1) == pytest.approx(np.ones(4), abs=1e-4)


def test_a_chain_learns_what_follows_what() -> None:
    """Words say nothing; only the order of the tags does."""
    rows = build_rows([["same"]] * 60)
    groups = np.arange(60)
    options = FitOptions(n_epochs=60, batch=10, rate=0.05, pattern_rate=0.05, least_groups=1)
    fit = NetworkFit({"tag": ("a", "b")}, None, rows, groups, groups, options)
    allowed = np.tile(np.eye(2, dtype=bool), (30, 1))
    sequences = [np.arange(at, at + 6) for at in range(0, 60, 6)]
    chain = fit_chain(fit, sequences, np.arange(10), allowed, np.ones(10, np.float32))
    assert chain.decode(fit.score(np.arange(6))) == [0, 1, 0, 1, 0, 1]


def test_heads_learn_from_vectors_and_from_patterns() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 4)).astype(np.float32)
    by_vector, by_pattern = (vectors[:, 0] > 0).astype(int), rng.integers(0, 2, 200)
    rows = build_rows([[f"word {label}"] for label in by_pattern])
    groups = np.arange(200)
    options = FitOptions(
        n_hidden=8, n_epochs=40, batch=20, rate=0.02, pattern_rate=0.02, dropout=0.0
    )
    classes = {"v": ("no", "yes"), "p": ("no", "yes")}
    fit = NetworkFit(classes, scale_vectors(vectors), rows, groups, groups, options)
    worth = np.ones(200, np.float32)
    fit_heads(fit, groups, groups, {"v": by_vector, "p": by_pattern}, worth)
    scores = fit.build_network({"v": 1.0, "p": 1.0}).score(
        vectors, [[f"word {label}"] for label in by_pattern]
    )
    assert np.mean(scores[:, :2].argmax(1) == by_vector) > 0.95
    assert np.mean(scores[:, 2:].argmax(1) == by_pattern) == 1.0
    assert scores == pytest.approx(fit.score(groups), abs=1e-3)


def test_the_mean_of_members_is_one_network_that_depends_less_on_the_seed() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(240, 6)).astype(np.float32)
    targets = {"v": (vectors[:, 0] + rng.normal(size=240) > 0).astype(int)}
    rows, groups, worth = build_rows([["same"]] * 240), np.arange(240), np.ones(240, np.float32)
    scaled, learned = scale_vectors(vectors), np.arange(120)

    def fit_one(options: FitOptions) -> NetworkFit:
        fit = NetworkFit({"v": ("no", "yes")}, scaled, rows, learned, groups, options)
        fit_heads(fit, learned, groups, targets, worth)
        return fit

    def compute_change(n_members: int) -> float:
        """How far scores of wordings that nobody learned move with the seed."""
        options = FitOptions(n_hidden=8, n_epochs=12, batch=20, rate=0.02, n_members=n_members)
        a, b = (fit_members(replace(options, seed=seed), fit_one) for seed in (0, 1))
        network = a.build_network({"v": 1.0})
        assert network.score(vectors, [["same"]] * 240) == pytest.approx(a.score(groups), abs=1e-3)
        return float(np.abs(a.score(groups) - b.score(groups))[120:].mean())

    assert compute_change(6) < 0.75 * compute_change(1)


def test_a_new_line_leaves_fold_variants_and_look_ups_of_the_others_as_they_were(
    tmp_path: Path,
) -> None:
    old = [f"papers by [P:Kim {word}] on [T:{word} soil]" for word in "abcdefgh"]
    text = "\n".join(old)
    before = load_examples(write(tmp_path, f"## papers\n{text}\n"))
    after = load_examples(write(tmp_path, f"## papers\nany news of [P:Ann Lee]\n{text}\n"))
    built = [
        build_items(examples, assign_folds(examples, 3), load_banks(3), 1)[0]
        for examples in (before, after)
    ]
    kept = [{(i.text, i.fold, i.entities) for i in items} for items in built]
    assert kept[0] and kept[0] <= kept[1]


def test_the_temperature_makes_shares_right() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4000, 3)).astype(np.float32)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    targets = np.array([rng.choice(3, p=p / p.sum()) for p in shares.astype(float)])
    assert fit_temperature(2 * scores, targets) == pytest.approx(2, rel=0.15)


def test_fits_side_by_side_come_back_in_order() -> None:
    values = np.arange(5)
    tasks = [lambda at=at: (at, values * at) for at in range(5)]
    results = run_forked(tasks)
    assert [at for at, _ in results] == list(range(5))
    assert all((own == values * at).all() for at, own in results)
    assert run_forked([lambda: "alone"]) == ["alone"]
