"""What each command does. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from rag.errors import ReadError, SettingsError
from rag.printing import visible
from rag.rights import keep_private

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.pipeline import Assistant
    from rag.types import Answer, Condition, Plan, Report

DONE, FAILED, USAGE = 0, 1, 2


# --- settings and the assistant -------------------------------------------------------------


def settings_of(args: argparse.Namespace) -> Settings:
    from rag.config import load

    given = {name: getattr(args, name, None) for name in ("data", "port", "cache")}
    settings = load(**given)
    if (
        settings.accounts
    ):  # conversations of several people, who need not all read this machine's files
        keep_private(settings.data)
    return settings


def assistant_of(args: argparse.Namespace) -> Assistant:
    """The assistant over the data folder; says once if nothing can be kept there."""
    from rag.pipeline import build

    settings = settings_of(args)
    _tell_if_readonly(settings)
    return build(settings)


def _tell_if_readonly(settings: Settings) -> None:
    from rag.rights import is_readonly

    if is_readonly(settings.data):
        sys.stderr.write(
            f"paperfolk: the data folder {visible(str(settings.data))!r} cannot be written: its "
            "papers are read as they stand, and nothing is kept there\n"
        )


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def question_of(text: str) -> str:
    """The question as typed, fit to be asked.

    Raises:
        ReadError: It is empty.
    """
    from rag.text import encodable

    question = encodable(text).strip()
    if not question:
        raise ReadError("the question is empty; type what you want to know")
    return question


# --- the commands ---------------------------------------------------------------------------


def run_ingest(args: argparse.Namespace) -> int:
    from rag.printing import progress

    missing = [str(path) for path in args.paths if not path.exists()]
    if missing:
        raise ReadError(f"{', '.join(map(repr, missing))} does not exist; name a file or a folder")
    with assistant_of(args) as assistant:
        options = {"prune": args.prune, "rebuild": args.rebuild, "drop": args.drop}
        if args.dry_run:
            return _show_ingest(assistant.plan(args.paths, **options), args.json)
        with progress(sys.stderr) as report:
            done = assistant.ingest(args.paths, progress=report, **options)
        return _show_ingest(done, args.json)


def run_ask(args: argparse.Namespace) -> int:
    if args.batch is not None:
        return _ask_batch(args)
    if args.question is None:
        raise SettingsError('no question; write paperfolk ask "..." or use --batch IN --out OUT')
    question = question_of(args.question)
    with assistant_of(args) as assistant:
        if args.json:
            return _show_record(assistant.ask(question, read_as=args.read_as))
        from rag.printing import stream_answer

        answer = stream_answer(
            assistant.stream(question, read_as=args.read_as),
            assistant.library,
            sys.stdout,
            sys.stderr,
        )
        return FAILED if answer.status == "failed" else DONE


def _ask_batch(args: argparse.Namespace) -> int:
    from rag.batch import check_places, items, run, shared_ids
    from rag.printing import progress

    if args.out is None or args.question is not None or args.read_as is not None:
        raise SettingsError("--batch IN goes with --out OUT, without a question and without --as")
    check_places(args.batch, args.out)
    asked = items(args.batch)
    if said := shared_ids(asked):
        sys.stderr.write(f"paperfolk: {visible(said)}\n")
    with assistant_of(args) as assistant, progress(sys.stderr) as report:
        counts = run(assistant, asked, args.out, lambda n, total: report("asked", n, total))
    said = ", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing to ask"
    sys.stderr.write(f"{said}; answers in {args.out}\n")
    return FAILED if counts["failed"] else DONE


def run_who(args: argparse.Namespace) -> int:
    topic = question_of(args.topic)
    with assistant_of(args) as assistant:
        answer = assistant.who(topic, args.k, args.recent, args.explain)
        return _show_answer(assistant, answer, args.json)


def run_person(args: argparse.Namespace) -> int:
    name = question_of(args.name)
    with assistant_of(args) as assistant:
        return _show_answer(assistant, assistant.person(name), args.json)


def run_papers(args: argparse.Namespace) -> int:
    from rag.printing import paper_row
    from rag.records import paper_record

    with assistant_of(args) as assistant:
        answer = assistant.catalogue(conditions_of(args))
        papers = assistant.library.papers([p.paper_id for p in answer.papers])
        for paper in papers:
            if args.json:
                _print_json(paper_record(paper))
            else:
                sys.stdout.write(paper_row(paper, sys.stdout) + "\n")
        n_all = assistant.library.n_papers
        lead = answer.text.split("\n\n")[0]
        remarks = [lead] if not papers or lead.startswith("(") else []
        for remark in (*remarks, *answer.warnings):
            sys.stderr.write(f"paperfolk: {visible(remark)}\n")
        if not args.json:
            sys.stdout.write(f"{len(papers)} of {n_all} papers\n")
    return DONE


def conditions_of(args: argparse.Namespace) -> list[Condition]:
    from rag.types import Condition

    found = [
        Condition(field, operator, getattr(args, field))
        for field, operator in (
            ("author", "is"),
            ("year", "between"),
            ("category", "is"),
            ("affiliation", "is"),
            ("code", "is"),
            ("page", "is"),
            ("text", "contains"),
        )
    ]
    return [condition for condition in found if condition.value is not None]


def run_paper(args: argparse.Namespace) -> int:
    from rag.printing import paper_lines
    from rag.records import paper_record

    with assistant_of(args) as assistant:
        paper = assistant.paper(args.key)
    if args.json:
        _print_json(paper_record(paper))
    else:
        sys.stdout.writelines(f"{line}\n" for line in paper_lines(paper, sys.stdout))
    return DONE


def run_chat(args: argparse.Namespace) -> int:
    from rag.terminal import converse

    with assistant_of(args) as assistant:
        converse(assistant, sys.stdin, sys.stdout, sys.stderr)
    return DONE


def run_ui(args: argparse.Namespace) -> int:
    from rag.serving import serve

    settings = settings_of(args)
    _tell_if_readonly(settings)
    return serve(settings, open_browser=not args.no_browser)


def run_account(args: argparse.Namespace) -> int:
    from getpass import getpass

    from rag.accounts import account

    if sys.stdin.isatty():
        password = getpass("password: ")
        if getpass("again: ") != password:
            raise SettingsError("the two passwords differ; run the command again")
    else:
        password = sys.stdin.readline().rstrip("\n")
    sys.stdout.write(f"{account(args.name, password)}\n")
    sys.stderr.write('add this line to the setting "accounts"; the password itself is not kept\n')
    return DONE


def run_eval(args: argparse.Namespace) -> int:
    from eval.__main__ import main as evaluate

    return int(evaluate(args.rest) or DONE)


def run_models(args: argparse.Namespace) -> int:
    from rag.adapters.weights import fetch

    sys.stdout.write(f"{fetch(settings_of(args))}\n")
    return DONE


def run_doctor(args: argparse.Namespace) -> int:
    with assistant_of(args) as assistant:
        found = assistant.doctor()
    wrong = found["wrong"]
    status = FAILED if wrong else DONE
    if args.json:
        _print_json(found)
        return status
    for key, value in found.items():
        if isinstance(value, list):
            sys.stdout.writelines(f"{key}: {one}\n" for one in value)
            continue
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for name, shown in rows:
            sys.stdout.write(f"{f'{key} {name}'.strip():<32} {shown}\n")
    return status


# --- what they print ------------------------------------------------------------------------


def _show_record(answer: Answer) -> int:
    from rag.records import record

    _print_json(record(answer))
    return FAILED if answer.status == "failed" else DONE


def _show_answer(assistant: Assistant, answer: Answer, as_json: bool) -> int:
    if as_json:
        return _show_record(answer)
    from rag.printing import stream_answer

    stream_answer([answer], assistant.library, sys.stdout, sys.stderr)
    return FAILED if answer.status == "failed" else DONE


def _show_ingest(done: Plan | Report, as_json: bool) -> int:
    """What was not read goes to stderr; the status is 1 if some was rejected, 2 if nothing was read.

    Files in no format that is read fail nothing where others were read.
    """
    from rag.reporting import ingest_lines, ingest_record, plan_of, unread_lines

    if as_json:
        _print_json(ingest_record(done))
    else:
        sys.stdout.writelines(f"{visible(line)}\n" for line in ingest_lines(done))
    plan = plan_of(done)
    sys.stderr.writelines(f"paperfolk: {visible(line)}\n" for line in unread_lines(done))
    read = any(document.change != "rejected" for document in plan.documents)
    if not read and (plan.rejections or plan.passed_over):
        return USAGE
    return FAILED if plan.rejections else DONE
