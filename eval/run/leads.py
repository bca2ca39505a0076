"""How often the right sentence of a paper leads: questions as people type them, each with its sentences.

The papers are given, so that the choice of the sentence alone is measured. Half 1 of the questions may be
looked at; of half 2 only totals are read.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.report.tables import format_table
from eval.sets.collections import CORPUS
from rag.answers.quoting import choose_sentences
from rag.app.assistant import Assistant

QUESTIONS = Path(__file__).parents[1] / "sets" / "lead_questions.jsonl"
SEEDS = "seeds"


@dataclass(frozen=True, slots=True)
class LeadQuestion:
    """A question about one paper: a place of the seeds, or an id of a public set in BEIR's form.

    ``sentences`` are the beginnings of those that answer, ``half`` is 1 or 2.
    """

    set: str
    paper: str
    kind: str
    half: int
    question: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lead:
    """Which sentence came first, and whether it answers."""

    asked: LeadQuestion
    told: str

    @property
    def is_right(self) -> bool:
        """Whether it is one of those that answer."""
        return self.told.startswith(self.asked.sentences)


def load_lead_questions(path: Path = QUESTIONS) -> list[LeadQuestion]:
    """All questions, in the order of the file."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [LeadQuestion(**{**row, "sentences": tuple(row["sentences"])}) for row in rows]


def find_leads(
    questions: Sequence[LeadQuestion],
    seeds: Assistant,
    open_assistant: Callable[[Path], Assistant],
    folder: Path | None,
) -> list[Lead]:
    """The first sentence for each question whose paper is at hand; without a folder, for the seeds'.

    Args:
        questions: Of any sets.
        seeds: Over the seed documents.
        open_assistant: Opens one over a data folder that is made for the public papers.
        folder: Holds the public sets, by name.
    """
    own = [asked for asked in questions if asked.set == SEEDS]
    places = {str(pl): p.paper_id for p in seeds.library.list_papers() for pl in p.places}
    leads = [
        _find_lead(asked, seeds, places[asked.paper]) for asked in own if asked.paper in places
    ]
    rest = [asked for asked in questions if asked.set != SEEDS]
    if folder is None:
        return leads
    rows = dict(_read_papers({(asked.set, asked.paper) for asked in rest}, folder))
    with tempfile.TemporaryDirectory() as work:
        corpus = Path(work) / CORPUS
        lines = (json.dumps(row, ensure_ascii=False) for row in rows.values())
        corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with open_assistant(Path(work) / "data") as assistant:
            assistant.ingest([corpus])
            at = {str(pl): p.paper_id for p in assistant.library.list_papers() for pl in p.places}
            ids = {key: at[f"{CORPUS}:{n}"] for n, key in enumerate(rows, 1)}
            leads += [
                _find_lead(asked, assistant, ids[asked.set, asked.paper])
                for asked in rest
                if (asked.set, asked.paper) in ids
            ]
    return leads


def _read_papers(
    wanted: set[tuple[str, str]], folder: Path
) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    for name in sorted({name for name, _ in wanted}):
        file = folder / name / CORPUS
        if not file.is_file():
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            key = (name, str(row["_id"]))
            if key in wanted:
                yield key, {"_id": " ".join(key), "title": row["title"], "text": row["text"]}


def _find_lead(asked: LeadQuestion, assistant: Assistant, paper_id: str) -> Lead:
    (hit,) = assistant.retrieve(asked.question, 1, within=(paper_id,)).papers
    asks_for = assistant.read(asked.question).query.asks_for
    (first,) = choose_sentences(asked.question, hit, 1, asks_for=asks_for)
    return Lead(asked, hit.paper.text[slice(*first.span)])


def format_leads(leads: Sequence[Lead]) -> str:
    """A table of how many lead rightly, by half and by kind, and what half 1 has wrong."""
    groups = {f"half {half}": [x for x in leads if x.asked.half == half] for half in (1, 2)}
    for kind in sorted({lead.asked.kind for lead in leads}):
        groups[kind] = [lead for lead in leads if lead.asked.kind == kind]
    rows: list[list[str | float | int | None]] = [
        [name, sum(lead.is_right for lead in group), len(group)]
        for name, group in groups.items()
        if group
    ]
    wrong = [
        f"{lead.asked.question}\n  {lead.told}"
        for lead in leads
        if lead.asked.half == 1 and not lead.is_right
    ]
    return "\n".join([format_table(["questions", "right", "of"], rows), "", *wrong])
