"""The command line: its parser, and the exit status."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rag.cli import asking, commands
from rag.cli.commands import DONE, FAILED, USAGE
from rag.cli.field_options import add_field_options
from rag.cli.parser import Parser
from rag.library.permissions import require_files
from rag.types.errors import RagError, ReadError, SettingsError
from rag.types.fields import QueryError

INTERRUPTED = 130
_NEW_OBJECTS = 100_000
"""Python looks for garbage after so many: all that a start imports stays, and was looked through often."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 done, 1 failed, 2 wrong usage or bad input."""
    # Before numpy is loaded: a question's products are small, and threads only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")  # whatever is piped in is a question
    typed = list(sys.argv[1:] if argv is None else argv)
    if typed[:1] == ["eval"]:  # its options are its own
        args = argparse.Namespace(run=commands.run_eval, rest=typed[1:])
    else:
        args = build_parser().parse_known(typed)
    try:
        require_files()
        status = int(args.run(args))
        sys.stdout.flush()
        return status
    except (SettingsError, ReadError, QueryError) as exc:
        return _show_error(exc, USAGE)
    except RagError as exc:
        return _show_error(exc, FAILED)
    except BrokenPipeError:  # the reader has seen enough, as in `paperfolk papers | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        return _show_error(
            "this process got no more memory; give it more, or read less at once", FAILED
        )
    except KeyboardInterrupt:
        sys.stderr.write("\npaperfolk: interrupted\n")
        return INTERRUPTED


def _open_closed() -> None:
    """Give what was closed (``>&-``) a place that takes everything.

    Otherwise the next file opened, such as the library, would be where native code writes.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))


def _show_error(exc: RagError | str, status: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"paperfolk: {exc}\n")
    return status


# --- what can be typed ----------------------------------------------------------------------


def build_parser() -> Parser:
    """All commands with their options."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--data", metavar="FOLDER", type=Path, help="data folder (default: data)")
    top = Parser(
        prog="paperfolk",
        description="Chat with your papers, and find the people behind them.",
        epilog='example: paperfolk ask "how does knowledge swapping order its two steps?"',
        parents=[shared],
    )
    top.add_argument("--version", action="version", version=f"paperfolk {_find_version()}")
    commands = top.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )

    def add_command(name: str, run: Any, does: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=does,
            description=does[0].upper() + does[1:] + ".",
            epilog=f"example: paperfolk {example}",
            parents=[shared],
        )
        added.set_defaults(run=run)
        return added

    _add_reading_commands(add_command)
    _add_asking_commands(add_command)
    _add_listing_commands(add_command)
    _add_keeping_commands(add_command)
    return top


def _find_version() -> str:
    """The installed version; in a checkout that was not installed, words that say so."""
    try:
        return version("paperfolk")
    except PackageNotFoundError:
        return "not installed"


def _add_no_cache(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--no-cache",
        action="store_const",
        const=False,
        dest="cache",
        help="ask a chat model again, keep no reply",
    )


def _add_model(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--model",
        metavar="NAME",
        default="",
        help="have another configured chat model word the answers; extractive: quote the papers",
    )


def _add_json(added: argparse.ArgumentParser) -> None:
    added.add_argument("--json", action="store_true", help="print JSON, one object a line")


def _add_files(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--files", action="store_true", help="name the file and line that each paper was read from"
    )


def _add_reading_commands(command: Any) -> None:
    ingest = command(
        "ingest",
        commands.run_ingest,
        "read documents into the library",
        "ingest --dry-run my-papers/",
    )
    ingest.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="default: seeds/")
    ingest.add_argument("--dry-run", action="store_true", help="print the plan, write nothing")
    ingest.add_argument(
        "--prune", action="store_true", help="remove what the documents no longer hold"
    )
    ingest.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="NAME",
        help="remove a document, and do not read it again from a folder",
    )
    ingest.add_argument("--rebuild", action="store_true", help="make vectors and index anew")
    _add_json(ingest)


def _add_asking_commands(command: Any) -> None:
    ask = command(
        "ask",
        asking.run_ask,
        "answer a question with citations",
        "ask --batch questions.jsonl --out answers.jsonl",
    )
    ask.add_argument("question", nargs="*", metavar="QUESTION", help="- reads what is piped in")
    ask.add_argument("--explain", action="store_true", help="show how the question was read")
    ask.add_argument("--batch", type=Path, metavar="IN", help="questions, one JSON object a line")
    ask.add_argument("--out", type=Path, metavar="OUT", help="where --batch appends its answers")
    _add_no_cache(ask)
    ask.add_argument(
        "--as",
        dest="read_as",
        choices=["content", "experts", "person", "catalogue"],
        help="read the question in this way, whatever its words say",
    )
    _add_model(ask)
    _add_json(ask)
    _add_files(ask)
    add_field_options(ask)
    who = command("who", asking.run_who, "rank people by topic", 'who "face anti-spoofing" -k 5')
    who.add_argument("topic", nargs="+", metavar="TOPIC")
    who.add_argument(
        "-k", "-n", type=_parse_positive, default=10, metavar="N", help="people shown (10)"
    )
    who.add_argument("--recent", action="store_true", help="weigh recent papers more")
    who.add_argument("--explain", action="store_true", help="show the parts of each score")
    _add_json(who)
    _add_files(who)
    add_field_options(who)
    person = command("person", asking.run_person, "show one person", 'person "Daichi Zhang"')
    person.add_argument("name", nargs="+", metavar="NAME")
    _add_json(person)
    _add_files(person)
    chat = command("chat", asking.run_chat, "talk in the terminal", "chat")
    _add_no_cache(chat)
    _add_model(chat)


def _add_listing_commands(command: Any) -> None:
    papers = command(
        "papers",
        commands.run_papers,
        "list the papers that meet all conditions",
        "papers --year 2023..2024 --code",
    )
    papers.add_argument("-n", type=_parse_positive, metavar="N", help="papers shown (all)")
    forms = papers.add_mutually_exclusive_group()
    for form, does in (
        ("json", "print JSON, one object a line"),
        ("bibtex", "print BibTeX"),
        ("ris", "print RIS"),
        ("csv", "print CSV"),
    ):
        forms.add_argument(f"--{form}", action="store_const", const=form, dest="form", help=does)
    _add_files(papers)
    add_field_options(papers)
    query = command(
        "query",
        asking.run_query,
        "answer a typed query",
        'query "count papers where year >= 2023 and code by year"',
    )
    query.add_argument("query", nargs="+", metavar="QUERY")
    _add_json(query)
    _add_files(query)
    paper = command(
        "paper", commands.run_paper, "show one paper, whole", "paper 001_a5f9dfde50f3564c.txt:12"
    )
    paper.add_argument(
        "key", metavar="ID", help="a paper's id, its beginning, or <seed file>:<line>"
    )
    parting = paper.add_mutually_exclusive_group()
    parting.add_argument(
        "--part",
        action="store_true",
        help="make the entry at <file>:<line> a paper of its own, whatever it was joined to",
    )
    parting.add_argument("--join", action="store_true", help="let it be joined again")
    _add_json(paper)
    correct = command(
        "correct",
        commands.run_correct,
        "say what a paper's title, people, year or venue are",
        'correct scan.pdf:1 --year 1948 --author "C. E. Shannon"',
    )
    correct.add_argument(
        "key", metavar="ID", help="a paper's id, its beginning, or <seed file>:<line>"
    )
    correct.add_argument("--title", help="its title")
    correct.add_argument(
        "--author",
        action="append",
        dest="authors",
        metavar="NAME",
        help="its authors, in order, one option each",
    )
    correct.add_argument("--year", type=int, help="the year of its publication")
    correct.add_argument("--venue", help="its journal or conference")
    correct.add_argument("--doi", help="its DOI")
    _add_json(correct)


def _add_keeping_commands(command: Any) -> None:
    enrich = command(
        "enrich",
        commands.run_enrich,
        "ask Crossref, OpenAlex and Semantic Scholar what papers lack (needs a network)",
        "enrich --contact ada@example.org --limit 50",
    )
    enrich.add_argument(
        "--service",
        action="append",
        choices=["crossref", "openalex", "semantic"],
        help="ask this service alone; may be given again",
    )
    enrich.add_argument(
        "--contact", default="", metavar="MAIL", help="your address, which the services ask for"
    )
    enrich.add_argument("--limit", type=_parse_positive, metavar="N", help="papers asked about")
    _add_json(enrich)
    ui = command("ui", commands.run_ui, "open the chat in the browser", "ui --port 8600")
    ui.add_argument("--port", type=int, metavar="N", help="default: 8501")
    ui.add_argument("--no-browser", action="store_true", help="serve only, open no window")
    ui.add_argument("--ingest", action="store_true", help="read new and changed documents first")
    serve = command(
        "serve",
        commands.run_serve,
        "serve other programs: an HTTP API, OpenAI's chat completions, and MCP",
        "serve --port 8600",
    )
    serve.add_argument("--host", dest="api_host", metavar="ADDRESS", help="default: 127.0.0.1")
    serve.add_argument("--port", dest="api_port", type=int, metavar="N", help="default: 8502")
    serve.add_argument("--new-token", action="store_true", help="print a token for api_tokens")
    command("mcp", commands.run_mcp, "serve MCP over standard input and output", "mcp")
    account = command(
        "account",
        commands.run_account,
        "make an account's line for the setting accounts, from a typed password",
        "account ada",
    )
    account.add_argument("name", metavar="NAME")
    command("eval", commands.run_eval, "evaluate in batch (same as python -m eval)", "eval --help")
    models = command(
        "models", commands.run_models, "bring the embedded model's weights", "models fetch"
    )
    models.add_argument("what", choices=["fetch"])
    models.add_argument(
        "--reranker", action="store_true", help="the larger model of the second stage (404 MB)"
    )
    doctor = command(
        "doctor", commands.run_doctor, "say what is installed, set and reachable", "doctor --json"
    )
    doctor.add_argument("--all", action="store_true", help="also settings that nobody has set")
    _add_json(doctor)
    completion = command(
        "completion",
        commands.run_completion,
        "print the completion of a shell: bash, zsh or fish",
        "completion bash > ~/.local/share/bash-completion/completions/paperfolk",
    )
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])


def _parse_positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)
