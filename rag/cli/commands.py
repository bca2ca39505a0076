"""The commands. Each imports heavy modules only when it needs them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.cli.field_options import list_conditions
from rag.cli.markdown import remove_control_characters
from rag.library.permissions import keep_private
from rag.types import Place
from rag.types.errors import NotFound, ReadError, SettingsError

if TYPE_CHECKING:
    from rag.app.assistant import Assistant
    from rag.config.settings import Settings
    from rag.types import Paper, Plan, Report

DONE, FAILED, USAGE = 0, 1, 2
_OVERRIDES = ("data", "port", "cache", "api_host", "api_port")
"""Settings that options of the same name set."""


# --- settings and the assistant -------------------------------------------------------------


def load_settings(args: argparse.Namespace) -> Settings:
    from rag.config.settings import load

    options = {name: getattr(args, name, None) for name in _OVERRIDES}
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


def print_json(value: Any) -> None:
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
    from rag.cli.ingest_progress import open_ingest_progress

    missing = [str(path) for path in args.paths if not path.exists()]
    if missing:
        raise ReadError(f"{', '.join(map(repr, missing))} does not exist; name a file or a folder")
    with open_assistant(args) as assistant:
        options = {"prune": args.prune, "rebuild": args.rebuild, "drop": args.drop}
        if args.dry_run:
            return _show_ingest(assistant.plan_ingest(args.paths, **options), args.json)
        with open_ingest_progress(sys.stderr) as (watch, announce):
            outcome = assistant.ingest(args.paths, watch=watch, announce=announce, **options)
        return _show_ingest(outcome, args.json)


def run_papers(args: argparse.Namespace) -> int:
    from rag.library.bibliography import format_papers
    from rag.types.serialise import build_paper_record

    with open_assistant(args) as assistant:
        answer = assistant.catalogue(list_conditions(args))
        ids = [p.paper_id for p in answer.papers]
        papers = assistant.library.list_papers(ids[: args.n])
        if args.form == "json":
            for paper in papers:
                print_json(build_paper_record(paper))
        elif args.form:
            sys.stdout.write(format_papers(papers, args.form))
        else:
            _show_papers(papers, len(ids), assistant.library.n_papers, files=args.files)
        lead = answer.text.split("\n\n")[0]
        remarks = [lead] if not papers or lead.startswith("(") else []
        for remark in (*remarks, *answer.warnings):
            sys.stderr.write(f"paperfolk: {remove_control_characters(remark)}\n")
    return DONE


def _show_papers(papers: Sequence[Paper], n_found: int, n_all: int, *, files: bool) -> None:
    from rag.cli.format import format_paper_row
    from rag.cli.paging import open_paged

    with open_paged(sys.stdout) as out:
        out.writelines(f"{format_paper_row(paper, out, files=files)}\n" for paper in papers)
        cut = f"; shown are {len(papers)}" if len(papers) < n_found else ""
        out.write(f"{n_found} of {n_all} papers{cut}\n")


def run_paper(args: argparse.Namespace) -> int:
    from rag.cli.format import iter_paper_lines
    from rag.cli.paging import open_paged
    from rag.types.serialise import build_paper_record, build_sentence_records

    with open_assistant(args) as assistant:
        if args.part or args.join:
            place = parse_place(args.key)
            assistant.part([place], join=args.join)
        paper = assistant.paper(args.key)
        sentences = assistant.library.list_role_spans(paper.paper_id)
        traced = assistant.trace(paper)
    if args.json:
        records = build_sentence_records(paper, sentences)
        places = {field: str(place) for field, place in traced.items()}
        print_json({**build_paper_record(paper), "sentences": records, "read_at": places})
    else:
        with open_paged(sys.stdout) as out:
            out.writelines(f"{line}\n" for line in iter_paper_lines(paper, out, traced))
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


def run_ui(args: argparse.Namespace) -> int:
    from rag.app.web_server import require_servable, start_server
    from rag.cli.preparation import prepare_library

    settings = load_settings(args)
    _show_if_readonly(settings)
    require_servable(settings)
    prepare_library(settings, ingest=args.ingest)
    return start_server(settings, open_browser=not args.no_browser)


def run_serve(args: argparse.Namespace) -> int:
    from rag.serve.server import build_token, check_servable, run_server

    if args.new_token:
        sys.stdout.write(f"{build_token()}\n")
        sys.stderr.write("set it as api_tokens, or as PAPERFOLK_API_TOKENS in the environment\n")
        return DONE
    check_servable(load_settings(args))
    with open_assistant(args) as assistant:
        run_server(assistant)
    return DONE


def run_mcp(args: argparse.Namespace) -> int:
    from rag.serve.server import run_tools

    with open_assistant(args) as assistant:
        run_tools(assistant)
    return DONE


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
    from rag.adapters.weights import MINILM, MPNET, fetch_weights

    model = MPNET if args.reranker else MINILM
    sys.stdout.write(f"{fetch_weights(load_settings(args), model)}\n")
    return DONE


def run_doctor(args: argparse.Namespace) -> int:
    from rag.app.doctor import get_state

    with open_assistant(args) as assistant:
        state = get_state(assistant)
    wrong = state["wrong"]
    status = FAILED if wrong else DONE
    if args.json:
        print_json(state)
        return status
    from rag.cli.doctor_report import iter_doctor_lines
    from rag.cli.paging import open_paged

    with open_paged(sys.stdout) as out:
        out.writelines(f"{line}\n" for line in iter_doctor_lines(state, out, lists_all=args.all))
    return status


def run_completion(args: argparse.Namespace) -> int:
    import shtab

    from rag.cli.main import build_parser

    parser = build_parser()
    for command in (parser, *parser.find_commands().values()):
        for action in command._actions:
            if action.type is Path:
                kind = shtab.DIRECTORY if action.metavar == "FOLDER" else shtab.FILE
                action.complete = kind  # type: ignore[attr-defined]  # shtab reads it
    sys.stdout.write(f"{shtab.complete(parser, shell=args.shell)}\n")
    return DONE


# --- what they print ------------------------------------------------------------------------


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
        print_json(build_ingest_record(outcome))
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
