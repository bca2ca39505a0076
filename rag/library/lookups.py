"""Answers of the database to single keys, asked for many at once and kept while they are few."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")
_MOST_KEYS = 20_000


class Lookup(Generic[Value]):
    """What the library has for a key of one kind, such as the names with a part.

    Safe to share between threads: at worst a key is asked for twice.

    Args:
        fetch: The values of the keys that have one.
        nothing: The value of the others.
    """

    def __init__(
        self, fetch: Callable[[Collection[str]], Mapping[str, Value]], nothing: Value
    ) -> None:
        self._fetch, self._nothing = fetch, nothing
        self._values: dict[str, Value] = {}

    def load(self, keys: Iterable[str]) -> None:
        """Ask for keys that are about to be looked up, in one statement."""
        missing = {key for key in keys if key not in self._values}
        if missing:
            values = self._fetch(missing)
            if len(self._values) > _MOST_KEYS:
                self._values = {}
            self._values.update((key, values.get(key, self._nothing)) for key in missing)

    def get(self, key: str) -> Value:
        value = self._values.get(key)
        if value is None:
            self.load([key])
            value = self._values.get(key, self._nothing)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self.get(key))
