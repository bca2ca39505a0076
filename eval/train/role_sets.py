"""Reads labelled abstracts: the public sets that the roles are trained on, and this project's own.

The public ones are checkouts in one folder, under the names of their repositories; a set that is not
there is left out. Each has labels of its own, which allow one or several roles.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from rag.ingest.role_head import Allowed
from rag.text import fold, split_sentences
from rag.types import SENTENCE_ROLES
from rag.types.errors import ReadError

Split = Literal["train", "heldout"]
FOLDER = Path(__file__).parents[1] / "sets"
SEEDS = FOLDER / "roles.jsonl"
EXAMPLES = FOLDER / "role_examples.txt"

LICENCES = {
    "sequential_sentence_classification": "CSAbstruct, Apache-2.0, github.com/allenai",
    "Saliency_SR": "Scientific Abstract Moves Dataset, CC BY 4.0, github.com/ljk1228",
    "RAAMove": "RAAMove, CC BY 4.0, github.com/ljk1228",
    "qabstracts": "codes of qabstracts, CC BY 4.0, github.com/serqco",
    "pubmedqa": "PubMedQA, labelled part, MIT, github.com/pubmedqa",
}
"""Names of the checkouts; what each is and under which licence."""


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence with the label of its set; ``label`` is empty where annotators disagree."""

    text: str
    label: str
    allowed: Allowed


@dataclass(frozen=True, slots=True)
class LabelledAbstract:
    """The sentences of one abstract, in order.

    Attributes:
        is_whole: Whether they are a whole abstract, so that their places tell something.
    """

    source: str
    split: Split
    title: str
    sentences: tuple[LabelledSentence, ...]
    is_whole: bool = True


def _allow(**roles: str) -> dict[str, Allowed]:
    return {
        label: frozenset(role for role in SENTENCE_ROLES if role in names.split())
        for label, names in roles.items()
    }


LABELS: dict[str, dict[str, Allowed]] = {
    "sequential_sentence_classification": _allow(
        background="background problem", objective="aim resource", method="method resource",
        result="result resource limitation", other="other resource",
    ),
    "Saliency_SR": _allow(
        BAC="background", GAP="problem", PUR="aim resource", MTD="method resource", RST="result",
        CLN="result limitation", CTN="result resource aim", IMP="result other",
    ),
    "qabstracts": _allow(
        background="background", gap="problem", need="problem", objective="aim", method="method",
        design="method", result="result", conclusion="result", summary="result", claim="result",
        fposs="result other", fneed="limitation other", resourcepointer="resource",
        limitation="limitation", cruft="other",
    ),
    "pubmedqa": _allow(
        BACKGROUND="background problem", OBJECTIVE="aim", METHODS="method",
        RESULTS="result", CONCLUSIONS="result limitation", LIMITATIONS="limitation",
    ),
    "seeds": {role: frozenset((role,)) for role in SENTENCE_ROLES},
}  # fmt: skip
LABELS["RAAMove"] = LABELS["Saliency_SR"]
LABELS["own"] = LABELS["seeds"]

_RELEASE = re.compile(
    r"https?://|github|\b(?:(?:source )?code|data ?sets?|benchmarks?|corpus|corpora|models?|tools?|"
    r"toolkit|software|library|resources?)\b[^.]*\b(?:(?:is|are|will be|were|made|been) (?:made )?"
    r"(?:publicly |freely |openly )?(?:available|public|released|shared)|open[- ]sourced?)|"
    r"\bwe (?:also |further |publicly |will )*(?:(?:release|open[- ]source)\b[^.]*\b(?:codes?|data\w*|"
    r"corpus|models?|benchmark)|make\b[^.]*\b(?:public|available|public(?:ly)?))\b",
    re.I,
)
"""What gives data or code away, which no public set labels apart."""
_NEW_DATA = re.compile(
    r"\b(?:introduc|present|construct|creat|contribut|build|built|collect|propos|develop|provid|curat)"
    r"\w*\b[^.]{0,80}\b(?:data ?sets?|benchmarks?|corpus|corpora|treebank|database|test ?bed)\b",
    re.I,
)
"""What may give data, or only use it."""


def load_abstracts(folder: Path) -> list[LabelledAbstract]:
    """The public sets below a folder, and the examples of this project.

    Raises:
        ReadError: None of the sets is there.
    """
    readers = {
        "sequential_sentence_classification": _read_csabstruct,
        "Saliency_SR": _read_moves,
        "RAAMove": _read_moves,
        "qabstracts": _read_qabstracts,
        "pubmedqa": _read_pubmedqa,
    }
    abstracts = [a for name, read_set in readers.items() for a in read_set(folder / name, name)]
    if not abstracts:
        raise ReadError(
            f"{str(folder)!r} holds none of {', '.join(readers)}; "
            "fetch their repositories into it (eval/sets/README.md)"
        )
    return [*_drop_shared(abstracts), *load_examples()]


def _drop_shared(abstracts: Sequence[LabelledAbstract]) -> Iterator[LabelledAbstract]:
    """Without those to train on that share a sentence with one held out, as some come twice."""
    heldout = {key for a in abstracts if a.split == "heldout" for key in _iter_keys(a)}
    for abstract in abstracts:
        if abstract.split == "heldout" or heldout.isdisjoint(_iter_keys(abstract)):
            yield abstract


def _iter_keys(abstract: LabelledAbstract) -> Iterator[str]:
    """Beginnings of its longer sentences, folded."""
    return (fold(s.text)[:80] for s in abstract.sentences if len(s.text) > 40)


def load_seeds(half: str) -> list[LabelledAbstract]:
    """Abstracts of the seed documents, labelled by hand; one half is for tuning, one is asked once."""
    records = [json.loads(line) for line in SEEDS.read_text(encoding="utf-8").splitlines()]
    return [
        LabelledAbstract("seeds", "heldout", r["title"], _label("seeds", r["sentences"]))
        for r in records
        if r["half"] == half
    ]


def load_examples() -> list[LabelledAbstract]:
    """Sentences of our own: an abstract a paragraph, a role and a sentence a line.

    A paragraph that begins with ``single`` holds sentences that do not belong together.
    """
    abstracts = []
    for part in EXAMPLES.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in part.splitlines() if line and not line.startswith("#")]
        pairs = [tuple(line.split(" | ", 1)) for line in lines if " | " in line]
        sentences = _label("own", pairs)  # type: ignore[arg-type]
        if lines[:1] == ["single"]:
            abstracts += [
                LabelledAbstract("own", _choose_split(s.text), "", (s,), False) for s in sentences
            ]
        elif sentences:
            split = _choose_split(sentences[0].text)
            abstracts.append(LabelledAbstract("own", split, "", sentences))
    return abstracts


def _label(source: str, pairs: Iterable[tuple[str, str]]) -> tuple[LabelledSentence, ...]:
    """Sentences with the roles that their label allows; one that releases data or code is a resource.

    No other sentence is one, but for those that may give data, which are left open.
    """
    labels = LABELS[source]
    results = []
    for label, text in pairs:
        allowed = labels[label]
        if "resource" in allowed and len(allowed) > 1:
            if _RELEASE.search(text):
                allowed = frozenset(("resource",))
            elif not _NEW_DATA.search(text):
                allowed -= {"resource"}
        results.append(LabelledSentence(" ".join(text.split()), label, allowed))
    return tuple(results)


def _choose_split(key: str) -> Split:
    """One abstract in five is held out, by a hash of its first sentence."""
    return "heldout" if hashlib.sha256(key.encode()).digest()[0] % 5 == 0 else "train"


def _read_csabstruct(folder: Path, name: str) -> Iterator[LabelledAbstract]:
    """Abstracts in the split of the data set; its dev part is used for training too."""
    for part, split in (("train", "train"), ("dev", "train"), ("test", "heldout")):
        file = folder / "data" / "CSAbstruct" / f"{part}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            record = json.loads(line)
            pairs = zip(record["labels"], record["sentences"], strict=True)
            yield LabelledAbstract(name, split, "", _label(name, pairs))  # type: ignore[arg-type]


def _read_moves(folder: Path, name: str) -> Iterator[LabelledAbstract]:
    """Clauses with moves; those of one sentence are joined, and all their roles allowed."""
    for file in sorted(folder.rglob("*.json")):
        records = json.loads(file.read_text(encoding="utf-8"))
        for pairs in _split_abstracts(records):
            sentences = tuple(_join_clauses(name, pairs))
            if sentences:
                yield LabelledAbstract(name, _choose_split(sentences[0].text), "", sentences)


def _split_abstracts(records: Iterable[dict[str, Any]]) -> Iterator[list[tuple[str, str]]]:
    """Clauses by abstract; numbers of abstracts come again, so that the order tells them apart."""
    for _, group in groupby(records, key=lambda record: record["idx"]):
        pairs: list[tuple[str, str]] = []
        for record in group:
            if record.get("offset") == 0 and pairs:
                yield pairs
                pairs = []
            pairs.append((record["labels"], (record.get("sentence") or record["text"]).strip()))
        yield pairs


def _join_clauses(name: str, pairs: Iterable[tuple[str, str]]) -> Iterator[LabelledSentence]:
    labels: list[str] = []
    texts: list[str] = []
    items = [(label, text) for label, text in pairs if label in LABELS[name] and text]
    for at, (label, text) in enumerate(items):
        labels.append(label)
        texts.append(text)
        if at + 1 == len(items) or (text[-1] in ".?!" and not items[at + 1][1][0].islower()):
            joined = _label(name, [(label, " ".join(texts)) for label in dict.fromkeys(labels)])
            allowed = frozenset[str]().union(*(s.allowed for s in joined))
            label = labels[0] if len(joined) == 1 else ""
            yield LabelledSentence(joined[0].text, label, allowed)  # type: ignore[arg-type]
            labels, texts = [], []


_CODES = re.compile(r"\{\{([^}]*)\}\}")


def _read_qabstracts(folder: Path, name: str) -> Iterator[LabelledAbstract]:
    """Both annotators' codes; where they differ, either is allowed and the label is empty."""
    for file in sorted((folder / "abstracts" / "abstracts.A").glob("*.txt")):
        second_file = folder / "abstracts" / "abstracts.B" / file.name
        first = _read_codes(file)
        second = dict(_read_codes(second_file)) if second_file.is_file() else {}
        sentences = []
        for text, codes in first:
            every = codes | second.get(text, codes)
            labelled = _label(name, [(code, text) for code in sorted(every)])
            if labelled:
                allowed = frozenset[str]().union(*(s.allowed for s in labelled))
                label = labelled[0].label if len(labelled) == 1 else ""
                sentences.append(LabelledSentence(labelled[0].text, label, allowed))  # type: ignore[arg-type]
        if sentences:
            title = file.read_text(encoding="utf-8").split("\n", 1)[0]
            yield LabelledAbstract(name, _choose_split(file.name), title, tuple(sentences))


def _read_codes(file: Path) -> list[tuple[str, frozenset[str]]]:
    """Sentences with their codes; headings are left out, so that the head learns without them."""
    body = file.read_text(encoding="utf-8").partition("\n\n")[2]
    pieces = _CODES.split(body)
    results = []
    for text, codes in zip(pieces[::2], pieces[1::2], strict=False):
        names = {code.split(":")[0].strip() for code in codes.split(",")}
        known = frozenset(names & LABELS["qabstracts"].keys())
        if text.strip() and known and not any(n.startswith("h-") for n in names):
            results.append((" ".join(text.split()), known))
    return results


_SECTIONS = {
    "BACKGROUND": r"BACKGROUND|INTRODUCTION|CONTEXT|RATIONALE|BACKGROUND AND RATIONALE",
    "OBJECTIVE": r"(STUDY )?(OBJECTIVES?|AIMS?|PURPOSE|GOALS?)|AIMS? AND OBJECTIVES?|HYPOTHESIS",
    "METHODS": r"(PATIENTS|MATERIALS?|SUBJECTS|PARTICIPANTS) AND METHODS?|METHODS?( AND MATERIALS)?|"
    r"METHODOLOGY|(STUDY )?DESIGN|SETTING|PATIENTS|PARTICIPANTS|INTERVENTIONS?|SUBJECTS|"
    r"(MAIN )?OUTCOME MEASURES?|MEASUREMENTS",
    "RESULTS": r"(MAIN )?RESULTS?|(PRINCIPAL |KEY )?FINDINGS|MEASUREMENTS AND MAIN RESULTS",
    "LIMITATIONS": r"LIMITATIONS?",
}


def _read_pubmedqa(folder: Path, name: str) -> Iterator[LabelledAbstract]:
    """Sections of structured abstracts; of its test half alone, as answering is measured on the other."""
    file = folder / "data" / "ori_pqal.json"
    half = folder / "data" / "test_ground_truth.json"
    if not file.is_file() or not half.is_file():
        return
    ids = json.loads(half.read_text(encoding="utf-8"))
    for pmid, record in json.loads(file.read_text(encoding="utf-8")).items():
        sections = [*zip(record["LABELS"], record["CONTEXTS"], strict=True)]
        labelled = [(_find_section(label), text) for label, text in sections]
        if pmid in ids and all(label for label, _ in labelled):
            labelled.append(("CONCLUSIONS", record["LONG_ANSWER"]))
            pairs = [(n, text[a:b]) for n, text in labelled for a, b in split_sentences(text)]
            yield LabelledAbstract(name, _choose_split(pmid), "", _label(name, pairs))


def _find_section(label: str) -> str:
    return next((name for name, words in _SECTIONS.items() if re.fullmatch(words, label)), "")
