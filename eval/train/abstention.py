"""Fit the decision to abstain: ``python -m eval calibrate`` writes rag/answers/calibration.yaml.

The examples are the questions of `ASKED` that ask for content; the same questions about facts with
their papers left out of the ranking (not answerable: a neighbour in the same field is no answer);
questions made from the titles and method names of the library (answerable: by construction), and
those of sets/calibration.yaml (not answerable). With ``--public FOLDER``, questions of a public
collection in PubMedQA's form join them, each with its abstract and with that left out; the first
`HELD_OUT` are not touched, for ``python -m eval pubmedqa``. With ``--fields FOLDER``, the questions of
sets/fields join them: a fit to one field takes its everyday words for what is missing in another. How a
field does that no example is of is measured by fits without each of them. The fit is a logistic
regression with an L2 penalty, solved by Newton's method; kinds of examples are weighted so that the made
ones do not drown the asked ones. The threshold is the highest, up to one half, that abstains from no
larger shares of the asked questions than `MAX_ABSTAINED`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from eval.run.fields import FieldQuestion
from eval.sets.collections import CORPUS, read_rows
from rag.answers import extractive, sufficiency
from rag.app.assistant import Assistant
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, iter_words
from rag.text.everyday import is_everyday
from rag.types import Paper, Retrieval
from rag.types.query import Query

CALIBRATION_FOLDER = Path(__file__).parents[1] / "sets"
ASKED = ("development.jsonl", "asked.jsonl")
MAX_ABSTAINED = {"fact": 0.04, "known-item": 0.05}
"""Largest shares abstained from: of facts, and of half-remembered papers, of which the nearest are named."""
HELD_OUT = 200
WORTH = {
    "fact": 120, "known-item": 240, "unanswerable": 120, "public left out": 150,
    "field": 300, "field unanswerable": 200,
}  # fmt: skip
"""Total weight of the questions of each kind in the fit; other kinds have 60."""
PENALTY = 0.3
MIN_PAPERS = 6
PUBLIC_FIELD = "biomedicine"
FITTED_PARTS = (1, 2, 3)
"""Parts of sets/fields used for fitting; the later ones measure the result."""
_NAMED = re.compile(r"^([^\s:]{3,24}): (.+)$")


@dataclass(frozen=True, slots=True)
class Example:
    """One question with its kind, and whether the library without ``left_out`` answers it."""

    question: str
    kind: str
    answerable: bool
    left_out: frozenset[str] = frozenset()
    field: str = "machine learning"


@dataclass(frozen=True, slots=True)
class Source:
    """A library and the examples that are asked of it."""

    assistant: Assistant
    examples: Sequence[Example]


def build_examples(assistant: Assistant) -> list[Example]:
    """All examples that are read as questions for content."""
    example_list = [*_iter_asked(assistant), *_iter_present(assistant), *_iter_absent(assistant)]
    routes = (assistant.read(e.question).query.route for e in example_list)
    return [e for e, name in zip(example_list, routes, strict=True) if name == "content"]


def build_public_examples(assistant: Assistant, folder: Path) -> list[Example]:
    """Questions of a public collection, whose corpus is the assistant's library."""
    rows = list(read_rows(folder / CORPUS))
    at = {str(place): p.paper_id for p in assistant.library.list_papers() for place in p.places}
    ids = {str(row["_id"]): at.get(f"{CORPUS}:{line}") for line, row in enumerate(rows, 1)}
    examples = []
    for item in list(read_rows(folder / "qa.jsonl"))[HELD_OUT:]:
        question, paper_id = str(item["question"]), ids[str(item["gold_doc"])]
        if paper_id is not None:
            examples.append(Example(question, "public", True, field=PUBLIC_FIELD))
            out = frozenset((paper_id,))
            examples.append(Example(question, "public left out", False, out, PUBLIC_FIELD))
    return examples


def build_field_examples(assistant: Assistant, questions: Sequence[FieldQuestion]) -> list[Example]:
    """Questions for content over the library of one field, answerable ones and others.

    None with its papers left out: in a library of one topic a neighbour often answers.
    """
    kinds = {"content": "field", "number": "field", "unanswerable": "field unanswerable"}
    return [
        Example(q.question, kinds[q.kind], q.kind != "unanswerable", field=q.field)
        for q in questions
        if q.kind in kinds
        and q.half in FITTED_PARTS
        and assistant.read(q.question).query.route == "content"
    ]


def _iter_asked(assistant: Assistant) -> Iterator[Example]:
    at = {str(place): p.paper_id for p in assistant.library.list_papers() for place in p.places}
    for name in ASKED:
        for line in (CALIBRATION_FOLDER / name).read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            kind, question = item["kind"], item["question"]
            if kind in ("fact", "known-item", "synthesis", "unanswerable"):
                yield Example(question, kind, kind != "unanswerable")
            if kind == "fact":
                papers = (*item["papers"], *item.get("also", ()))
                yield Example(question, "left out", False, frozenset(at[p] for p in papers))


def _iter_present(assistant: Assistant) -> Iterator[Example]:
    """Topics that titles name, methods asked for what they are, and terms that several papers use."""
    form_file = _load_forms()
    papers = assistant.library.list_papers()
    names = []
    for paper in papers:
        if not paper.title:
            continue
        match = _NAMED.match(paper.title)
        topic = re.split(
            r" (?:with|via|using|by|through|for|in) ", match[2] if match else paper.title
        )
        yield Example(f"is there a paper about {topic[0].lower()}?", "present", True)
        yield Example(f"{topic[-1].lower()}?", "present", True)
        if match:
            names.append(match[1])
            forms, pairs = form_file["present_details"], list(_iter_pairs(paper.text))
            for at, pair in enumerate(pairs[len(pairs) // 4 :: len(pairs) // 2 + 1]):
                form = forms[(len(names) + at) % len(forms)]
                yield Example(form.format(name=match[1], detail=pair), "present", True)
    yield from _iter_cycled(names, form_file["name_forms"], "name", "present")
    yield from _iter_cycled(
        sorted(_extract_terms(papers)), form_file["term_forms"], "term", "present"
    )


def _iter_cycled(
    values: Sequence[str], forms: Sequence[str], slot: str, kind: str
) -> Iterator[Example]:
    """Each value in two of the forms, in turn."""
    for at, value in enumerate(values):
        for form in (forms[at % len(forms)], forms[(at + 3) % len(forms)]):
            yield Example(form.format(**{slot: value}), kind, True)


def _extract_terms(papers: Sequence[Paper]) -> set[str]:
    """Acronyms and pairs of words that at least `MIN_PAPERS` papers use."""
    counts: Counter[str] = Counter()
    for paper in papers:
        counts.update(set(re.findall(r"\b[A-Z][A-Za-z]*[A-Z]\b", paper.text)))
        counts.update(set(_iter_pairs(paper.text)))
    return {term for term, n in counts.items() if n >= MIN_PAPERS}


def _iter_pairs(text: str) -> Iterator[str]:
    """Neighbouring words of content, in order."""
    word_spans = list(iter_words(text))
    for (first, (_, end)), (second, (start, _)) in zip(word_spans, word_spans[1:], strict=False):
        if text[end:start] == " " and _is_content(first) and _is_content(second):
            yield f"{first.lower()} {second.lower()}"


def _is_content(word: str) -> bool:
    return (
        word.isalpha()
        and len(word) > 3
        and fold(word) not in STOP_WORDS | FRAME_WORDS
        and not is_everyday(word)
    )


def _load_forms() -> dict[str, Any]:
    forms: dict[str, Any] = yaml.safe_load(
        (CALIBRATION_FOLDER / "calibration.yaml").read_text(encoding="utf-8")
    )
    return forms


def _iter_absent(assistant: Assistant) -> Iterator[Example]:
    form_file = _load_forms()
    for at, topic in enumerate(form_file["topics"]):
        forms = form_file["topic_forms"]
        for form in (forms[at % len(forms)], forms[(at + 1) % len(forms)]):
            yield Example(form.format(topic=topic), "absent", False)
    names = [
        m[1] for p in assistant.library.list_papers() if p.title and (m := _NAMED.match(p.title))
    ]
    for at, name in enumerate(names):
        form = form_file["details"][at % len(form_file["details"])]
        foreign = form_file["elsewhere_names"][at % len(form_file["elsewhere_names"])]
        yield Example(form.format(name=name, elsewhere=foreign), "absent", False)
    for question in form_file["elsewhere"]:
        yield Example(question, "elsewhere", False)


def compute_feature_table(
    assistant: Assistant, example_list: Sequence[Example]
) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the features, and their values (n_examples, n_features)."""
    rows = []
    for example in example_list:
        retrieval = _remove_papers(assistant.retrieve(example.question), example.left_out)
        query = Query("passages", text=example.question)
        cited = extractive.choose_cited_papers(query, retrieval)
        rows.append(sufficiency.compute_signals(retrieval, cited) if cited else {})
    names = list(next(row for row in rows if row))
    return names, np.array([[row.get(name, 0.0) for name in names] for row in rows])


def _remove_papers(retrieval: Retrieval, paper_ids: frozenset[str]) -> Retrieval:
    hits = [hit for hit in retrieval.papers if hit.paper.paper_id not in paper_ids]
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, 1))
    return replace(retrieval, papers=ranked)


def compute_coefficients(
    values: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Coefficients, the intercept last; the penalty spares the intercept."""
    x = np.hstack([values, np.ones((len(values), 1))])
    penalty = np.diag([PENALTY] * values.shape[1] + [0.0])
    solution = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ solution))
        gradient = x.T @ (weights * (p - wanted)) + penalty @ solution
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(solution)), gradient)
        solution -= step
        if np.abs(step).max() < 1e-8:
            break
    return solution


def compute_example_weights(example_list: Sequence[Example]) -> NDArray[np.float64]:
    """What a kind is worth in all, spread over its examples; rare ones at most 3 each."""
    counts = Counter(e.kind for e in example_list)
    return np.array([min(3.0, WORTH.get(e.kind, 60) / counts[e.kind]) for e in example_list])


def run_calibration(
    sources: Sequence[Source], out: Path = sufficiency.CALIBRATION_FILE
) -> dict[str, Any]:
    """Fit, write the file, and return its contents.

    Args:
        sources: Libraries with their examples; those of the seeds first.
        out: The file.
    """
    tables = [compute_feature_table(source.assistant, source.examples) for source in sources]
    names, values = tables[0][0], np.vstack([table for _, table in tables])
    example_list = [example for source in sources for example in source.examples]
    wanted = np.array([float(e.answerable) for e in example_list])
    solution = compute_coefficients(values, wanted, compute_example_weights(example_list))
    scores = _compute_probabilities(values, solution)
    threshold = _compute_threshold(scores, example_list)
    unseen = compute_cross_validated(values, example_list)
    calibration = {
        "intercept": round(float(solution[-1]), 4),
        "weights": {n: round(float(w), 4) for n, w in zip(names, solution, strict=False)},
        "threshold": round(threshold, 4),
        "fitted_on": dict(sorted(Counter(e.kind for e in example_list).items())),
        "abstained": _compute_abstained(scores < threshold, example_list),
        "abstained_cross_validated": _compute_abstained(
            unseen < _compute_threshold(unseen, example_list), example_list
        ),
        "abstained_in_an_unseen_field": compute_unseen_fields(values, example_list, threshold),
    }
    head = "# Written by `python -m eval calibrate`; see rag/answers/sufficiency.py.\n"
    out.write_text(head + yaml.safe_dump(calibration, sort_keys=False), encoding="utf-8")
    return calibration


def _compute_probabilities(
    values: NDArray[np.float64], solution: NDArray[np.float64]
) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-(values @ solution[:-1] + solution[-1])))
    return chances


def _compute_threshold(scores: NDArray[np.float64], example_list: Sequence[Example]) -> float:
    """From which no larger shares than `MAX_ABSTAINED` are abstained from."""
    limits = [0.5]
    for kind, share in MAX_ABSTAINED.items():
        kind_scores = np.sort(
            [s for s, e in zip(scores, example_list, strict=True) if e.kind == kind]
        )
        limits.append(float(kind_scores[int(share * len(kind_scores))]) - 1e-3)
    return min(limits)


def _compute_abstained(
    chosen: NDArray[np.bool_], example_list: Sequence[Example]
) -> dict[str, float]:
    """Share abstained from, by kind."""
    of_kind: dict[str, list[bool]] = {}
    for is_chosen, example in zip(chosen, example_list, strict=True):
        of_kind.setdefault(example.kind, []).append(bool(is_chosen))
    return {kind: round(float(np.mean(of_kind[kind])), 3) for kind in sorted(of_kind)}


def compute_unseen_fields(
    values: NDArray[np.float64], example_list: Sequence[Example], threshold: float
) -> dict[str, dict[str, float]]:
    """Shares abstained from in each field by a fit to the other fields."""
    wanted = np.array([float(e.answerable) for e in example_list])
    weights = compute_example_weights(example_list)
    fields = np.array([e.field for e in example_list])
    shares = {}
    for name in dict.fromkeys(e.field for e in example_list if e.kind.startswith("field")):
        inside = fields == name
        solution = compute_coefficients(values[~inside], wanted[~inside], weights[~inside])
        scores = _compute_probabilities(values[inside], solution)
        of_field = [e for e in example_list if e.field == name]
        shares[name] = _compute_abstained(scores < threshold, of_field)
    return shares


def compute_cross_validated(
    values: NDArray[np.float64], example_list: Sequence[Example], folds: int = 10
) -> NDArray[np.float64]:
    """The probability of each example by a fit without its fold; one question is in one fold."""
    wanted = np.array([float(e.answerable) for e in example_list])
    weights = compute_example_weights(example_list)
    questions = sorted({e.question for e in example_list})
    order = np.random.default_rng(0).permutation(len(questions))
    fold = {questions[q]: at % folds for at, q in enumerate(order)}
    parts = np.array([fold[e.question] for e in example_list])
    scores = np.zeros(len(example_list))
    for part in range(folds):
        inside = parts == part
        solution = compute_coefficients(values[~inside], wanted[~inside], weights[~inside])
        scores[inside] = _compute_probabilities(values[inside], solution)
    return scores
