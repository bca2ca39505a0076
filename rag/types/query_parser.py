"""Reads back the line that a query prints as.

`read_query(print_query(query)) == query` for every query. People may write it more loosely: a value of
one word needs no quotes, ``year >= 2023`` is ``year = 2023..``, and commas are free.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, get_args

from rag.types.fields import (
    ABSENCE,
    FIELDS,
    MANY,
    Condition,
    Operator,
    QueryError,
    Range,
    Scalar,
    find_field,
)
from rag.types.query import Form, Order, PersonRef, Query, RelationKind, Topic, Want
from rag.types.query_text import OPERATOR_SIGNS

_FROM_SIGN: dict[str, Operator] = {sign: operator for operator, sign in OPERATOR_SIGNS.items()}
_AT_ENDS = (">=", "<=")
_TOKEN = re.compile(
    r'\s*(?P<token>"(?:[^"\\]|\\.)*"|#[\w.:-]*\w|[<>!]=|[=<>(),|:]'
    r"|-?\d+-\d\d?-\d\d?(?:\.\.(?:\d+-\d\d?-\d\d?)?)?|\.\.\d+-\d\d?-\d\d?"
    r"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:\.\.(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)?)?|\.\.-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    r"|[^\s()<>=,|:\"]+)"
)
_CLAUSES = (
    "by", "for", "of", "like", "about", "where", "besides", "asking", "order", "first", "several",
    "as", "and", "not",
)  # fmt: skip


def read_query(line: str) -> Query:
    """The query that a line spells.

    Raises:
        QueryError: The line spells none; the message says what was expected, and where.
    """
    return _Parser(line).read()


def read_conditions(line: str) -> tuple[Condition, ...]:
    """Conditions joined by ``and``, as `print_conditions` writes them."""
    parser = _Parser(line)
    conditions = parser.read_conditions()
    parser.expect_end()
    return conditions


class _Parser:
    """Reads tokens from left to right, one token ahead."""

    def __init__(self, line: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while line[at:].strip():
            match = _TOKEN.match(line, at)
            if match is None:
                raise QueryError(f"{line[at:].strip()[:20]!r} cannot be read in a query")
            self.tokens.append(match["token"])
            at = match.end()
        self.at = 0

    # --- tokens ---

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def skip(self, *tokens: str) -> bool:
        """Take these tokens if they come next."""
        if all(self.peek(n).lower() == token for n, token in enumerate(tokens)):
            self.at += len(tokens)
            return True
        return False

    def expect(self, *tokens: str) -> None:
        if not self.skip(*tokens):
            raise QueryError(f"expected {' '.join(tokens)!r}{self._tell_place()}")

    def expect_end(self) -> None:
        if self.peek():
            raise QueryError(f"{self.peek()!r} is not understood{self._tell_place()}")

    def _tell_place(self) -> str:
        before = " ".join(self.tokens[max(self.at - 3, 0) : self.at])
        ending = f", found {self.peek()!r}" if self.peek() else ""
        return f" after {before!r}{ending}" if before else ending

    # --- clauses ---

    def read(self) -> Query:
        parts = self._read_head()
        readers = self._clause_readers(parts)
        while self.peek():
            if self.skip(","):
                continue
            name = self.peek().lower()
            if name not in readers:
                raise QueryError(
                    f"{self.peek()!r} begins no part of a query{self._tell_place()}; "
                    f"there are {', '.join(readers)}"
                )
            self.take()
            readers[name]()
        if parts.pop("grouped") and parts["want"] == "count" and "by" in parts:
            parts["want"] = "groups"
        return Query(**parts)

    def _read_head(self) -> dict[str, Any]:
        want = self.take().lower()
        if want not in get_args(Want):
            raise QueryError(
                f"a query begins with what is wanted ({', '.join(get_args(Want))}), not {want!r}"
            )
        parts: dict[str, Any] = {"want": want}
        # "count papers ... by year" is how one says groups; "count by venue" counts the venues.
        parts["grouped"] = self.skip("of", "papers") or self.skip("papers")
        if self.peek() in ("average", "median", "sum", "each"):
            parts["measure"] = self.take()
        if self.peek() in get_args(RelationKind):
            parts["relation"] = self.take()
        if self.skip("("):
            parts["what"] = self.read_text()
            self.expect(")")
        return parts

    def _clause_readers(self, parts: dict[str, Any]) -> dict[str, Callable[[], None]]:
        def put(name: str, value: object) -> None:
            if name in parts:
                raise QueryError(f"{name} is given twice{self._tell_place()}")
            parts[name] = value

        def read_of() -> None:
            if self.skip("those", "where"):
                put("base", self.read_conditions())
            else:
                put("papers", tuple(self._read_list(self._read_paper)))

        def read_about() -> None:
            topic: Topic | None = parts.get("about")
            if self.skip("each", "of"):
                all_of = tuple(self._read_list(self.read_text))
                parts["about"] = replace(topic, all_of=all_of) if topic else Topic(all_of=all_of)
            else:
                words = self.read_text()
                parts["about"] = replace(topic, words=words) if topic else Topic(words)

        def read_not() -> None:
            self.expect("about")
            without = self.read_text()
            topic: Topic | None = parts.get("about")
            parts["about"] = replace(topic, without=without) if topic else Topic(without=without)

        def read_order() -> None:
            self.expect("by")
            field = self.take()
            if parts["want"] == "papers" and find_field(field).of == "person":
                sortable = (f.name for f in FIELDS.values() if f.is_sortable and f.of == "paper")
                raise QueryError(
                    f"papers cannot be ordered by {field}, a figure of people; there are {', '.join(sortable)}"
                )
            if self.skip("both", "ends"):
                put("order", Order(field, "both ends"))
            else:
                put("order", Order(field, "ascending" if self.skip("ascending") else "descending"))
                self.skip("descending")

        def read_first() -> None:
            k = self.take()
            if not k.isdecimal():
                raise QueryError(f"first takes a whole number, not {k!r}")
            put("k", int(k))

        return {
            "by": lambda: put("by", tuple(self._read_list(self.take))),
            "for": lambda: put("people", tuple(self._read_list(self._read_person))),
            "of": read_of,
            "like": lambda: put("like", self._read_paper()),
            "about": read_about,
            "not": read_not,
            "where": lambda: put("where", self.read_conditions()),
            "besides": lambda: put("besides", tuple(self._read_list(self.read_text))),
            "asking": lambda: put("asks_for", self.take()),
            "order": read_order,
            "first": read_first,
            "several": lambda: put("is_about_several", True),
            "as": lambda: put("form", self._read_form()),
            ":": lambda: put("text", self.read_text()),
        }

    def _read_list(self, read_item: Callable[[], Any]) -> Iterator[Any]:
        yield read_item()
        # A comma also stands before the order and the number.
        while self.peek() == "," and self.peek(1).lower() not in _CLAUSES:
            self.take()
            yield read_item()

    def _read_paper(self) -> str:
        token = self.take()
        if not token.startswith("#"):
            raise QueryError(f"a paper is given as #id, not {token!r}")
        return token[1:]

    def _read_person(self) -> PersonRef:
        typed = self.read_text()
        if not self.skip("("):
            return PersonRef(typed, (typed,))
        names: list[str] = []
        while not self.skip(")"):
            names.append(self.read_text())
            self.skip("|")
        return PersonRef(typed, tuple(names))

    def _read_form(self) -> Form:
        form = Form()
        while self.peek() and self.peek() not in (",", ":"):
            if self.skip("for"):
                form = replace(form, audience=self.read_text())
            elif self.skip("in"):
                if self.peek(1) == "sentences":
                    form = replace(form, sentences=int(self.take()))
                    self.take()
                else:
                    form = replace(form, language=self.read_text())
            else:
                form = replace(form, shape=self.take())
        return form

    def read_text(self) -> str:
        """A quoted text, or bare words up to the next part of the query."""
        if self.peek().startswith('"'):
            return str(json.loads(self.take()))
        words = []
        while (token := self.peek()) and token.lower() not in _CLAUSES and token not in ",()|:":
            if token.startswith('"'):
                break
            words.append(self.take())
        if not words:
            raise QueryError(f"expected words{self._tell_place()}")
        return " ".join(words)

    # --- conditions ---

    def read_conditions(self) -> tuple[Condition, ...]:
        conditions = [self._read_condition()]
        while self.skip("and"):
            conditions.append(self._read_condition())
        return tuple(conditions)

    def _read_condition(self) -> Condition:
        if self.skip("not"):
            return Condition(self.take(), "is", False)
        name = self.take()
        field = FIELDS.get(name)
        if field is None:
            Condition(name, "known")  # raises with the names that there are
            raise AssertionError(name)
        for operator in ABSENCE:
            if self.skip(operator):
                return Condition(name, operator)
        if field.type == "flag" and self.peek() not in ("=", "!="):
            return Condition(name, "is", True)
        for sign in _AT_ENDS:
            if self.skip(sign):
                end: Any = self._read_value(field.type)
                return Condition(name, "is", Range(end, None) if sign == ">=" else Range(None, end))
        operator = self._read_operator(name)
        if operator in MANY:
            self.expect("(")
            values = [self._read_value(field.type)]
            while self.skip(","):
                values.append(self._read_value(field.type))
            self.expect(")")
            return Condition(name, operator, tuple(values))
        return Condition(name, operator, self._read_value(field.type))

    def _read_operator(self, name: str) -> Operator:
        for sign in sorted(_FROM_SIGN, key=lambda sign: -len(sign.split())):
            if self.skip(*sign.split()):
                return _FROM_SIGN[sign]
        raise QueryError(
            f"{name} needs an operator ({', '.join((*_FROM_SIGN, *_AT_ENDS))}){self._tell_place()}"
        )

    def _read_value(self, type_: str) -> Scalar:
        if type_ in ("name", "person", "text", "paper"):
            return self.read_text()
        token = self.take()
        if ".." in token:
            low, _, high = token.partition("..")
            return Range(_read_scalar(low) if low else None, _read_scalar(high) if high else None)  # type: ignore[arg-type]
        return _read_scalar(token)


def _read_scalar(token: str) -> Scalar:
    if token.lower() in ("true", "yes", "false", "no"):
        return token.lower() in ("true", "yes")
    try:
        if re.fullmatch(r"\d+-\d\d?-\d\d?", token):
            year, month, day = map(int, token.split("-"))
            return date(year, month, day)
        return int(token) if re.fullmatch(r"-?\d+", token) else float(token)
    except ValueError:
        return token
