"""Reads the questions that the ranker of sentences is trained on, each with the sentences that answer it.

The public sets are folders below one, under the names of `SETS`; one that is not there is left out.
Questions of our own over their abstracts (``eval/sets/ranker_questions.jsonl``) hold the beginnings of
the answering sentences, not the abstracts. None is about a paper of the seeds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.answers.sentence_forms import is_of_itself, is_pointing_to_code
from rag.library.naming import is_made_up
from rag.text import extract_terms, iter_words, split_sentences
from rag.types.errors import ReadError

Source = Literal[
    "own",
    "field",
    "further",
    "field further",
    "described",
    "scifact",
    "pubmedqa",
    "covidqa",
    "scitldr",
]
Papers = dict[str, tuple[str, str]]

OWN = Path(__file__).parents[1] / "sets" / "ranker_questions.jsonl"
FIELD = OWN.with_name("ranker_questions_field.jsonl")
"""Questions of a field, by somebody who knows no paper of it: "is there a defence against adversarial patches?"."""
FURTHER, FIELD_FURTHER = (
    OWN.with_name(f"ranker_questions_{name}.jsonl") for name in ("further", "field_further")
)
"""Questions that measure alone; the first, trained on as well, gave nothing: see eval/LOG.md."""
MEASURED_ALONE: frozenset[Source] = frozenset(("further", "field further"))
SETS = {
    "scifact": "SciFact in BEIR's form with claims.jsonl and corpus_sentences.jsonl, CC BY 4.0 and ODC-By",
    "pubmedqa": "PubMedQA, labelled part, MIT",
    "scitldr": "SciTLDR in BEIR's form, Apache-2.0; most of our own questions are about its abstracts",
    "COVID-QA": "a checkout of github.com/deepset-ai/COVID-QA, Apache-2.0",
}
"""Names of the folders; what each is and under which licence."""
COVID_FILE = "data/question-answering/200423_covidQA.json"
ASKED_ELSEWHERE = 200
"""The first questions of PubMedQA measure answers, and are not trained on."""
WINDOW = 10
"""Sentences of a full text around an answer, which stand for an abstract."""
MIN_OVERLAP = 0.34
"""Share of the terms of a long answer, or of a summary, that the sentence nearest to it must have."""
N_SUMMARIES = 500
DESCRIBED = (
    "{summary}: {question}",
    "In the work on this: {summary}, {question}",
    "{summary} - {question}",
    "{question} ({summary})",
)
"""Forms of a question that describes its paper because the reader does not know its name."""
MAX_DESCRIPTION_WORDS = 18
CODE_QUESTIONS = (
    "where is the code?",
    "is the code of {title} available?",
    "github link of {title}",
    "can I download it, and where?",
    "what do they release?",
)
CODE_EVERY = 3
CODE = (
    " The code is available at https://github.com/{name}.",
    " Code, models and data sets for {title} can be found at https://github.com/{name}.",
    " The data sets and benchmarks are available at https://{name}.github.io.",
)
"""What every second paper that names no place of its code is given as its last sentence: most abstracts of
today end so, with the method's name in the address, and it answers nothing but a question for it."""
IDEA_QUESTIONS = (
    "what's its main idea?",
    "main contributions of {title}?",
    "what do they propose?",
    "what is the key idea of {title}",
    "novelty?",
    "what does {title} contribute",
)
COVID_EVERY = 2
"""One question of so many of COVID-QA is trained on: each has a text of its own, which takes time to read."""
HELD_OUT = 4
"""One paper of so many is held out."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question about one paper, with the sentences of it that answer."""

    source: Source
    question: str
    paper: str
    sentences: tuple[str, ...]


def is_held_out(labelled: Labelled) -> bool:
    """Whether a question is kept for measuring: those on one paper are all on one side."""
    drawn = int(hashlib.sha256(labelled.paper.encode()).hexdigest(), 16)
    return labelled.source in MEASURED_ALONE or drawn % HELD_OUT == 0


def load_questions(folder: Path) -> tuple[list[Labelled], Papers]:
    """All questions, and the title and text of each paper that they are about, by its key.

    Raises:
        ReadError: None of the sets is there.
    """
    papers: Papers = {}
    readers = {
        "scifact": _read_scifact,
        "pubmedqa": _read_pubmedqa,
        "scitldr": _read_scitldr,
        "COVID-QA": _read_covidqa,
    }
    questions = list(_read_own(folder, papers))
    for name, read in readers.items():
        if (folder / name).is_dir():
            questions += read(folder / name, papers)
    if not questions:
        raise ReadError(
            f"{str(folder)!r} holds none of {', '.join(readers)}; see eval/sets/README.md"
        )
    return questions, papers


def _read_scifact(folder: Path, papers: Papers) -> Iterator[Labelled]:
    rows = {str(row["_id"]): row for row in _read_lines(folder / "corpus_sentences.jsonl")}
    for claim in _read_lines(folder / "claims.jsonl"):
        if claim["split"] != "train":
            continue
        for evidence in claim["evidence"]:
            row = rows[str(evidence["doc_id"])]
            key = f"scifact {row['_id']}"
            sentences = [str(s) for s in row["sentences"]]
            papers[key] = str(row["title"]), " ".join(sentences)
            gold = {n for rationale in evidence["rationales"] for n in rationale}
            yield Labelled(
                "scifact", str(claim["claim"]), key, tuple(sentences[n] for n in sorted(gold))
            )


def _read_pubmedqa(folder: Path, papers: Papers) -> Iterator[Labelled]:
    rows = {str(row["_id"]): row for row in _read_lines(folder / "corpus.jsonl")}
    for item in list(_read_lines(folder / "qa.jsonl"))[ASKED_ELSEWHERE:]:
        row = rows[str(item["gold_doc"])]
        if nearest := _find_nearest(str(row["text"]), str(item["long_answer"])):
            key = f"pubmedqa {row['_id']}"
            papers[key] = str(row["title"]), str(row["text"])
            yield Labelled("pubmedqa", str(item["question"]), key, (nearest,))


def load_own_questions(folder: Path) -> tuple[list[Labelled], Papers]:
    """Our own questions alone, and their papers, as `load_questions` gives them."""
    papers: Papers = {}
    return list(_read_own(folder, papers)), papers


def _read_own(folder: Path, papers: Papers) -> Iterator[Labelled]:
    """Our own questions, also after a summary of their paper, or after its title without one."""
    texts: dict[str, dict[str, Any]] = {}
    _, summaries = (
        _read_summaries(folder / "scitldr") if (folder / "scitldr").is_dir() else ([], {})
    )
    files: dict[Source, Path] = {
        "own": OWN,
        "field": FIELD,
        "further": FURTHER,
        "field further": FIELD_FURTHER,
    }
    items = [(source, item) for source, path in files.items() for item in _read_lines(path)]
    for n, (source, item) in enumerate(items):
        name, paper = str(item.get("set", "scitldr")), str(item["paper"])
        if not (folder / name).is_dir():
            continue
        if name not in texts:
            rows = _read_lines(folder / name / "corpus.jsonl")
            texts[name] = {str(row["_id"]): row for row in rows}
        row, key = texts[name][paper], f"{name} {paper}"
        title, text = papers.setdefault(key, (str(row["title"]), str(row["text"])))
        spans = split_sentences(text)
        begins = tuple(item["sentences"])
        gold = tuple(text[a:b] for a, b in spans if text[a:b].startswith(begins))
        question = str(item["question"])
        yield Labelled(source, question, key, gold)
        if source == "own" and (summary := (summaries.get(paper) or title).rstrip(". ")):
            form = DESCRIBED[n % len(DESCRIBED)]
            told = form.format(summary=_shorten(summary), question=question)
            yield Labelled("described", told, key, gold)


def _read_summaries(folder: Path) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Each paper's id with a summary, and the first summary of each paper."""
    texts = {str(row["_id"]): str(row["text"]) for row in _read_lines(folder / "queries.jsonl")}
    judged = (folder / "qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in judged]
    summaries = [(row[1], texts[row[0]]) for row in rows]
    return summaries, dict(reversed(summaries))


def _read_scitldr(folder: Path, papers: Papers) -> Iterator[Labelled]:
    """Summaries of papers that our own questions are not about.

    A summary is answered by the sentence nearest to it of those in which the paper speaks of itself.
    """
    rows = {str(row["_id"]): row for row in _read_lines(folder / "corpus.jsonl")}
    summaries, of_papers = _read_summaries(folder)
    ours = set(papers)
    yield from _ask_for_code(rows.values(), of_papers, papers)
    for paper_id, summary in summaries[:: max(1, len(summaries) // N_SUMMARIES)]:
        row, key = rows[paper_id], f"scitldr {paper_id}"
        if key in ours:
            continue
        if not (nearest := _find_nearest(str(row["text"]), summary, is_of_itself)):
            continue
        papers[key] = str(row["title"]), str(row["text"])
        yield Labelled("scitldr", summary, key, (nearest,))
        form = IDEA_QUESTIONS[len(papers) % len(IDEA_QUESTIONS)]
        yield Labelled("scitldr", form.format(title=row["title"]), key, (nearest,))
    for n, (key, (title, text)) in enumerate(list(papers.items())):
        if key.startswith("scitldr") and n % 2 and not is_pointing_to_code(text):
            names = [word for word, _ in iter_words(f"{text} {title}") if is_made_up(word)]
            name = max(names, key=names.count, default="code")
            told = CODE[n // 2 % len(CODE)].format(name=name, title=title)
            papers[key] = title, text + told


def _ask_for_code(
    rows: Iterable[dict[str, Any]], summaries: Mapping[str, str], papers: Papers
) -> Iterator[Labelled]:
    """For papers that say where their code is: one question for it, and their summary as one that is not."""
    for n, row in enumerate(rows):
        text = str(row["text"])
        told = [text[a:b] for a, b in split_sentences(text) if is_pointing_to_code(text[a:b])]
        if not 0 < len(told) < len(split_sentences(text)) or n % CODE_EVERY:
            continue
        key = f"scitldr {row['_id']}"
        papers[key] = str(row["title"]), text
        form = CODE_QUESTIONS[n // CODE_EVERY % len(CODE_QUESTIONS)]
        yield Labelled("own", form.format(title=row["title"]), key, tuple(told))
        summary = summaries.get(str(row["_id"]), "")
        if nearest := _find_nearest(text, summary, is_of_itself):
            yield Labelled("scitldr", summary, key, (nearest,))


def _shorten(summary: str) -> str:
    return " ".join(summary.split()[:MAX_DESCRIPTION_WORDS])


def _read_covidqa(folder: Path, papers: Papers) -> Iterator[Labelled]:
    """Questions over full texts: the sentences around each answer stand for its paper."""
    content = json.loads((folder / COVID_FILE).read_text(encoding="utf-8"))
    for n, entry in enumerate(content["data"]):
        for paragraph in entry["paragraphs"]:
            text = paragraph["context"]
            spans = [s for s in split_sentences(text) if len(extract_terms(text[slice(*s)])) > 2]
            for item in paragraph["qas"]:
                answer = item["answers"][0]
                start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                gold = [at for at, (a, b) in enumerate(spans) if a < end and b > start]
                if not gold or len(gold) > 2 or int(item["id"]) % COVID_EVERY:
                    continue
                first = max(0, gold[0] - int(item["id"]) % (WINDOW - len(gold)))
                window = spans[first : first + WINDOW]
                key = f"covidqa {n}.{first}"
                parts = [re.sub(r"\s+", " ", text[a:b]) for a, b in window]
                papers[key] = "", " ".join(parts)
                yield Labelled(
                    "covidqa", item["question"], key, tuple(parts[at - first] for at in gold)
                )


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _find_nearest(text: str, told: str, fits: Callable[[str], bool] = bool) -> str:
    """The fitting sentence of a text that has most terms of another text; none where it has few."""
    wanted = set(extract_terms(told))
    sentences = [text[a:b] for a, b in split_sentences(text) if fits(text[a:b])]
    shares = [len(wanted & set(extract_terms(s))) / max(1, len(wanted)) for s in sentences]
    best = max(shares, default=0.0)
    return sentences[shares.index(best)] if best >= MIN_OVERLAP else ""
