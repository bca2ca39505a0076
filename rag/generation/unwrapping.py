"""Takes a reply out of the JSON that some models and servers wrap it in.

``{"answer": "… [E1]."}``, fenced or not, the same as a list of sentences with their keys, and the
arguments of a tool that nobody offered. Any other reply passes as it comes.
"""

from __future__ import annotations

import json
import re
from typing import Any

_WRAPPED = re.compile(r"\s*(?:```[a-z]*\s*)?(?:\{\s*\"|\[\s*[{\"])")
_MAY_BE_WRAPPED = re.compile(r"\s*(?:`{0,3}|```[a-z]*\s*)(?:[{\[]\s*)?$")
_FENCE = re.compile(r"^\s*```[a-z]*\s*|\s*```\s*$")
_TEXT_FIELDS = ("answer", "final_answer", "response", "reply", "text", "content", "sentence", "claim", "output", "message")  # fmt: skip
_UNSAID_FIELD = re.compile(r"thought|thinking|reason|analysis|plan|confidence|question|query|title", re.IGNORECASE)  # fmt: skip
_KEY = re.compile(r"E\d{1,4}")
_KEYS_ALONE = re.compile(r"[\[\s]*E\d{1,4}(?:[\],;\s\[]+E\d{1,4}){0,20}[\]\s]*")


class Unwrapper:
    """Passes on a streamed reply; one that is JSON when it is over, as its text."""

    def __init__(self) -> None:
        self._buffer = ""
        self._passes = False

    def process_piece(self, piece: str) -> str:
        """What of the reply so far can be passed on."""
        if self._passes:
            return piece
        self._buffer += piece
        if _WRAPPED.match(self._buffer) or _MAY_BE_WRAPPED.match(self._buffer):
            return ""
        self._passes, words = True, self._buffer
        return words

    def close(self) -> str:
        """What was held back, without its wrapping."""
        if self._passes:
            return ""
        try:
            return _read_text(json.loads(_FENCE.sub("", self._buffer)))
        except ValueError:
            return self._buffer


def _read_text(value: Any) -> str:
    """The words of a JSON value; keys that stand in a field of their own go with them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, map(_read_text, value)))
    if not isinstance(value, dict):
        return ""
    field_values = [value[name] for name in _TEXT_FIELDS if name in value][:1]
    text_values = [item for name, item in value.items() if not _UNSAID_FIELD.search(name)]
    text = " ".join(
        filter(None, map(_read_text, field_values or [i for i in text_values if not _list_keys(i)]))
    )
    keys = [key for item in text_values for key in _list_keys(item)]
    if not text or not keys or _KEY.search(text):
        return text
    end = len(text.rstrip(" .!?"))
    cited = "".join(f"[{key}]" for key in dict.fromkeys(keys))
    return f"{text[:end]} {cited}{text[end:]}"


def _list_keys(value: Any) -> list[str]:
    """The keys of a field that holds keys and nothing else: ``"E1"``, ``["E1", "E2"]``."""
    items = value if isinstance(value, list) else [value]
    if all(isinstance(item, str) and _KEYS_ALONE.fullmatch(item) for item in items):
        return [key for item in items for key in _KEY.findall(item)]
    return []
