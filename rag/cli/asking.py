"""The commands that ask: ask, who, person, query and chat."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.cli.commands import DONE, FAILED, extract_question, open_assistant, print_json
from rag.cli.field_options import list_conditions
from rag.cli.markdown import remove_control_characters
from rag.cli.parser import join_arguments
from rag.types.errors import SettingsError

if TYPE_CHECKING:
    from rag.app.assistant import Assistant
    from rag.types import Answer

MAX_FAULTS = 20
"""Bad lines of a batch that are told one by one; all are in what it writes."""
_VERBS = frozenset(
    "works work working worked is are was were has have had did does do can publishes published "
    "writes wrote studies studied researches knows leads".split()
)
"""What makes the words after `paperfolk who` a question rather than a topic."""


def run_ask(args: argparse.Namespace) -> int:
    if args.batch is not None:
        return _ask_batch(args)
    question = extract_question(_read_question(args.question))
    with open_assistant(args) as assistant:
        return _ask(assistant, question, args)


def _read_question(words: Sequence[str]) -> str:
    """The words typed; with none of them, or ``-``, what is piped in."""
    if words and words != ["-"]:
        return join_arguments(words)
    if not words and sys.stdin.isatty():
        raise SettingsError(
            "no question; write paperfolk ask QUESTION, or use --batch IN --out OUT"
        )
    return sys.stdin.read()


def _ask(assistant: Assistant, question: str, args: argparse.Namespace) -> int:
    """Ask, and print the answer as it comes."""
    from rag.types import Thread

    read_as = getattr(args, "read_as", None)
    thread = Thread(filters=list_conditions(args), model=getattr(args, "model", ""))
    if args.json:
        return _show_record(assistant.ask(question, thread, read_as))
    from rag.cli.format import print_answer_stream

    events = assistant.stream(question, thread, read_as)
    answer = print_answer_stream(
        events, assistant.library, sys.stdout, sys.stderr, files=args.files
    )
    if args.explain and answer.reading is not None:
        from rag.cli.explanation import iter_explanation

        for line in iter_explanation(answer.reading):
            sys.stdout.write(f"{remove_control_characters(line)}\n")
    return FAILED if answer.status == "failed" else DONE


def _ask_batch(args: argparse.Namespace) -> int:
    from rag.cli.batch import check_places, format_shared_ids, read_items, run
    from rag.cli.format import open_progress

    if args.out is None or args.question or args.read_as is not None or list_conditions(args):
        raise SettingsError(
            "--batch IN goes with --out OUT, without a question, --as, and conditions on papers"
        )
    check_places(args.batch, args.out)
    batch_items = read_items(args.batch)
    if text := format_shared_ids(batch_items):
        sys.stderr.write(f"paperfolk: {remove_control_characters(text)}\n")
    for fault in [item.fault for item in batch_items if item.fault][:MAX_FAULTS]:
        sys.stderr.write(f"paperfolk: {remove_control_characters(fault)}\n")
    with open_assistant(args) as assistant, open_progress(sys.stderr) as report:
        counts = run(assistant, batch_items, args.out, lambda n, total: report("asked", n, total))
    text = ", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing to ask"
    sys.stderr.write(f"{text}; answers in {args.out}\n")
    return FAILED if counts["failed"] else DONE


def run_who(args: argparse.Namespace) -> int:
    topic, where = extract_question(join_arguments(args.topic)), list_conditions(args)
    with open_assistant(args) as assistant:
        if topic.split()[0].lower() in _VERBS:  # "who works on diffusion", as everyone types it
            query = assistant.read(f"who {topic}").query
            if query.route != "experts":  # "who wrote DuetFace"
                return _ask(assistant, f"who {topic}", args)
            topic, where = query.topic, (*query.where, *where)
        answer = assistant.who(topic, args.k, args.recent, args.explain, where)
        return _show_answer(assistant, answer, args)


def run_person(args: argparse.Namespace) -> int:
    name = extract_question(join_arguments(args.name))
    with open_assistant(args) as assistant:
        return _show_answer(assistant, assistant.person(name), args)


def run_query(args: argparse.Namespace) -> int:
    line = extract_question(join_arguments(args.query))
    with open_assistant(args) as assistant:
        return _show_answer(assistant, assistant.query(line), args)


def run_chat(args: argparse.Namespace) -> int:
    from rag.cli.chat import run_terminal_chat

    with open_assistant(args) as assistant:
        run_terminal_chat(assistant, sys.stdin, sys.stdout, sys.stderr, args.model)
    return DONE


# --- what they print ------------------------------------------------------------------------


def _show_record(answer: Answer) -> int:
    from rag.types.serialise import record

    print_json(record(answer))
    return FAILED if answer.status == "failed" else DONE


def _show_answer(assistant: Assistant, answer: Answer, args: argparse.Namespace) -> int:
    if args.json:
        return _show_record(answer)
    from rag.cli.format import print_answer_stream
    from rag.cli.paging import open_paged

    with open_paged(sys.stdout) as out:
        print_answer_stream([answer], assistant.library, out, sys.stderr, files=args.files)
    return FAILED if answer.status == "failed" else DONE
