"""Commands that fit what the repository keeps as weights."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from eval.commands.opening import (
    DONE,
    Commands,
    get_run_settings,
    get_settings_for,
    open_assistant,
    open_library,
)
from rag.app.assistant import Assistant
from rag.config.settings import load


def add_commands(commands: Commands) -> None:
    _add_calibrate(commands)
    _add_train_planted(commands)
    _add_train(commands)


def _add_calibrate(commands: Commands) -> None:
    parser = commands.add_parser("calibrate", help="fit the decision to abstain anew, and write it")
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.add_argument("--public", type=Path, help="also fit to a collection in PubMedQA's form")
    parser.add_argument("--fields", type=Path, help="also fit to the libraries of eval/sets/fields")
    parser.set_defaults(run=run_calibrate)


def run_calibrate(args: argparse.Namespace) -> int:
    import yaml

    from eval.run import fields
    from eval.sets.collections import CORPUS
    from eval.train import abstention

    with ExitStack() as stack:
        assistant = stack.enter_context(open_assistant(load(data=args.data)))
        sources = [abstention.Source(assistant, abstention.build_examples(assistant))]
        if args.public is not None:
            public = stack.enter_context(open_library(args.public / CORPUS))
            examples = abstention.build_public_examples(public, args.public)
            sources.append(abstention.Source(public, examples))
        for name, questions in fields.group_by_field(args.fields).items() if args.fields else ():
            library = stack.enter_context(open_library(args.fields / name))
            examples = abstention.build_field_examples(library, questions)
            if examples:  # the later parts of the questions are not fitted to
                sources.append(abstention.Source(library, examples))
        fitted = abstention.run_calibration(sources)
    print(yaml.safe_dump(fitted, sort_keys=False), end="")
    return DONE


def _add_train_planted(commands: Commands) -> None:
    parser = commands.add_parser(
        "train-planted", help="fit what tells planted sentences to its examples, and write it"
    )
    parser.add_argument("--data", type=Path, help="data folder (default: as set)")
    parser.set_defaults(run=run_train_planted)


def run_train_planted(args: argparse.Namespace) -> int:
    from eval.train.instruction_head import train
    from rag.adapters.minilm import MiniLM
    from rag.adapters.weights import load_whole_words

    with open_assistant(load(data=args.data)) as assistant:
        embed = MiniLM(assistant.settings).embed_documents
        print(train(assistant.library.list_papers(), embed, load_whole_words(assistant.settings)))
    return DONE


def _add_train(commands: Commands) -> None:
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
    _add_named_data(turns, "readings")
    turns.add_argument(
        "--whole",
        action="store_true",
        help="also read whole conversations, each by weights that were fitted without it",
    )
    turns.set_defaults(run=run_train_turns, firsts=False)
    firsts = heads.add_parser("firsts", help="which of its readings a first question has")
    _add_named_data(firsts, "readings")
    firsts.set_defaults(run=run_train_turns, firsts=True, whole=False)
    papers = heads.add_parser("papers", help="which papers answer a question together")
    _add_named_data(papers, "answering_papers.jsonl")
    papers.set_defaults(run=run_train_papers)
    remembered = heads.add_parser("remembered", help="how likely the first paper is the one meant")
    remembered.add_argument("folder", type=Path, help="holds SciTLDR")
    remembered.set_defaults(run=run_train_remembered)
    topics = heads.add_parser("topics", help="which papers are on a topic")
    _add_named_data(topics, "topic_papers.jsonl")
    topics.set_defaults(run=run_train_topics)
    ranker = heads.add_parser("ranker", help="what ranks the sentences of a paper for a question")
    ranker.add_argument("folder", type=Path, help="holds the public sets of questions")
    ranker.set_defaults(run=run_train_ranker)
    bodies = heads.add_parser("bodies", help="what ranks the sentences of a body")
    bodies.add_argument("pdfs", type=Path, help="a folder with files of eval/sets/pdfs")
    bodies.add_argument("folder", type=Path, help="holds COVID-QA")
    bodies.set_defaults(run=run_train_bodies)
    words = heads.add_parser("words", help="how surely an answer has each word of its question")
    words.add_argument("folder", type=Path, help="holds the public sets of questions")
    words.set_defaults(run=run_train_words)
    question = heads.add_parser("question", help="the question's side of late interaction")
    question.add_argument("folder", type=Path, help="holds the public sets of questions")
    question.set_defaults(run=run_train_question)
    tokens = heads.add_parser("tokens", help="how token vectors are kept small")
    tokens.add_argument(
        "folder", type=Path, help="holds folders with a corpus.jsonl, such as BEIR's collections"
    )
    tokens.set_defaults(run=run_train_tokens)


def _add_named_data(parser: argparse.ArgumentParser, questions: str) -> None:
    """``--data``; ``questions``: what in eval/sets names the libraries."""
    parser.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help=f"the data folder of each library that eval/sets/{questions} names",
    )


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

    with ExitStack() as stack:
        assistants = _open_named(args.data, stack)
        encode = MiniLM().encode_query
        print(train(assistants, encode, firsts=args.firsts, whole=args.whole))
    return DONE


def run_train_papers(args: argparse.Namespace) -> int:
    from eval.train.papers import train

    with ExitStack() as stack:
        print(train(_open_named(args.data, stack)))
    return DONE


def run_train_topics(args: argparse.Namespace) -> int:
    from eval.train.topics import train

    with ExitStack() as stack:
        print(train(_open_named(args.data, stack)))
    return DONE


def run_train_remembered(args: argparse.Namespace) -> int:
    from eval.train.first_hits import train
    from rag.app.assistant import build

    print(train(lambda data: build(get_settings_for(data)), args.folder))
    return DONE


def _open_named(pairs: Sequence[str], stack: ExitStack) -> dict[str, Assistant]:
    """An assistant that quotes for each ``NAME=FOLDER``, by the name."""
    from rag.app.assistant import build

    folders = dict(pair.split("=", 1) for pair in pairs)
    return {
        name: stack.enter_context(
            build(get_run_settings(Path(folder)).model_copy(update={"mode": "extractive"}))
        )
        for name, folder in folders.items()
    }


def run_train_ranker(args: argparse.Namespace) -> int:
    from eval.train.ranker import train
    from rag.app.assistant import build

    print(train(lambda data: build(get_settings_for(data)), args.folder))
    return DONE


def run_train_question(args: argparse.Namespace) -> int:
    from eval.train.question_map import train
    from rag.adapters.minilm import MiniLM

    print(train(MiniLM().encode_query, args.folder))
    return DONE


def run_train_bodies(args: argparse.Namespace) -> int:
    from eval.train.bodies import train
    from rag.app.assistant import build

    print(train(lambda data: build(get_settings_for(data)), args.pdfs, args.folder))
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
