"""The batch evaluation: ``python -m eval ...``, also ``paperfolk eval ...``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.run.progress import ProgressBar
from rag.config.settings import Settings, load
from rag.types.errors import RagError, ReadError, SettingsError

if TYPE_CHECKING:
    from eval.judges.run_judges import Judged
    from eval.report.summary import Summary
    from eval.run.runs import Run
    from eval.sets.question_sets import QuestionSet
    from rag.app.assistant import Assistant

DONE, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors are one sentence on stderr and the exit status of the contract."""
    typed = list(sys.argv[1:] if argv is None else argv)
    if typed[:1] == ["--beir"]:
        typed[0] = "beir"
    if not typed or (typed[0].startswith("-") and typed[0] not in ("-h", "--help")):
        typed.insert(0, "run")
    args = build_parser().parse_args(typed)
    try:
        return int(args.run(args))
    except (SettingsError, ReadError) as exc:
        return _show_error(exc, USAGE)
    except RagError as exc:
        return _show_error(exc, FAILED)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_run(commands)
    _add_gate(commands)
    _add_claims(commands)
    _add_compare(commands)
    _add_sweep(commands)
    _add_judge(commands)
    _add_beir(commands)
    _add_experts(commands)
    _add_pubmedqa(commands)
    _add_pdfs(commands)
    _add_fields(commands)
    _add_speed(commands)
    _add_browser(commands)
    _add_readings(commands)
    _add_calibrate(commands)
    _train_planted(commands)
    _add_train(commands)
    _add_leads(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("run", help="a question set, measured (what happens by default)")
    parser.add_argument(
        "--set",
        type=Path,
        action="append",
        help="JSONL of questions, any number of times (default: those of eval/sets, and "
        "questions.jsonl of the data folder, which the chat adds to)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="run folder; of several sets, the folder of theirs (default: below the data folder)",
    )
    parser.add_argument("--judge", metavar="MODEL", help="have a chat model grade the answers too")
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_set)


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("compare", help="two runs, question by question")
    parser.add_argument("a", type=Path, help="run folder, the baseline")
    parser.add_argument("b", type=Path, help="run folder")
    parser.set_defaults(run=run_compare)


def _add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "sweep", help="settings, fusion weights and numbers, each at several values"
    )
    parser.add_argument(
        "dials",
        nargs="+",
        metavar="dial",
        help="such as fusion.lexical=0.3,0.7 k=10,20 embedder=minilm-fp32 prompts=FOLDER",
    )
    parser.add_argument("--set", type=Path, help="JSONL of questions (default: development)")
    parser.add_argument(
        "--out", type=Path, help="folder of the runs (default: below the data folder)"
    )
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_sweep)


def _add_judge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "judge", help="a run's answers graded by a chat model, beside hand-made labels"
    )
    parser.add_argument("folder", type=Path, help="run folder")
    parser.add_argument("--model", help="the judges' chat model (default: chat_model as set)")
    parser.add_argument("--limit", type=int, help="judge the first N answers only")
    parser.set_defaults(run=run_judge)


def _add_gate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "gate", help="the project's sets against eval/report/expected.yaml"
    )
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_gate)


def _add_claims(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "claims", help="labelled claims through the citation gate: true ones hit, false ones passed"
    )
    parser.add_argument("file", type=Path, help="JSONL of claims, such as eval/sets/claims.jsonl")
    parser.add_argument("--faults", action="store_true", help="list the claims that went wrong")
    _add_data(parser)
    parser.set_defaults(run=run_claims)


def _add_beir(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("beir", help="retrieval on a public collection in BEIR's form")
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl, queries.jsonl and qrels/")
    parser.add_argument("--split", default="test", help="names the judgements (default: test)")
    parser.add_argument("--limit", type=int, help="ask the first N queries only")
    _add_data(parser)
    parser.set_defaults(run=run_beir)


def _add_experts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("experts", help="expert finding on a public collection")
    parser.add_argument("folder", type=Path, help="as for beir, with people.jsonl")
    parser.add_argument("--split", default="dev", help="names the judgements (default: dev)")
    _add_data(parser)
    parser.set_defaults(run=run_experts)


def _add_pubmedqa(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("pubmedqa", help="answering and declining on a public collection")
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl and qa.jsonl")
    parser.add_argument("--limit", type=int, help="ask the first N questions only")
    parser.set_defaults(run=run_pubmedqa)


def _add_pdfs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    with _open_library(args.folder) as assistant:
        for half, questions in bodies.group_by_half(bodies.load_body_questions()).items():
            score = bodies.score_bodies(questions, names, assistant)
            print(f"half {half}", *bodies.iter_body_lines(score), sep="\n")
            print(*(score.mistakes if args.mistakes else ()), sep="\n")
    return DONE


def _add_fields(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
            with _open_library(args.folder / name) as assistant:
                score = fields.score_field(of_halves, assistant)
            print(*fields.iter_field_lines(name, score), sep="\n")
            print(*(score.mistakes if args.mistakes else ()), sep="\n")
    return DONE


def _add_speed(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("speed", help="ingest, cold and warm questions, memory")
    parser.add_argument(
        "--papers", type=int, default=0, help="at so many made papers, not the seeds"
    )
    parser.add_argument("--runs", type=int, default=3, help="fresh processes a figure (default: 3)")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--keep", type=Path, help="keep the libraries there, for another run")
    parser.set_defaults(run=run_speed)


def _add_browser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("browser", help="from Enter to the first words, in a real browser")
    parser.add_argument("--questions", type=int, default=30, metavar="N", help="each (default: 30)")
    parser.add_argument(
        "--readers", type=int, default=10, metavar="N", help="at once (default: 10)"
    )
    parser.set_defaults(run=run_browser)


def _add_readings(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "readings", help="how questions are read, beside the right reading"
    )
    parser.add_argument("set", type=Path, help="JSONL, such as eval/sets/readings/a.jsonl")
    parser.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help="the data folder of each library that the set names; other questions are left out",
    )
    parser.add_argument("--miss", action="store_true", help="print each miss with both readings")
    parser.set_defaults(run=run_readings)


def _add_calibrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("calibrate", help="fit the decision to abstain anew, and write it")
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.add_argument("--public", type=Path, help="also fit to a collection in PubMedQA's form")
    parser.add_argument("--fields", type=Path, help="also fit to the libraries of eval/sets/fields")
    parser.set_defaults(run=run_calibrate)


def _train_planted(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "train-planted", help="fit what tells planted sentences to its examples, and write it"
    )
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_train_planted)


def _add_leads(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("leads", help="how often the right sentence of a paper leads")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="holds the public sets (default: the seeds alone)"
    )
    parser.set_defaults(run=run_leads)


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("train", help="fit a head of the embedded model, and write it")
    heads = parser.add_subparsers(dest="head", required=True)
    reader = heads.add_parser("reader", help="what reads questions, from its examples")
    reader.add_argument(
        "--check", action="store_true", help="only read the examples, and say what is wrong in them"
    )
    reader.set_defaults(run=run_train_reader)
    roles = heads.add_parser("roles", help="what tells the roles of sentences")
    roles.add_argument(
        "folder", type=Path, help="holds the public sets, under the names of their repositories"
    )
    roles.add_argument(
        "--once", action="store_true", help="also measure on the half of the seeds kept for the end"
    )
    roles.set_defaults(run=run_train_roles)
    turns = heads.add_parser("turns", help="which of its readings a follow-up has")
    turns.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help="the data folder of each library that eval/sets/readings names",
    )
    turns.set_defaults(run=run_train_turns)
    ranker = heads.add_parser("ranker", help="what ranks the sentences of a paper for a question")
    ranker.add_argument("folder", type=Path, help="holds the public sets of questions")
    ranker.set_defaults(run=run_train_ranker)
    words = heads.add_parser("words", help="how surely an answer has each word of its question")
    words.add_argument("folder", type=Path, help="holds the public sets of questions")
    words.set_defaults(run=run_train_words)
    tokens = heads.add_parser("tokens", help="how token vectors are kept small")
    tokens.add_argument(
        "folder", type=Path, help="holds folders with a corpus.jsonl, such as BEIR's collections"
    )
    tokens.set_defaults(run=run_train_tokens)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, help="keep the library there, for another run (default: a new one)"
    )


def run_set(args: argparse.Namespace) -> int:
    from eval.judges import run_judges
    from eval.report import summary
    from eval.run import runs
    from eval.sets import question_sets
    from rag.app import user_question_set

    settings = get_run_settings(args.data)
    named_sets = [question_sets.load_set(path) for path in args.set or ()]
    sets = named_sets or question_sets.list_routine_sets(
        user_question_set.UserQuestionSet(settings.data, settings.library_url).write_file()
    )
    n_failed = 0
    for run, figures in run_measured(settings, sets, args.out):
        note = question_sets.ROUTINE_SETS.get(run.questions.name, "questions of your own")
        print(
            f"{run.questions.name}: {note}\n\n{summary.format_summary(figures)}\n\n{run.folder / runs.REPORT}\n"
        )
        if args.judge:
            print(
                run_judges.format_judged(judge(load(data=args.data, chat_model=args.judge), run))
                + "\n"
            )
        n_failed += len(summary.list_failures(run))
        for failure in summary.list_failures(run)[:3]:
            sys.stderr.write(f"paperfolk eval: {failure}\n")
    return FAILED if n_failed else DONE


def run_measured(
    settings: Settings, question_sets: Sequence[QuestionSet], out: Path | None
) -> Iterator[tuple[Run, Summary]]:
    """A run of each question set and its figures, all written to its run folder."""
    from eval.report import artefacts, summary
    from eval.run import runs

    progress = ProgressBar()
    with open_assistant(settings) as assistant:
        for questions in question_sets:
            folder = out / questions.name if out and len(question_sets) > 1 else out
            report_progress = partial(progress, f"questions of {questions.name}")
            run = runs.run_questions(assistant, questions, folder, report_progress)
            figures = summary.compute_summary(run)
            artefacts.write_report(run, figures)
            if out is None:
                artefacts.save_latest(run)
            yield run, figures


def run_compare(args: argparse.Namespace) -> int:
    from eval.report import run_comparison
    from eval.run import runs

    print(
        run_comparison.format_comparison(
            run_comparison.compare_runs(runs.load_run(args.a), runs.load_run(args.b))
        )
    )
    return DONE


def run_sweep(args: argparse.Namespace) -> int:
    from eval.run import sweep
    from eval.run.parameters import Dial
    from eval.sets import question_sets

    dials = [Dial.parse(text) for text in args.dials]
    settings = get_run_settings(args.data)
    out = args.out or settings.data / "evaluations" / "sweep"
    questions = question_sets.load_set(args.set or question_sets.DEVELOPMENT)
    with open_assistant(settings):
        pass  # an empty library gets the seeds
    print(sweep.format_sweep(sweep.run_values(settings, questions, dials, out, ProgressBar())))
    return DONE


def run_judge(args: argparse.Namespace) -> int:
    from eval.judges import run_judges
    from eval.run import runs

    judged = judge(load(chat_model=args.model), runs.load_run(args.folder), args.limit)
    print(run_judges.format_judged(judged))
    return DONE


def judge(settings: Settings, run: Run, limit: int | None = None) -> Judged:
    """Put a run before the judges; figures, report and summary go into its folder."""
    from eval.judges import judge, run_judges
    from eval.report import artefacts, summary

    bench = judge.open_panel(settings, run.folder / run_judges.VERDICTS)
    judged = run_judges.judge_run(run, bench, partial(ProgressBar(), "answers judged"), limit)
    run_judges.write(run.folder, judged)
    artefacts.write_report(run, summary.compute_summary(run))
    return judged


def run_gate(args: argparse.Namespace) -> int:
    from eval.report import expectations
    from eval.sets import question_sets

    expected = expectations.load_expectations()
    settings = get_settings_for(args.data or load().data).model_copy(update={"mode": "extractive"})
    sets = [
        question_sets.load_set(question_sets.FOLDER / f"{name}.jsonl")
        for name in expectations.list_sets(expected)
    ]
    figures_by_set = {
        run.questions.name: figures for run, figures in run_measured(settings, sets, None)
    }
    print(expectations.format_gate(figures_by_set, expected))
    short = expectations.list_breaches(figures_by_set, expected)
    for sentence in short:
        sys.stderr.write(f"paperfolk eval: {sentence}\n")
    return FAILED if short else DONE


def run_claims(args: argparse.Namespace) -> int:
    from eval.run import claims

    with open_assistant(get_settings_for(args.data or load().data)) as assistant:
        fates = claims.check_claims(assistant, claims.load_claims(args.file))
    for fate in fates:
        right = "clean" if fate.claim.supported else ("marked", "removed")
        if args.faults and fate.unjudged not in right:
            sys.stdout.write(
                f"{fate.claim.id} {fate.claim.kind}: {fate.unjudged}: {fate.claim.claim}\n"
            )
    sys.stdout.write(claims.format_fates(fates) + "\n")
    return DONE


@contextmanager
def open_assistant(settings: Settings) -> Iterator[Assistant]:
    """An assistant over a library that holds something: an empty one gets the seeds."""
    from rag.app.assistant import build
    from rag.types.errors import LibraryEmpty

    with build(settings) as assistant:
        try:
            assistant.library.ensure_not_empty()
        except LibraryEmpty:
            assistant.ingest(progress=ProgressBar())
        yield assistant


def run_beir(args: argparse.Namespace) -> int:
    from eval.benchmarks import beir
    from eval.sets import collections
    from rag.app.assistant import build

    collection = collections.load_collection(args.folder, args.split, args.limit)
    with ensure_data_folder(args.data) as data, build(get_settings_for(data)) as assistant:
        print(collections.format_measured(beir.score_beir(assistant, collection, ProgressBar())))
    return DONE


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


def run_browser(args: argparse.Namespace) -> int:
    from eval.benchmarks import browser
    from eval.sets.question_sets import load_set

    print(
        browser.format_waits(
            browser.compute_waits(load(), load_set(), args.questions, args.readers, ProgressBar())
        )
    )
    return DONE


def run_readings(args: argparse.Namespace) -> int:
    from eval.run import readings
    from rag.app.assistant import build

    cases = readings.load_cases(args.set)
    folder_by_library = dict(pair.split("=", 1) for pair in args.data if "=" in pair)
    turns: list[readings.ReadTurn] = []
    for library, folder in folder_by_library.items():
        library_cases = [case for case in cases if case.library == library]
        settings = get_run_settings(Path(folder)).model_copy(update={"mode": "extractive"})
        with build(settings) as assistant:
            report_progress = partial(ProgressBar(), f"questions to {library}")
            turns += readings.read_cases(assistant, library_cases, report_progress)
    if args.miss:
        for turn in turns:
            if not turn.verdict.is_right:
                print(readings.format_miss(turn))
    print(readings.format_readings(turns))
    n_left_out = sum(case.library not in folder_by_library for case in cases)
    if n_left_out:
        sys.stderr.write(f"{n_left_out} cases left out: no --data for their library\n")
    return DONE


def run_calibrate(args: argparse.Namespace) -> int:
    import yaml

    from eval.run import fields
    from eval.sets.collections import CORPUS
    from eval.train import abstention

    with ExitStack() as stack:
        assistant = stack.enter_context(open_assistant(load(data=args.data)))
        sources = [abstention.Source(assistant, abstention.build_examples(assistant))]
        if args.public is not None:
            public = stack.enter_context(_open_library(args.public / CORPUS))
            examples = abstention.build_public_examples(public, args.public)
            sources.append(abstention.Source(public, examples))
        for name, questions in fields.group_by_field(args.fields).items() if args.fields else ():
            library = stack.enter_context(_open_library(args.fields / name))
            examples = abstention.build_field_examples(library, questions)
            if examples:  # the later parts of the questions are not fitted to
                sources.append(abstention.Source(library, examples))
        fitted = abstention.run_calibration(sources)
    print(yaml.safe_dump(fitted, sort_keys=False), end="")
    return DONE


@contextmanager
def _open_library(path: Path) -> Iterator[Assistant]:
    """An assistant over the records at a path, in a data folder that is gone afterwards."""
    from rag.app.assistant import build

    with ensure_data_folder(None) as data, build(get_settings_for(data)) as assistant:
        assistant.ingest([path])
        yield assistant


def run_train_planted(args: argparse.Namespace) -> int:
    from eval.train.instruction_head import train
    from rag.adapters.minilm import MiniLM
    from rag.adapters.weights import load_whole_words

    with open_assistant(load(data=args.data)) as assistant:
        embed = MiniLM(assistant.settings).embed_documents
        print(train(assistant.library.list_papers(), embed, load_whole_words(assistant.settings)))
    return DONE


def run_train_words(args: argparse.Namespace) -> int:
    from eval.train.expected_words import train
    from rag.adapters.minilm import MiniLM

    print(train(args.folder, MiniLM().encode_query))
    return DONE


def run_train_tokens(args: argparse.Namespace) -> int:
    from eval.train.tokens import train

    print(train(load(), args.folder))
    return DONE


def run_train_reader(args: argparse.Namespace) -> int:
    from eval.train import reader, reader_examples, reader_report
    from rag.adapters.minilm import MiniLM

    if args.check:
        print(f"{len(reader_examples.load_examples())} examples are sound")
        return DONE
    report = reader_report.StepReport()
    runs = reader.train(MiniLM().encode, reader.EMBEDDER, report)
    for trained in runs:
        print(f"\n{reader_report.format_training(trained)}\n")
    print(reader_report.format_curve(runs[0], report))
    return DONE


def run_train_roles(args: argparse.Namespace) -> int:
    from eval.train.roles import train
    from rag.adapters.minilm import MiniLM

    print(train(args.folder, MiniLM().encode, once=args.once))
    return DONE


def run_train_turns(args: argparse.Namespace) -> int:
    from eval.train.turns import train
    from rag.adapters.minilm import MiniLM
    from rag.app.assistant import build

    folders = dict(pair.split("=", 1) for pair in args.data)
    with ExitStack() as stack:
        assistants = {
            name: stack.enter_context(
                build(get_run_settings(Path(folder)).model_copy(update={"mode": "extractive"}))
            )
            for name, folder in folders.items()
        }
        print(train(assistants, MiniLM().encode_query))
    return DONE


def run_train_ranker(args: argparse.Namespace) -> int:
    from eval.train.ranker import train
    from rag.app.assistant import build

    print(train(lambda data: build(get_settings_for(data)), args.folder))
    return DONE


def run_leads(args: argparse.Namespace) -> int:
    from eval.run import leads
    from rag.app.assistant import build

    with open_assistant(load()) as seeds:
        found = leads.find_leads(
            leads.load_lead_questions(),
            seeds,
            lambda data: build(get_settings_for(data)),
            args.folder,
        )
    print(leads.format_leads(found))
    return DONE


def get_run_settings(data: Path | None) -> Settings:
    """The settings of a run: kept replies of a chat model would cost nothing and take no time."""
    settings = load() if data is None else get_settings_for(data)
    return settings.model_copy(update={"cache": False})


def get_settings_for(data: Path) -> Settings:
    """The user's settings with another data folder; the embedded model stays where it is."""
    from rag.adapters.weights import find_weights

    settings = load()
    if settings.embedder.startswith("minilm") and settings.model_path is None:
        return settings.model_copy(
            update={"data": data, "model_path": find_weights(settings).folder}
        )
    return settings.model_copy(update={"data": data})


@contextmanager
def ensure_data_folder(given_folder: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone afterwards."""
    if given_folder is not None:
        yield given_folder
    else:
        with tempfile.TemporaryDirectory(prefix="paperfolk-eval-") as folder:
            yield Path(folder)


def _show_error(exc: RagError, status: int) -> int:
    sys.stderr.write(f"paperfolk eval: {exc}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
