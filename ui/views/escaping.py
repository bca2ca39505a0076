"""Escapes text from papers, addresses, files and exceptions for the Markdown of widgets.

Every title, caption, label and message of the screens is Markdown, in which a name can become a link,
a formula or an icon. So widgets get only literals and text escaped here; `tests/ui/test_escaping.py`
checks each of them.
"""

from __future__ import annotations

import logging
import re

from rag.text import remove_hidden

log = logging.getLogger(__name__)

JOINER = "\u2060"
"""An invisible character that allows no line break."""
_MADE_LATER = re.compile(
    r"(?<=www)(?=\.)|(?=@)|(?<=:)(?=[\w/+-])|(?<=[<>~-])(?=[>=-])", re.IGNORECASE
)
"""Inside bare addresses, icons and arrows, which are rendered after the backslashes are removed."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~:$&^])")
_BEGINS_LIST = re.compile(r"^(\d*)(?=[-.)])")
_QUOTED = re.compile(r"(?<=['\"])(?:/|[A-Za-z]:[/\\])(?:[^'\"]*[/\\])?(?=[^'\"/\\]+['\"])")
_PATH = re.compile(r"(?<![^\s('\"=])(?:/[^\s'\"/]+)+/(?=[^\s'\"/])")


def plain(text: str) -> str:
    """Text that a widget's Markdown shows as it is, on one line."""
    line = _MADE_LATER.sub(JOINER, " ".join(remove_hidden(text).split()))
    return _BEGINS_LIST.sub(r"\1\\", _SPECIAL.sub(r"\\\1", line))


def fault(record: object) -> str:
    """What went wrong, for a widget: `plain`, and without this server's paths, which are logged."""
    text = without_paths(str(record))
    if text != str(record):
        log.warning("%s", record)
    return plain(text)


def without_paths(text: str) -> str:
    """The text with the last part alone of each absolute path: how a server is laid out is its own."""
    return _PATH.sub("…/", _QUOTED.sub("…/", text))
