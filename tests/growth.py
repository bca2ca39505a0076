"""Whether time grows worse than about linearly with the input: for what reads other people's text.

A pattern is tried on shapes made for it: each of its repetitions, with what stands before it, on
what that repetition takes; and on characters, words and marks of every kind. Time is that of this
process alone, so a busy machine does not matter.
"""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from re import _parser as sre  # type: ignore[attr-defined]
from types import FrameType, ModuleType
from typing import Any

REPEATS = 4_000
ENOUGH_S = 0.025
"""Less than this for ``REPEATS`` is linear: quadratic takes several times as long."""
GIVEN_UP_S = 0.75
SURE_S = 0.4
"""A run that takes longer was not disturbed by what else the machine does."""
MOST_RATIO = 7.0
"""Four times as long an input may take so many times as long; a quadratic one takes sixteen."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A text of any length: a beginning, a part that is repeated, an end that fits nothing."""

    pump: str
    prefix: str = ""
    suffix: str = "\x01"

    def of(self, n: int) -> str:
        return self.prefix + self.pump * n + self.suffix


PUMPS = (
    " ", "a", "A", "1", ".", ",", ";", "-", "'", '"', "`", "$", "\\", "/", "(", ")", "[", "]", "{", "}",
    "<", "@", "&", "~", "%", "*", "_", "|", ":", "\n", "\t", "é", "中", "a ", "A ", "1 ", ". ", ", ", "- ",
    " \n", "a.", "a-", "a'", "1,", "1.", "a, ", "A. ", "“a", "$a", "\\a", "\\a ", "{a", "<a ", "a|", "](", "a@",
    "http://", "http://a)", "10.1234/", "the ", "of ", "and ", "papers ", "2020 ", "2020-",
)  # fmt: skip
GENERIC = tuple(Shape(pump) for pump in PUMPS)
_INNER = (" ", "a", "A", "1", ".", ",", "-", "a ", "A ", "\n")
"""What is tried in place of what a repetition takes, as two that meet may both take it."""


# --- which patterns there are -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Used:
    """A pattern, where it stands, and whether it is only tried at one place of a text."""

    name: str
    pattern: re.Pattern[str]
    anchored: bool

    def run(self, text: str) -> None:
        self.pattern.fullmatch(text)
        if self.anchored:
            self.pattern.match(text)
            return
        for _ in self.pattern.finditer(text):  # matches at the beginning, too
            pass


def patterns_in(package: ModuleType) -> list[Used]:
    """Every pattern of a module, or of a package's modules: compiled ones and those in calls."""
    names = [package.__name__]
    if hasattr(package, "__path__"):
        below = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names += [module.name for module in below if not module.name.endswith("__main__")]
    found: dict[tuple[str, int, bool], Used] = {}
    for module in map(importlib.import_module, names):
        calls = list(_calls(ast.parse(inspect.getsource(module))))
        own = {k: list(_compiled(v)) for k, v in vars(module).items() if k != "__builtins__"}
        for name, patterns in own.items():
            hows = {how for owner, how, _ in calls if owner == name}
            # Those in a table are used under another name, such as that of a loop.
            hows = hows or {how for owner, how, _ in calls if owner and not own.get(owner)}
            for pattern in patterns:
                used = Used(f"{module.__name__}.{name}", pattern, _is_anchored(hows))
                found.setdefault((pattern.pattern, pattern.flags, used.anchored), used)
        for owner, how, written in calls:
            if owner == "re" and written is not None:
                used = Used(f"{module.__name__} {written!r}", re.compile(written), how in _AT_ONE)
                found.setdefault((written, used.pattern.flags, used.anchored), used)
    return list(found.values())


_AT_ONE = frozenset({"match", "fullmatch"})
_METHODS = _AT_ONE | {"search", "sub", "subn", "split", "findall", "finditer"}


def _is_anchored(hows: set[str]) -> bool:
    return bool(hows) and hows <= _AT_ONE


def _calls(tree: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    """Owner, method and first argument, where that is written out, of each call like a pattern's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _METHODS:
            owner = node.value
            while isinstance(owner, ast.Subscript):
                owner = owner.value
            if isinstance(owner, ast.Name) and owner.id != "re":
                yield owner.id, node.attr, None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _METHODS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield "re", node.func.attr, node.args[0].value


def _compiled(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
        return
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    elif is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, field.name, None) for field in fields(value)]
    for one in inner if depth < 4 else ():
        yield from _compiled(one, depth + 1)


# --- shapes made for a pattern ------------------------------------------------------------------


def shapes_for(pattern: re.Pattern[str]) -> list[Shape]:
    """Shapes of every kind, and those that the pattern's own repetitions suggest."""
    parsed = sre.parse(pattern.pattern, pattern.flags)
    whole = _sample(parsed)
    shapes = [*GENERIC, Shape(whole), Shape(whole[:-1])]
    for before, body in _repetitions(parsed, ""):
        pumps = dict.fromkeys([body, *_INNER])
        shapes += [Shape(pump, before) for pump in pumps if pump]
        shapes += [Shape(before + pump * 2) for pump in pumps]
    return list(dict.fromkeys(shape for shape in shapes if shape.pump))


def _repetitions(parsed: Any, before: str) -> Iterator[tuple[str, str]]:
    """Each repetition that may be long: a text that comes before it, and one that it takes once."""
    for op, value in parsed:
        for inner in _inner(op, value):
            yield from _repetitions(inner, before)
        if str(op) in _REPEATING and value[1] > 8:
            yield before, _sample(value[2])
        before += _sample([(op, value)])


_REPEATING = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def _inner(op: Any, value: Any) -> list[Any]:
    match str(op):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [value[2]]
        case "SUBPATTERN":
            return [value[3]]
        case "BRANCH":
            return list(value[1])
        case "ATOMIC_GROUP":
            return [value]
        case _:
            return []


def _sample(parsed: Any) -> str:
    """A short text that the parsed pattern takes, look-arounds and references left aside."""
    return "".join(_taken(op, value) for op, value in parsed)


def _taken(op: Any, value: Any) -> str:
    match str(op):
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return "b" if value == ord("a") else "a"
        case "ANY":
            return "a"
        case "IN":
            return _one_of(value)
        case "BRANCH":
            return _sample(value[1][0])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _sample(value[2]) * max(value[0], min(1, value[1]))
        case _:
            return "".join(_sample(inner) for inner in _inner(op, value))


_CATEGORIES = {
    "CATEGORY_DIGIT": "1",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": " ",
}


def _one_of(members: Any) -> str:
    first, *rest = members
    if str(first[0]) == "NEGATE":
        written = "".join(_one_of([member]) for member in rest)
        return next((char for char in "aA1 .,x" if char not in written), "é")
    op, value = first
    if str(op) == "RANGE":
        return chr(value[0])
    return _CATEGORIES[str(value)] if str(op) == "CATEGORY" else chr(value)


# --- how time grows -----------------------------------------------------------------------------


class _GivenUp(Exception):
    pass


def overgrown(run: Callable[[str], object], shapes: Iterable[Shape], n: int = REPEATS) -> str:
    """The first shape on which ``run`` takes worse than linear time, with figures; or nothing.

    A text is not tried whole if its sixteenth is read so soon that it could grow fourfold more than
    quadratically, or its quarter so soon that it could grow twofold more.
    What grows is tried on a text four times as long again: a part of bounded length, such as up to
    600 characters of names, takes its share only up to there.
    What has grown must do so again, if it took less than `SURE_S`: on a busy machine even the time of
    one thread is disturbed.
    """
    for shape in shapes:
        found, is_sure = _try_shape(run, shape, n)
        if found and (is_sure or all(_try_shape(run, shape, n)[0] for _ in range(AGAIN))):
            return found
    return ""


AGAIN = 3


def _try_shape(run: Callable[[str], object], shape: Shape, n: int) -> tuple[str, bool]:
    """What took out of proportion, or nothing; and whether once is enough to say so."""
    for part, more in ((16, 4), (4, 2)):
        part_s = _seconds(run, shape.of(n // part))
        if part_s < ENOUGH_S / (more * part**2):
            return "", False
        if part_s >= GIVEN_UP_S:
            return f"{shape} × {n // part:,}: more than {GIVEN_UP_S:g} s", True
    long_s = _seconds(run, shape.of(n))
    if long_s >= GIVEN_UP_S:
        return f"{shape} × {n:,}: more than {GIVEN_UP_S:g} s", True
    if long_s < ENOUGH_S or not _grown(run, shape, n, long_s):
        return "", False
    longer_s = _seconds(run, shape.of(4 * n))
    return _grown(run, shape, 4 * n, longer_s), longer_s > SURE_S


def _grown(run: Callable[[str], object], shape: Shape, n: int, long_s: float) -> str:
    """What a quarter of a text and the whole took, where the whole took out of proportion."""
    short_s = _seconds(run, shape.of(n // 4))
    if MOST_RATIO * short_s < long_s < SURE_S:  # or was it disturbed?
        long_s = min(long_s, _seconds(run, shape.of(n)), _seconds(run, shape.of(n)))
        short_s = min(short_s, *(_seconds(run, shape.of(n // 4)) for _ in range(3)))
    if long_s > max(ENOUGH_S, MOST_RATIO * short_s):
        return f"{shape} × {n // 4:,}: {short_s:.3f} s, × {n:,}: {long_s:.3f} s"
    return ""


def _seconds(run: Callable[[str], object], text: str) -> float:
    """Processor time of one run; that of a pattern is stopped after ``GIVEN_UP_S``.

    Nothing else is: a reader that was stopped as it wrote to a log held the lock of all logs for ever.

    That of the thread: while the timer runs, that of the process is counted in steps of 4 ms.
    """

    def give_up(_: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code is Used.run.__code__:
            raise _GivenUp

    gc.disable()  # its pauses grow with whatever else this process holds
    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, GIVEN_UP_S)
    began = time.thread_time()
    try:
        run(text)
        return time.thread_time() - began
    except _GivenUp:
        return GIVEN_UP_S
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        gc.enable()
