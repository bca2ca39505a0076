"""Each sentence has its role in its paper, given at ingest and kept in step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag.adapters.minilm import MiniLM
from rag.config.settings import Settings
from rag.ingest import sentence_roles
from rag.ingest.ingesting import apply_ingest
from rag.ingest.role_head import find_best, read_labels
from rag.library import Library, open_writer
from rag.types import SENTENCE_ROLES, SentenceRole
from tests.desk import Desk, write
from tests.stand_ins import QuickStores

ABSTRACT: dict[str, SentenceRole] = {
    "Ferries link the islands of the archipelago all year round.": "background",
    "However, existing timetables ignore tides, which makes crossings late and unsafe.": "problem",
    "In this paper, we propose TideTable, a framework that plans crossings around the tides.": "aim",
    "Specifically, a graph of harbours is first built and then weighted by depth.": "method",
    "Experiments show that TideTable outperforms the timetables in use by 31%.": "result",
    "Our code is available at https://example.org/tidetable.": "resource",
}


class Counter(MiniLM):
    """The embedded model, which counts the texts that it embeds."""

    n_texts = 0

    def encode(self, texts):  # type: ignore[no-untyped-def]
        self.n_texts += len(texts)
        return super().encode(texts)


@pytest.fixture
def model(weights: Path) -> Counter:
    return Counter(Settings(model_path=weights, threads=1))


def ingest(folder: Path, model: Counter, *paths: Path) -> Library:
    library = Library.open(folder)
    apply_ingest(library, QuickStores(), lambda: model, paths)
    return library


def write_paper(path: Path, *sentences: str, title: str = "Crossings") -> Path:
    path.write_text(json.dumps({"title": title, "abstract": " ".join(sentences)}) + "\n", "utf-8")
    return path


def list_roles(library: Library) -> list[SentenceRole | None]:
    (paper,) = library.list_papers()
    return [sentence.role for sentence in library.list_role_spans(paper.paper_id)]


def test_an_ordinary_abstract_is_read_as_its_reader_would(tmp_path: Path, model: Counter) -> None:
    library = ingest(tmp_path / "data", model, write_paper(tmp_path / "a.jsonl", *ABSTRACT))
    (paper,) = library.list_papers()
    spans = library.list_role_spans(paper.paper_id)
    assert {paper.text[slice(*s.span)]: s.role for s in spans} == ABSTRACT


@pytest.mark.parametrize("n_times", [1, 9])
def test_a_library_without_roles_gets_the_same_again(
    tmp_path: Path, model: Counter, n_times: int
) -> None:
    """Of an abstract and of a text of several windows: not all of their token vectors are kept."""
    document = write_paper(tmp_path / "a.jsonl", *[*ABSTRACT] * n_times)
    library = ingest(tmp_path / "data", model, document)
    roles = list_roles(library)
    with open_writer(tmp_path / "data") as writer:
        writer.expect_roles("an older head")
    assert set(list_roles(library)) == {None}
    ingest(tmp_path / "data", model, document)
    assert list_roles(library) == roles and (library.n_chunks > 2) == (n_times > 1)


def test_roles_outlive_a_change_that_leaves_the_text_as_it_was(
    tmp_path: Path, model: Counter
) -> None:
    document = write(tmp_path / "a.jsonl", "Figs")
    library = ingest(tmp_path / "data", model, document)
    roles = list_roles(library)
    write(document, "Figs", year=2021)
    ingest(tmp_path / "data", model, document)
    assert library.list_papers()[0].year == 2021
    assert (model.n_texts, list_roles(library)) == (1, roles)
    assert None not in roles


def test_another_embedder_leaves_roles_unknown(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(write(tmp_path / "a.jsonl", "Figs"))
    assert set(list_roles(desk.library)) == {None}
    assert not sentence_roles.lacks_roles(desk.library)


def test_labels_of_a_structured_abstract_are_believed(tmp_path: Path, model: Counter) -> None:
    sentences = (
        "BACKGROUND: We show that our method outperforms all others.",
        "METHODS: Ferries are a common means of transport.",
        "Code is available at https://example.org.",
        "RESULTS: We propose a framework.",
    )
    library = ingest(tmp_path / "data", model, write_paper(tmp_path / "a.jsonl", *sentences))
    first, *rest = list_roles(library)
    assert first in ("background", "problem")
    assert rest == ["method", "method", "result"]


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Methods: Mice were fed.", "method"),
        ("METHODS Mice were fed.", "method"),
        ("Materials and methods. Mice were fed.", None),
        ("Aims and objectives: To feed mice.", "aim"),
        ("Main outcome measures: weight.", "method"),
        ("Research limitations: mice only.", "limitation"),
        ("Results:", "result"),
        ("Background", "background problem"),
        ("Methods and results: Mice grew.", "method result"),
        ("Conclusion – Mice grow.", "result"),
        ("Results show that mice grow.", None),
        ("Methods A and B: a comparison.", None),
        ("results: none", None),
        ("Availability and implementation: on PyPI.", "resource"),
    ],
)
def test_labels_are_told_from_sentences_that_begin_like_them(text: str, roles: str | None) -> None:
    (allowed,) = read_labels([text])
    assert allowed == (None if roles is None else frozenset(roles.split()))


def test_the_best_sequence_is_that_of_all_sequences() -> None:
    rng = np.random.default_rng(3)
    n = len(SENTENCE_ROLES)
    emissions = rng.normal(size=(3, n)).astype(np.float32)
    between = rng.normal(size=(n + 2, n + 2)).astype(np.float32)
    scores = {
        (a, b, c): emissions[0, a] + emissions[1, b] + emissions[2, c]
        + between[n, a] + between[a, b] + between[b, c] + between[c, n + 1]
        for a in range(n) for b in range(n) for c in range(n)
    }  # fmt: skip
    assert tuple(find_best(emissions, between, [None] * 3)) == max(scores, key=lambda k: scores[k])
    aims = {k: v for k, v in scores.items() if SENTENCE_ROLES[k[1]] == "aim"}
    bound = [None, frozenset[SentenceRole](("aim",)), None]
    assert tuple(find_best(emissions, between, bound)) == max(aims, key=lambda k: aims[k])


def test_a_paper_without_text_and_one_of_many_windows_have_a_role_a_sentence(
    tmp_path: Path, model: Counter
) -> None:
    lines = [{"title": "Bare", "abstract": ""}]
    long = " ".join(
        f"Ferry {n} crosses the strait at {n} o'clock in any weather." for n in range(90)
    )
    lines.append({"title": "Long", "abstract": long})
    document = tmp_path / "a.jsonl"
    document.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    library = ingest(tmp_path / "data", model, document)
    by_title = {p.title: library.list_role_spans(p.paper_id) for p in library.list_papers()}
    assert len(by_title["Long"]) == 90
    assert all(sentence.role for sentence in by_title["Long"])
    assert all(sentence.role is None for sentence in by_title.get("Bare", ()))
    assert library.has_all_roles()
