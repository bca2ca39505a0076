"""One run: one assistant's answers to a question set, in a folder that can be resumed and compared.

A run folder holds ``run.json`` (what was run, on what, in which state), ``questions.jsonl`` (what was
asked, whatever becomes of the set), ``records.jsonl`` (the answer records as the contract has them),
``scores.jsonl`` (outcome and measures by question), ``summary.json`` and ``report.html``.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from eval.measures import citation_checks
from eval.run.parameters import get_current
from eval.run.scoring import Score, Scorer
from eval.sets.question_sets import QuestionSet, load_set
from rag.app.assistant import Assistant
from rag.cli import batch
from rag.config.settings import ROOT, Settings
from rag.types.errors import ReadError
from rag.types.masking import mask_secrets

RUN, QUESTIONS_FILE, RECORDS, SCORES, SUMMARY, REPORT = (
    "run.json", "questions.jsonl", "records.jsonl", "scores.jsonl", "summary.json", "report.html",
)  # fmt: skip
PACKAGES = ("chromadb", "numpy", "onnxruntime", "tantivy", "tokenizers", "langchain-openai")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is complete. ``about`` is what ``run.json`` holds."""

    folder: Path
    about: Mapping[str, Any]
    questions: QuestionSet
    records: Mapping[str, Mapping[str, Any]]
    scores: tuple[Score, ...]


def run_questions(
    assistant: Assistant,
    questions: QuestionSet,
    folder: Path | None = None,
    progress: Callable[[int, int], None] = lambda n_done, total: None,
) -> Run:
    """Ask what the folder does not hold yet, or what failed there, and score all of it.

    Args:
        assistant: Answers, one question after another.
        questions: What to ask.
        folder: Default: one for this state of things, below the data folder; the same state
            finds its records again.
        progress: Called with how many questions are answered, and of how many.

    Raises:
        ReadError: The folder holds a run of something else, or cannot be written.
    """
    about = get_description(assistant, questions)
    folder = folder or get_default_folder(assistant.settings, questions, about)
    _ensure_claimed(folder, about)
    write_lines(
        folder / QUESTIONS_FILE,
        [q.model_dump(exclude_unset=True, mode="json") for q in questions.questions],
    )
    to_ask = [
        batch.Item(q.id, q.turns or (q.question,), filters=q.conditions)
        for q in questions.questions
    ]
    batch.run(assistant, to_ask, folder / RECORDS, progress)
    records = _read_records(folder)
    text_of = citation_checks.build_text_lookup(assistant.library)
    scorer = Scorer(
        about["same_paper"], lambda record: citation_checks.find_faults(record, text_of)
    )
    scores = tuple(scorer.score(q, records.get(q.id)) for q in questions.questions)
    write_lines(folder / SCORES, [asdict(score) for score in scores])
    return Run(folder, about, questions, records, scores)


def get_default_folder(
    settings: Settings, questions: QuestionSet, about: Mapping[str, Any]
) -> Path:
    return settings.data / "evaluations" / f"{questions.name}-{about['state'][:12]}"


def load_run(folder: Path) -> Run:
    """A run from its folder.

    Raises:
        ReadError: The folder holds no complete run.
    """
    try:
        about = json.loads((folder / RUN).read_text(encoding="utf-8"))
        scores = tuple(Score(**row) for row in read_lines(folder / SCORES))
    except (OSError, ValueError) as exc:
        raise ReadError(f"{str(folder)!r} holds no complete run: {exc}") from exc
    set_about = about["set"]
    question_set = replace(
        load_set(folder / QUESTIONS_FILE), name=set_about["name"], sha256=set_about["sha256"]
    )
    return Run(folder, about, question_set, _read_records(folder), scores)


def get_description(assistant: Assistant, questions: QuestionSet) -> Json:
    """What is run, in which state; ``state`` stands for all that can change an answer."""
    settings = _get_plain_settings(assistant.settings)
    prompts = _compute_digests(assistant.settings.prompts, "*.yaml")
    decisive = {
        "set": questions.sha256,
        "settings": {k: v for k, v in settings.items() if k not in _PLACES},
        "prompts": _select_answering(prompts),
        "library": assistant.library.fingerprint,
        "dials": get_current(),
        "source": _compute_digest(ROOT / "rag"),
    }
    state = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return {
        **decisive,
        "set": {
            "name": questions.name,
            "path": str(questions.path.resolve()),
            "sha256": questions.sha256,
        },
        "settings": settings,
        "prompts": prompts,
        "state": state,
        "revision": get_revision(),
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": get_environment(),
        "same_paper": get_same_papers(assistant),
    }


def find_answering_model(run: Run) -> str:
    """The model that worded the answers, as the records say; ``extractive`` without one."""
    models = dict.fromkeys(
        str(r.get("model")) for r in run.records.values() if r.get("route") == "content"
    )
    return ", ".join(models) or "extractive"


_PLACES = ("data", "seeds", "prompts", "model_path", "host", "port")
"""Settings that say where things are, not what they are."""


def get_same_papers(assistant: Assistant) -> dict[str, str]:
    """The first place of each paper with several, by its other places."""
    papers = assistant.library.list_papers()
    return {str(place): p.source for p in papers for place in p.places[1:]}


def get_environment() -> Json:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "packages": {name: version(name) for name in PACKAGES},
    }


def get_revision() -> str | None:
    """The source revision, with a plus if files differ from it; None outside a checkout."""
    try:
        process = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return process.stdout.strip()


def _get_plain_settings(settings: Settings) -> Json:
    return {key: _plain(value) for key, value in settings}


def _plain(value: object) -> object:
    """As JSON holds it, without secrets."""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return mask_secrets(str(value)) if isinstance(value, Path | str) else value


def _compute_digest(folder: Path) -> str:
    """Of all source and data files below a folder, by path and content: weights change answers, too."""
    digest = hashlib.sha256()
    for path in sorted(p for end in ("py", "yaml", "txt", "npz") for p in folder.rglob(f"*.{end}")):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _compute_digests(folder: Path, pattern: str) -> dict[str, str]:
    return {
        p.stem: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob(pattern))
    }


def _select_answering(prompts: Mapping[str, str]) -> dict[str, str]:
    """Those that can change an answer: not the judges'."""
    return {name: digest for name, digest in prompts.items() if not name.startswith("judge_")}


def _ensure_claimed(folder: Path, about: Json) -> None:
    """Make the folder this run's, or find that it is; files that no run wrote stay as they are."""
    path = folder / RUN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rest = [
            name
            for name in (QUESTIONS_FILE, RECORDS, SCORES, SUMMARY, REPORT)
            if (folder / name).exists()
        ]
        if rest and not path.exists():
            raise ReadError(
                f"{str(folder)!r} is no run folder and holds {rest[0]!r}, which would be "
                "overwritten; name another folder with --out"
            )
        if path.exists():
            existing = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(existing, dict) or existing.get("state") != about["state"]:
                raise ReadError(
                    f"{str(folder)!r} holds a run of another state (set, settings, prompts, "
                    "library or source differ); name another folder with --out"
                )
        else:
            part = path.with_suffix(".part")
            part.write_text(json.dumps(about, indent=1), encoding="utf-8")
            part.replace(path)
    except (OSError, ValueError) as exc:
        raise ReadError(f"run folder {str(folder)!r} cannot be used: {exc}") from exc


def _read_records(folder: Path) -> dict[str, Mapping[str, Any]]:
    return {row["id"]: row for row in read_lines(folder / RECORDS)}


def write_lines(path: Path, rows: list[Json]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def read_lines(path: Path) -> list[Json]:
    """What `write_lines` wrote; only bytes are cut at line ends alone, and not at U+2028 too."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
