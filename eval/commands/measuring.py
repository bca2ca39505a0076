"""Commands over sets of questions, claims and readings: runs, the gate, comparisons, judges."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.opening import (
    DONE,
    FAILED,
    Commands,
    add_data,
    get_run_settings,
    get_settings_for,
    open_assistant,
)
from eval.run.progress import ProgressBar
from rag.config.settings import Settings, load

if TYPE_CHECKING:
    from eval.judges.run_judges import Judged
    from eval.report.summary import Summary
    from eval.run.runs import Run
    from eval.sets.question_sets import QuestionSet


def add_commands(commands: Commands) -> None:
    _add_run(commands)
    _add_gate(commands)
    _add_claims(commands)
    _add_compare(commands)
    _add_sweep(commands)
    _add_judge(commands)
    _add_readings(commands)
    _add_leads(commands)


def _add_run(commands: Commands) -> None:
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


def _add_gate(commands: Commands) -> None:
    parser = commands.add_parser(
        "gate", help="the project's sets against eval/report/expected.yaml"
    )
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_gate)


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


def _add_claims(commands: Commands) -> None:
    parser = commands.add_parser(
        "claims", help="labelled claims through the citation gate: true ones hit, false ones passed"
    )
    parser.add_argument("file", type=Path, help="JSONL of claims, such as eval/sets/claims.jsonl")
    parser.add_argument("--faults", action="store_true", help="list the claims that went wrong")
    add_data(parser)
    parser.set_defaults(run=run_claims)


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


def _add_compare(commands: Commands) -> None:
    parser = commands.add_parser("compare", help="two runs, question by question")
    parser.add_argument("a", type=Path, help="run folder, the baseline")
    parser.add_argument("b", type=Path, help="run folder")
    parser.set_defaults(run=run_compare)


def run_compare(args: argparse.Namespace) -> int:
    from eval.report import run_comparison
    from eval.run import runs

    print(
        run_comparison.format_comparison(
            run_comparison.compare_runs(runs.load_run(args.a), runs.load_run(args.b))
        )
    )
    return DONE


def _add_sweep(commands: Commands) -> None:
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


def _add_judge(commands: Commands) -> None:
    parser = commands.add_parser(
        "judge", help="a run's answers graded by a chat model, beside hand-made labels"
    )
    parser.add_argument("folder", type=Path, help="run folder")
    parser.add_argument("--model", help="the judges' chat model (default: chat_model as set)")
    parser.add_argument("--limit", type=int, help="judge the first N answers only")
    parser.set_defaults(run=run_judge)


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


def _add_readings(commands: Commands) -> None:
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


def _add_leads(commands: Commands) -> None:
    parser = commands.add_parser("leads", help="how often the right sentence of a paper leads")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="holds the public sets (default: the seeds alone)"
    )
    parser.set_defaults(run=run_leads)


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
