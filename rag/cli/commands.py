"""The commands. Each imports heavy modules only when it needs them."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from rag.cli.format import remove_control_characters
from rag.library.permissions import keep_private
from rag.types import Place
from rag.types.errors import NotFound, ReadError, SettingsError

if TYPE_CHECKING:
    from rag.app.assistant import Assistant
    from rag.config.settings import Settings
    from rag.types import Answer, Plan, Report

DONE, FAILED, USAGE = 0, 1, 2


# --- settings and the assistant -------------------------------------------------------------


def load_settings(args: argparse.Namespace) -> Settings:
    from rag.config.settings import load

    options = {name: getattr(args, name, None) for name in ("data", "port", "cache")}
    settings = load(**options)
    if (
        settings.accounts
    ):  # conversations of several people, who need not all read this machine's files
        keep_private(settings.data)
    return settings


def open_assistant(args: argparse.Namespace) -> Assistant:
    """The assistant over the data folder; says once if nothing can be kept there."""
    from rag.app.assistant import build

    settings = load_settings(args)
    _show_if_readonly(settings)
    return build(settings)


def _show_if_readonly(settings: Settings) -> None:
    from rag.library.permissions import is_readonly

    if is_readonly(settings.data):
        sys.stderr.write(
            f"paperfolk: the data folder {remove_control_characters(str(settings.data))!r} cannot be written: its "
            "papers are read as they stand, and nothing is kept there\n"
        )


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def extract_question(text: str) -> str:
    """The question as typed, fit to be asked.

    Raises:
        ReadError: It is empty.
    """
    from rag.text import ensure_encodable

    question = ensure_encodable(text).strip()
    if not question:
        raise ReadError("the question is empty; type what you want to know")
    return question


# --- the commands ---------------------------------------------------------------------------


def run_ingest(args: argparse.Namespace) -> int:
    from rag.cli.format import open_progress

    missing = [str(path) for path in args.paths if not path.exists()]
    if missing:
        raise ReadError(f"{', '.join(map(repr, missing))} does not exist; name a file or a folder")
    with open_assistant(args) as assistant:
        options = {"prune": args.prune, "rebuild": args.rebuild, "drop": args.drop}
        if args.dry_run:
            return _show_ingest(assistant.plan_ingest(args.paths, **options), args.json)
        with open_progress(sys.stderr) as report:
            outcome = assistant.ingest(args.paths, progress=report, **options)
        return _show_ingest(outcome, args.json)


def run_ask(args: argparse.Namespace) -> int:
    if args.batch is not None:
        return _ask_batch(args)
    if args.question is None:
        raise SettingsError('no question; write paperfolk ask "..." or use --batch IN --out OUT')
    question = extract_question(args.question)
    with open_assistant(args) as assistant:
        if args.json:
            return _show_record(assistant.ask(question, read_as=args.read_as))
        from rag.cli.format import print_answer_stream

        answer = print_answer_stream(
            assistant.stream(question, read_as=args.read_as),
            assistant.library,
            sys.stdout,
            sys.stderr,
        )
        if args.explain and answer.reading is not None:
            from rag.cli.explanation import iter_explanation

            for line in iter_explanation(answer.reading):
                sys.stdout.write(f"{remove_control_characters(line)}\n")
        return FAILED if answer.status == "failed" else DONE


def _ask_batch(args: argparse.Namespace) -> int:
    from rag.cli.batch import check_places, format_shared_ids, read_items, run
    from rag.cli.format import open_progress

    if args.out is None or args.question is not None or args.read_as is not None:
        raise SettingsError("--batch IN goes with --out OUT, without a question and without --as")
    check_places(args.batch, args.out)
    batch_items = read_items(args.batch)
    if text := format_shared_ids(batch_items):
        sys.stderr.write(f"paperfolk: {remove_control_characters(text)}\n")
    with open_assistant(args) as assistant, open_progress(sys.stderr) as report:
        counts = run(assistant, batch_items, args.out, lambda n, total: report("asked", n, total))
    text = ", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing to ask"
    sys.stderr.write(f"{text}; answers in {args.out}\n")
    return FAILED if counts["failed"] else DONE


def run_who(args: argparse.Namespace) -> int:
    topic = extract_question(args.topic)
    with open_assistant(args) as assistant:
        answer = assistant.who(topic, args.k, args.recent, args.explain)
        return _show_answer(assistant, answer, args.json)


def run_person(args: argparse.Namespace) -> int:
    name = extract_question(args.name)
    with open_assistant(args) as assistant:
        return _show_answer(assistant, assistant.person(name), args.json)


def run_papers(args: argparse.Namespace) -> int:
    from rag.cli.field_options import list_conditions
    from rag.cli.format import format_paper_row
    from rag.types.serialise import build_paper_record

    with open_assistant(args) as assistant:
        answer = assistant.catalogue(list_conditions(args))
        papers = assistant.library.list_papers([p.paper_id for p in answer.papers])
        for paper in papers:
            if args.json:
                _print_json(build_paper_record(paper))
            else:
                sys.stdout.write(format_paper_row(paper, sys.stdout) + "\n")
        n_all = assistant.library.n_papers
        lead = answer.text.split("\n\n")[0]
        remarks = [lead] if not papers or lead.startswith("(") else []
        for remark in (*remarks, *answer.warnings):
            sys.stderr.write(f"paperfolk: {remove_control_characters(remark)}\n")
        if not args.json:
            sys.stdout.write(f"{len(papers)} of {n_all} papers\n")
    return DONE


def run_query(args: argparse.Namespace) -> int:
    line = extract_question(args.query)
    with open_assistant(args) as assistant:
        return _show_answer(assistant, assistant.query(line), args.json)


def run_paper(args: argparse.Namespace) -> int:
    from rag.cli.format import iter_paper_lines
    from rag.types.serialise import build_paper_record

    with open_assistant(args) as assistant:
        if args.part or args.join:
            place = parse_place(args.key)
            assistant.part([place], join=args.join)
        paper = assistant.paper(args.key)
        traced = assistant.trace(paper)
    if args.json:
        places = {field: str(place) for field, place in traced.items()}
        _print_json({**build_paper_record(paper), "read_at": places})
    else:
        sys.stdout.writelines(f"{line}\n" for line in iter_paper_lines(paper, sys.stdout, traced))
    return DONE


def parse_place(key: str) -> Place:
    """``<document>:<line>``.

    Raises:
        NotFound: It is no place.
    """
    document, _, line = key.rpartition(":")
    if not (document and line.isascii() and line.isdigit()):
        raise NotFound(f"{key!r} is no place; give <document>:<line>, as 'paper ID' lists them")
    return Place(document, int(line))


def run_correct(args: argparse.Namespace) -> int:
    values = {
        name: value
        for name in ("title", "authors", "year", "venue", "doi")
        if (value := getattr(args, name)) is not None
    }
    if not values:
        raise SettingsError("nothing to correct; give --title, --author, --year, --venue or --doi")
    with open_assistant(args) as assistant:
        return _show_ingest(assistant.correct(args.key, values), args.json)


def run_enrich(args: argparse.Namespace) -> int:
    from rag.adapters.services import SERVICES
    from rag.cli.format import open_progress

    chosen = [s for s in SERVICES if not args.service or s.name.lower().split()[0] in args.service]
    with open_assistant(args) as assistant, open_progress(sys.stderr) as progress:
        brought, report = assistant.enrich(
            chosen, contact=args.contact, limit=args.limit, progress=progress
        )
    n = len(chosen)
    sys.stdout.write(
        f"{brought.n_asked} questions to {n} {'service' if n == 1 else 'services'}, {brought.n_brought} "
        f"records of papers here, {brought.n_known} asked before\n"
    )
    if brought.stopped:
        sys.stderr.write(f"paperfolk: {remove_control_characters(brought.stopped)}\n")
    status = _show_ingest(report, args.json) if brought.files else DONE
    return FAILED if brought.stopped else status


def run_chat(args: argparse.Namespace) -> int:
    from rag.cli.chat import run_terminal_chat

    with open_assistant(args) as assistant:
        run_terminal_chat(assistant, sys.stdin, sys.stdout, sys.stderr)
    return DONE


def run_ui(args: argparse.Namespace) -> int:
    from rag.app.web_server import require_servable, start_server
    from rag.cli.preparation import prepare_library

    settings = load_settings(args)
    _show_if_readonly(settings)
    require_servable(settings)
    prepare_library(settings, ingest=args.ingest)
    return start_server(settings, open_browser=not args.no_browser)


def run_account(args: argparse.Namespace) -> int:
    from getpass import getpass

    from rag.app.accounts import format_account

    if sys.stdin.isatty():
        password = getpass("password: ")
        if getpass("again: ") != password:
            raise SettingsError("the two passwords differ; run the command again")
    else:
        password = sys.stdin.readline().rstrip("\n")
    sys.stdout.write(f"{format_account(args.name, password)}\n")
    sys.stderr.write('add this line to the setting "accounts"; the password itself is not kept\n')
    return DONE


def run_eval(args: argparse.Namespace) -> int:
    from eval.__main__ import main as evaluate

    return int(evaluate(args.rest) or DONE)


def run_models(args: argparse.Namespace) -> int:
    from rag.adapters.weights import fetch_weights

    sys.stdout.write(f"{fetch_weights(load_settings(args))}\n")
    return DONE


def run_doctor(args: argparse.Namespace) -> int:
    from rag.app.doctor import get_state

    with open_assistant(args) as assistant:
        state = get_state(assistant)
    wrong = state["wrong"]
    status = FAILED if wrong else DONE
    if args.json:
        _print_json(state)
        return status
    for key, value in state.items():
        if isinstance(value, list):
            sys.stdout.writelines(f"{key}: {item}\n" for item in value)
            continue
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for name, value_text in rows:
            sys.stdout.write(f"{f'{key} {name}'.strip():<32} {value_text}\n")
    return status


# --- what they print ------------------------------------------------------------------------


def _show_record(answer: Answer) -> int:
    from rag.types.serialise import record

    _print_json(record(answer))
    return FAILED if answer.status == "failed" else DONE


def _show_answer(assistant: Assistant, answer: Answer, as_json: bool) -> int:
    if as_json:
        return _show_record(answer)
    from rag.cli.format import print_answer_stream

    print_answer_stream([answer], assistant.library, sys.stdout, sys.stderr)
    return FAILED if answer.status == "failed" else DONE


def _show_ingest(outcome: Plan | Report, as_json: bool) -> int:
    """What was not read goes to stderr; the status is 1 if some was rejected, 2 if nothing was read.

    Files in no format that is read fail nothing where others were read.
    """
    from rag.cli.ingest_report import (
        build_ingest_record,
        get_plan,
        iter_ingest_lines,
        iter_unread_lines,
    )

    if as_json:
        _print_json(build_ingest_record(outcome))
    else:
        sys.stdout.writelines(
            f"{remove_control_characters(line)}\n" for line in iter_ingest_lines(outcome)
        )
    plan = get_plan(outcome)
    sys.stderr.writelines(
        f"paperfolk: {remove_control_characters(line)}\n" for line in iter_unread_lines(outcome)
    )
    has_readable = any(document.change != "rejected" for document in plan.documents)
    if not has_readable and (plan.rejections or plan.passed_over):
        return USAGE
    return FAILED if plan.rejections else DONE
