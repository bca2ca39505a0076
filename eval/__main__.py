"""The batch evaluation: ``python -m eval ...``, also ``paperfolk eval ...``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from eval.commands import benchmarks, measuring, training
from eval.commands.opening import FAILED, USAGE
from rag.types.errors import RagError, ReadError, SettingsError


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
    for module in (measuring, benchmarks, training):
        module.add_commands(commands)
    return parser


def _show_error(exc: RagError, status: int) -> int:
    sys.stderr.write(f"paperfolk eval: {exc}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
