"""Commands over public collections, PDFs and other fields, and for speed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from eval.commands.opening import (
    DONE,
    Commands,
    add_data,
    ensure_data_folder,
    get_settings_for,
    open_library,
)
from eval.run.progress import ProgressBar
from rag.config.settings import load
from rag.types.errors import ReadError


def add_commands(commands: Commands) -> None:
    _add_beir(commands)
    _add_experts(commands)
    _add_pubmedqa(commands)
    _add_pdfs(commands)
    _add_fields(commands)
    _add_speed(commands)
    _add_browser(commands)


def _add_beir(commands: Commands) -> None:
    parser = commands.add_parser("beir", help="retrieval on a public collection in BEIR's form")
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl, queries.jsonl and qrels/")
    parser.add_argument("--split", default="test", help="names the judgements (default: test)")
    parser.add_argument("--limit", type=int, help="ask the first N queries only")
    add_data(parser)
    parser.set_defaults(run=run_beir)


def run_beir(args: argparse.Namespace) -> int:
    from eval.benchmarks import beir
    from eval.sets import collections
    from rag.app.assistant import build

    collection = collections.load_collection(args.folder, args.split, args.limit)
    with ensure_data_folder(args.data) as data, build(get_settings_for(data)) as assistant:
        print(collections.format_measured(beir.score_beir(assistant, collection, ProgressBar())))
    return DONE


def _add_experts(commands: Commands) -> None:
    parser = commands.add_parser("experts", help="expert finding on a public collection")
    parser.add_argument("folder", type=Path, help="as for beir, with people.jsonl")
    parser.add_argument("--split", default="dev", help="names the judgements (default: dev)")
    add_data(parser)
    parser.set_defaults(run=run_experts)


def run_experts(args: argparse.Namespace) -> int:
    from eval.benchmarks import expert_finding
    from eval.sets import collections
    from rag.app.assistant import build

    with ensure_data_folder(args.data) as data, build(get_settings_for(data)) as assistant:
        print(
            collections.format_measured(
                expert_finding.score_experts(assistant, args.folder, args.split, ProgressBar())
            )
        )
    return DONE


def _add_pubmedqa(commands: Commands) -> None:
    parser = commands.add_parser("pubmedqa", help="answering and declining on a public collection")
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl and qa.jsonl")
    parser.add_argument("--limit", type=int, help="ask the first N questions only")
    parser.set_defaults(run=run_pubmedqa)


def run_pubmedqa(args: argparse.Namespace) -> int:
    from eval.benchmarks import pubmedqa
    from rag.app.assistant import build

    with ensure_data_folder(None) as data, build(get_settings_for(data / "library")) as assistant:
        print(
            pubmedqa.format_pubmedqa(
                pubmedqa.score_pubmedqa(
                    assistant, args.folder, data / "corpus", args.limit, ProgressBar()
                )
            )
        )
    return DONE


def _add_pdfs(commands: Commands) -> None:
    parser = commands.add_parser(
        "pdfs", help="how well PDFs are read, over files whose addresses are in eval/sets/pdfs"
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", help="a folder with the files (default: list the addresses)"
    )
    parser.add_argument("--split", choices=("tune", "held"), help="one half alone")
    parser.add_argument("--mistakes", action="store_true", help="say what was wrong")
    parser.add_argument(
        "--bodies",
        action="store_true",
        help="ask the questions on their bodies, of all that are there",
    )
    parser.set_defaults(run=run_pdfs)


def run_pdfs(args: argparse.Namespace) -> int:
    from eval.run import pdfs

    truth = pdfs.load_truth()
    if args.folder is None:
        for paper in truth:
            print(paper.split, paper.sha256, paper.address, sep="\t")
        return DONE
    files = pdfs.find_files(args.folder, truth)
    if not files:
        raise ReadError(f"no PDF of the set is below {str(args.folder)!r}; fetch them first")
    if args.bodies:
        return _run_bodies(args, {p.name: files[p.sha256] for p in truth if p.sha256 in files})
    for split in ("tune", "held"):
        if args.split in (None, split):
            score = pdfs.score_pdfs([paper for paper in truth if paper.split == split], files)
            print(*pdfs.iter_lines(split, score), sep="\n")
            print(*(score.mistakes if args.mistakes else ()), sep="\n")
    return DONE


def _run_bodies(args: argparse.Namespace, file_of: Mapping[str, Path]) -> int:
    from eval.run import bodies

    names = {name: path.relative_to(args.folder).as_posix() for name, path in file_of.items()}
    with open_library(args.folder) as assistant:
        for half, questions in bodies.group_by_half(bodies.load_body_questions()).items():
            score = bodies.score_bodies(questions, names, assistant)
            print(f"half {half}", *bodies.iter_body_lines(score), sep="\n")
            print(*(score.mistakes if args.mistakes else ()), sep="\n")
    return DONE


def _add_fields(commands: Commands) -> None:
    parser = commands.add_parser(
        "fields", help="questions over other fields, whose files eval/sets/fields names"
    )
    parser.add_argument("folder", type=Path, help="holds a folder of records for each field")
    parser.add_argument("--half", type=int, help="one part of the questions alone: 1, 2, ...")
    parser.add_argument("--mistakes", action="store_true", help="say which questions went wrong")
    parser.set_defaults(run=run_fields)


def run_fields(args: argparse.Namespace) -> int:
    from eval.run import fields

    for name, questions in fields.group_by_field(args.folder).items():
        of_halves = [q for q in questions if args.half in (None, q.half)]
        if of_halves:
            with open_library(args.folder / name) as assistant:
                score = fields.score_field(of_halves, assistant)
            print(*fields.iter_field_lines(name, score), sep="\n")
            print(*(score.mistakes if args.mistakes else ()), sep="\n")
    return DONE


def _add_speed(commands: Commands) -> None:
    parser = commands.add_parser("speed", help="ingest, cold and warm questions, memory")
    parser.add_argument(
        "--papers", type=int, default=0, help="at so many made papers, not the seeds"
    )
    parser.add_argument("--runs", type=int, default=3, help="fresh processes a figure (default: 3)")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--keep", type=Path, help="keep the libraries there, for another run")
    parser.set_defaults(run=run_speed)


def run_speed(args: argparse.Namespace) -> int:
    import json

    from eval.benchmarks import speed

    if args.json:
        speed.check_place(args.json)
    figures = speed.compute_speed(load(), args.papers, args.runs, ProgressBar(), args.keep)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(speed.format_speed(figures))
    return DONE


def _add_browser(commands: Commands) -> None:
    parser = commands.add_parser("browser", help="from Enter to the first words, in a real browser")
    parser.add_argument("--questions", type=int, default=30, metavar="N", help="each (default: 30)")
    parser.add_argument(
        "--readers", type=int, default=10, metavar="N", help="at once (default: 10)"
    )
    parser.set_defaults(run=run_browser)


def run_browser(args: argparse.Namespace) -> int:
    from eval.benchmarks import browser
    from eval.sets.question_sets import load_set

    print(
        browser.format_waits(
            browser.compute_waits(load(), load_set(), args.questions, args.readers, ProgressBar())
        )
    )
    return DONE
