"""The batch evaluation: ``python -m eval ...``, also ``paperfolk eval ...``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from eval.progress import Progress
from rag.config import Settings, load
from rag.errors import RagError, ReadError, SettingsError

if TYPE_CHECKING:
    from eval.judging import Judged
    from eval.runs import Run
    from eval.sets import QuestionSet
    from eval.summary import Summary
    from rag.pipeline import Assistant

DONE, FAILED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors are one sentence on stderr and the exit status of the contract."""
    typed = list(sys.argv[1:] if argv is None else argv)
    if typed[:1] == ["--beir"]:
        typed[0] = "beir"
    if not typed or (typed[0].startswith("-") and typed[0] not in ("-h", "--help")):
        typed.insert(0, "run")
    args = parser().parse_args(typed)
    try:
        return int(args.run(args))
    except (SettingsError, ReadError) as exc:
        return _fail(exc, USAGE)
    except RagError as exc:
        return _fail(exc, FAILED)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    _run(commands)
    _gate(commands)
    _compare(commands)
    _sweep(commands)
    _judge(commands)
    _beir(commands)
    _experts(commands)
    _pubmedqa(commands)
    _speed(commands)
    _browser(commands)
    _calibrate(commands)
    _train_planted(commands)
    return made


def _run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("run", help="a question set, measured (what happens by default)")
    made.add_argument(
        "--set",
        type=Path,
        action="append",
        help="JSONL of questions, any number of times (default: those of eval/sets, and "
        "questions.jsonl of the data folder, which the chat adds to)",
    )
    made.add_argument(
        "--out",
        type=Path,
        help="run folder; of several sets, the folder of theirs (default: below the data folder)",
    )
    made.add_argument("--judge", metavar="MODEL", help="have a chat model grade the answers too")
    made.add_argument("--data", type=Path, help="data folder (default: as set)")
    made.set_defaults(run=run_set)


def _compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("compare", help="two runs, question by question")
    made.add_argument("a", type=Path, help="run folder, the baseline")
    made.add_argument("b", type=Path, help="run folder")
    made.set_defaults(run=run_compare)


def _sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser(
        "sweep", help="settings, fusion weights and numbers, each at several values"
    )
    made.add_argument(
        "dials",
        nargs="+",
        metavar="dial",
        help="such as fusion.lexical=0.3,0.7 k=10,20 embedder=minilm-fp32 prompts=FOLDER",
    )
    made.add_argument("--set", type=Path, help="JSONL of questions (default: development)")
    made.add_argument(
        "--out", type=Path, help="folder of the runs (default: below the data folder)"
    )
    made.add_argument("--data", type=Path, help="data folder (default: as set)")
    made.set_defaults(run=run_sweep)


def _judge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser(
        "judge", help="a run's answers graded by a chat model, beside hand-made labels"
    )
    made.add_argument("folder", type=Path, help="run folder")
    made.add_argument("--model", help="the judges' chat model (default: chat_model as set)")
    made.add_argument("--limit", type=int, help="judge the first N answers only")
    made.set_defaults(run=run_judge)


def _gate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("gate", help="the project's sets against eval/expected.yaml")
    made.add_argument("--data", type=Path, help="data folder (default: as set)")
    made.set_defaults(run=run_gate)


def _beir(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("beir", help="retrieval on a public collection in BEIR's form")
    made.add_argument("folder", type=Path, help="holds corpus.jsonl, queries.jsonl and qrels/")
    made.add_argument("--split", default="test", help="names the judgements (default: test)")
    made.add_argument("--limit", type=int, help="ask the first N queries only")
    _data(made)
    made.set_defaults(run=run_beir)


def _experts(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("experts", help="expert finding on a public collection")
    made.add_argument("folder", type=Path, help="as for beir, with people.jsonl")
    made.add_argument("--split", default="dev", help="names the judgements (default: dev)")
    _data(made)
    made.set_defaults(run=run_experts)


def _pubmedqa(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("pubmedqa", help="answering and declining on a public collection")
    made.add_argument("folder", type=Path, help="holds corpus.jsonl and qa.jsonl")
    made.add_argument("--limit", type=int, help="ask the first N questions only")
    made.set_defaults(run=run_pubmedqa)


def _speed(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("speed", help="ingest, cold and warm questions, memory")
    made.add_argument("--papers", type=int, default=0, help="at so many made papers, not the seeds")
    made.add_argument("--runs", type=int, default=3, help="fresh processes a figure (default: 3)")
    made.add_argument("--json", type=Path, help="write the figures there too")
    made.add_argument("--keep", type=Path, help="keep the libraries there, for another run")
    made.set_defaults(run=run_speed)


def _browser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("browser", help="from Enter to the first words, in a real browser")
    made.add_argument("--questions", type=int, default=30, metavar="N", help="each (default: 30)")
    made.add_argument("--readers", type=int, default=10, metavar="N", help="at once (default: 10)")
    made.set_defaults(run=run_browser)


def _calibrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser("calibrate", help="fit the decision to abstain anew, and write it")
    made.add_argument("--data", type=Path, help="data folder (default: as set)")
    made.set_defaults(run=run_calibrate)


def _train_planted(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    made = commands.add_parser(
        "train-planted", help="fit what tells planted sentences to its examples, and write it"
    )
    made.add_argument("--data", type=Path, help="data folder (default: as set)")
    made.set_defaults(run=run_train_planted)


def _data(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--data", type=Path, help="keep the library there, for another run (default: a new one)"
    )


def run_set(args: argparse.Namespace) -> int:
    from eval import judging, runs, sets, summary
    from rag import kept_questions

    settings = measuring(args.data)
    named = [sets.load_set(path) for path in args.set or ()]
    asked = named or sets.routine(settings.data / kept_questions.FILE)
    n_failed = 0
    for run, found in measured(settings, asked, args.out):
        note = sets.SETS.get(run.questions.name, "questions of your own")
        print(
            f"{run.questions.name}: {note}\n\n{summary.told(found)}\n\n{run.folder / runs.REPORT}\n"
        )
        if args.judge:
            print(judging.told(judge(load(data=args.data, chat_model=args.judge), run)) + "\n")
        n_failed += len(summary.failures(run))
        for told in summary.failures(run)[:3]:
            sys.stderr.write(f"paperfolk eval: {told}\n")
    return FAILED if n_failed else DONE


def measured(
    settings: Settings, asked: Sequence[QuestionSet], out: Path | None
) -> Iterator[tuple[Run, Summary]]:
    """A run of each question set and its figures, all written to its run folder."""
    from eval import publishing, runs, summary

    progress = Progress()
    with opened(settings) as assistant:
        for questions in asked:
            folder = out / questions.name if out and len(asked) > 1 else out
            told = partial(progress, f"questions of {questions.name}")
            run = runs.perform(assistant, questions, folder, told)
            found = summary.summarise(run)
            publishing.publish(run, found)
            if out is None:
                publishing.note_latest(run)
            yield run, found


def run_compare(args: argparse.Namespace) -> int:
    from eval import comparing, runs

    print(comparing.told(comparing.compare(runs.load_run(args.a), runs.load_run(args.b))))
    return DONE


def run_sweep(args: argparse.Namespace) -> int:
    from eval import sets, sweep
    from eval.dials import Dial

    dials = [Dial.parse(text) for text in args.dials]
    settings = measuring(args.data)
    out = args.out or settings.data / "evaluations" / "sweep"
    questions = sets.load_set(args.set or sets.DEVELOPMENT)
    with opened(settings):
        pass  # an empty library gets the seeds
    print(sweep.told(sweep.sweep(settings, questions, dials, out, Progress())))
    return DONE


def run_judge(args: argparse.Namespace) -> int:
    from eval import judging, runs

    judged = judge(load(chat_model=args.model), runs.load_run(args.folder), args.limit)
    print(judging.told(judged))
    return DONE


def judge(settings: Settings, run: Run, limit: int | None = None) -> Judged:
    """Put a run before the judges; figures, report and summary go into its folder."""
    from eval import judges, judging, publishing, summary

    bench = judges.bench(settings, run.folder / judging.VERDICTS)
    judged = judging.judge(run, bench, partial(Progress(), "answers judged"), limit)
    judging.write(run.folder, judged)
    publishing.publish(run, summary.summarise(run))
    return judged


def run_gate(args: argparse.Namespace) -> int:
    from eval import gate, sets

    expected = gate.expectations()
    settings = settings_for(args.data or load().data).model_copy(update={"mode": "extractive"})
    asked = [sets.load_set(sets.FOLDER / f"{name}.jsonl") for name in gate.sets(expected)]
    found = {run.questions.name: figures for run, figures in measured(settings, asked, None)}
    print(gate.told(found, expected))
    short = gate.breaches(found, expected)
    for sentence in short:
        sys.stderr.write(f"paperfolk eval: {sentence}\n")
    return FAILED if short else DONE


@contextmanager
def opened(settings: Settings) -> Iterator[Assistant]:
    """An assistant over a library that holds something: an empty one gets the seeds."""
    from rag.errors import LibraryEmpty
    from rag.pipeline import build

    with build(settings) as assistant:
        try:
            assistant.library.require()
        except LibraryEmpty:
            assistant.ingest(progress=Progress())
        yield assistant


def run_beir(args: argparse.Namespace) -> int:
    from eval import beir, public
    from rag.pipeline import build

    found = public.collection(args.folder, args.split, args.limit)
    with data_folder(args.data) as data, build(settings_for(data)) as assistant:
        print(public.told(beir.evaluate(assistant, found, Progress())))
    return DONE


def run_experts(args: argparse.Namespace) -> int:
    from eval import experts, public
    from rag.pipeline import build

    with data_folder(args.data) as data, build(settings_for(data)) as assistant:
        print(public.told(experts.evaluate(assistant, args.folder, args.split, Progress())))
    return DONE


def run_pubmedqa(args: argparse.Namespace) -> int:
    from eval import declining
    from rag.pipeline import build

    with data_folder(None) as data, build(settings_for(data / "library")) as assistant:
        print(
            declining.told(
                declining.evaluate(assistant, args.folder, data / "corpus", args.limit, Progress())
            )
        )
    return DONE


def run_speed(args: argparse.Namespace) -> int:
    import json

    from eval import speed

    if args.json:
        speed.check_place(args.json)
    found = speed.measure(load(), args.papers, args.runs, Progress(), args.keep)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(speed.told(found))
    return DONE


def run_browser(args: argparse.Namespace) -> int:
    from eval import browser
    from eval.sets import load_set

    print(
        browser.told(browser.measure(load(), load_set(), args.questions, args.readers, Progress()))
    )
    return DONE


def run_calibrate(args: argparse.Namespace) -> int:
    import yaml

    from eval.calibrate import calibrate

    with opened(load(data=args.data)) as assistant:
        print(yaml.safe_dump(calibrate(assistant), sort_keys=False), end="")
    return DONE


def run_train_planted(args: argparse.Namespace) -> int:
    from eval.train_planted import train
    from rag.adapters.minilm import MiniLM
    from rag.adapters.weights import whole_words

    with opened(load(data=args.data)) as assistant:
        embed = MiniLM(assistant.settings).embed_documents
        print(train(assistant.library.papers(), embed, whole_words(assistant.settings)))
    return DONE


def measuring(data: Path | None) -> Settings:
    """The settings of a run: kept replies of a chat model would cost nothing and take no time."""
    own = load() if data is None else settings_for(data)
    return own.model_copy(update={"cache": False})


def settings_for(data: Path) -> Settings:
    """The user's settings with another data folder; the embedded model stays where it is."""
    from rag.adapters.weights import locate

    own = load()
    if own.embedder.startswith("minilm") and own.model_path is None:
        return own.model_copy(update={"data": data, "model_path": locate(own).folder})
    return own.model_copy(update={"data": data})


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """The folder given, or one that is gone afterwards."""
    if given is not None:
        yield given
    else:
        with tempfile.TemporaryDirectory(prefix="paperfolk-eval-") as folder:
            yield Path(folder)


def _fail(exc: RagError, status: int) -> int:
    sys.stderr.write(f"paperfolk eval: {exc}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
