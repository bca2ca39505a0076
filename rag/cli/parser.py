"""A parser of arguments that says what was probably meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

_INVALID = re.compile(r"argument COMMAND: invalid choice: '(.*)' \(choose from ", re.DOTALL)

_ASKING = frozenset(
    "what which when where why how whom whose is are was were do does did can list compare".split()
)
"""Words that begin a question and are no slip of a command's name."""


class Parser(argparse.ArgumentParser):
    """Adds to an unknown command or option what is spelt like it, and to a question how to ask it."""

    def parse_known(self, typed: Sequence[str]) -> argparse.Namespace:
        """As `parse_args`, with the command's own usage where an argument of it is unknown."""
        args, rest = self.parse_known_args(typed)
        if rest:
            command = self.find_commands()[args.command]
            options = [name for name in command._option_string_actions if name.startswith("--")]
            command.error(f"there is no option {rest[0]!r}" + _format_guess(rest[0], options))
        return args

    def find_commands(self) -> dict[str, argparse.ArgumentParser]:
        """The commands by name; none of a command's own parser."""
        groups = (a for a in self._actions if isinstance(a, argparse._SubParsersAction))
        return {name: parser for group in groups for name, parser in group.choices.items()}

    def error(self, message: str) -> NoReturn:
        if match := _INVALID.match(message):
            typed, commands = match[1], self.find_commands()
            guess = "" if typed.lower() in _ASKING else _format_guess(typed, commands)
            guess = guess or f"; to ask a question, write: paperfolk ask {typed} …"
            message = f"there is no command {typed!r}{guess}"
        super().error(message)


def _format_guess(typed: str, names: Iterable[str]) -> str:
    """``; did you mean 'ask'?``, or nothing."""
    matches = get_close_matches(typed.split("=")[0].lower(), list(names), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]}?" if matches else ""


def join_arguments(words: Any) -> str:
    """Words that were typed without quotes, as one text."""
    return " ".join(words) if isinstance(words, list) else str(words)
