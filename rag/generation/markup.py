"""Splits a streamed reply into sentences and removes everything but words from them.

The result does not depend on where the pieces of the stream begin and end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from rag.answers.confusables import convert_confusables
from rag.text import remove_hidden, split_sentences
from rag.text.markdown import inert

LONGEST_SENTENCE = 1_500
"""Letters after which a sentence without an end is cut between two words."""
_LONGEST_KEYS = 80
_LOOK_BACK = 60
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SENTENCE_ENDING = re.compile(rf"[.!?。！？]+[\"'”’»)*_{_RAISED}]*|\n")
_FILLER = r"(?:passages?|papers?|sources?|refs?\.?|references?|see|cf\.?|keys?|and|or|to|p\.|pp\.)"
_BRACKETED = re.compile(
    rf"[\[【［〔(]\s*(?:(?:\^?[EeSs]?\d{{1,4}}+|{_FILLER}|[,;:&+/†–—-])\s*){{0,20}}[\]】］〕)]",
    re.IGNORECASE,
)
_LEADING_KEYS = re.compile(r"\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?[\[【［〔]\s*E\d")
"""A sentence that begins with its key; a key after its end then belongs to the next sentence."""
CJK = "。！？"
_IN_ADDRESS = re.compile(r"[A-Za-z\d]。[A-Za-z\d]")

_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])?")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK_BY_NAME = re.compile(r"\[([^\[\]]*)\]\[(?!\s*[\^A-Z]?\d[\s,;A-Z\d]*+\])[^\[\]]*\]")
_DEFINITION = re.compile(r"^\s*\[[^\[\]]+\]:\s*\S+.*$")
_ELEMENT = re.compile(
    r"<(script|style)\b[^>]*>.{0,2000}?(?:</\1\s*>|$)"
    r"|<(iframe|object|svg|form|math|template|noscript)\b[^>]*>.{0,2000}?</\2\s*>",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(?:src|href|srcset|srcdoc|style|action|formaction|xlink:href|on[a-z]{3,20})\s*=\s*"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s<>|]*)>?|@import\b\s*(?:\"[^\"]*\"|'[^']*'|\S*)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_COMMAND = re.compile(
    r"\\(?:cite|ref|foot|href|url|include|input|label|hyper)[A-Za-z]*\*?(?:\[[^\]]*\])?(?:\{[^{}]*\}){0,2}"
)
_CONTROL = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>")
"""Tokens of a model's own template that its server let through."""
_ESCAPE = re.compile(r"\\(?=[^\w\s])")
_SCHEMES = (
    "https?|h[tx]{2}ps?|wss?|ftp|file|data|javascript|vbscript|mailto|xmpp|tel|sms|blob|about"
)
_ENDING_SIGNS = (
    "com|org|net|io|ai|dev|app|co|info|me|xyz|edu|gov|mil|int|example|test|invalid|local|onion|biz|pro|"
    "zip|mov|page|site|online|shop|store|top|club|link|click|live|tech|cloud|pw|sh|gg|tv|cc|tk|ml|ga|cf|"
    "gq|ws|ly|gl|ru|cn|de|uk|fr|jp|kr|br|eu|nl|ch|se|pl|es|рф|онлайн|中国|网络"
)
_LABEL = r"[^\W_](?:[^\W_]|-){0,63}"
_SPACED_ADDRESS = re.compile(
    r"(?<![^\W_])(?:h[tx]{2}ps?|ftp)\s*:\s*/\s*/\s*\S+(?:\s*[./?=&]\s*\S+)*", re.IGNORECASE
)
_SAID_DOT = re.compile(rf"(?<=[^\W_])\s+dot\s+(?=(?:{_ENDING_SIGNS})\b)", re.IGNORECASE)
_EDGE = r"(?<![^\W_])"
_WEB_ADDRESS = re.compile(
    rf"(?:[a-z][a-z\d+.-]{{1,20}}://|{_EDGE}(?:{_SCHEMES}):|www\.)[^\s<>\"”]{{2,}}"
    rf"|{_EDGE}[\w.+-]{{1,64}}@[\w-]{{1,64}}(?:\.[\w-]{{1,64}}){{1,8}}"
    rf"|{_EDGE}10\.\d{{4,9}}/[^\s<>\"”]+"
    rf"|{_EDGE}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?(?:/\S*)?|{_EDGE}arxiv:\s?\d{{4}}\.\d{{4,5}}\S*"
    rf"|{_EDGE}(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,24}}[/?][^\s<>\"”]*"
    rf"|{_EDGE}(?:{_LABEL}\.){{1,8}}xn--[\w-]+"
    rf"|{_EDGE}(?:{_LABEL}\.){{1,8}}(?:{_ENDING_SIGNS})\b",
    re.IGNORECASE,
)
_SCHEME_ALONE = re.compile(rf"{_EDGE}(?:{_SCHEMES})\s*:(?=\S)", re.IGNORECASE)
_DOTTED = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})\.([^\W\d_]{2,}(?:\.[^\W\d_]{2,})*)")
_GLUE = re.compile(r"[*_\])]+\.?")
_OPENING = re.compile(r"\s*(?:(#{1,6})\s+|([-*+•])\s+|(\d{1,3})[.)]\s+|((?:>\s*)+))")
_RULE = re.compile(r"^\s*(?:`{3,}.*|~{3,}.*|(?:[-*_=]\s*){3,})$")
TABLE_RULE = re.compile(r"^\|(?:\s*:?-+:?\s*\|)+$")

_EVIDENCE_KEY = r"[Ee]\d{1,4}"
KEYS = re.compile(
    rf"(?:{_FILLER}\s*:?\s*)?{_EVIDENCE_KEY}(?:\s*(?:(?:[,;:&+/–—-]|{_FILLER})\s*)?{_EVIDENCE_KEY})*",
    re.IGNORECASE,
)
"""One or several evidence keys between brackets."""

FIRST_SEAT = 0xE100
SEATS = re.compile("[\ue100-\uf0ff]")
"""Private characters in place of markers until the words around them are escaped."""
BOLD_WORDS = "\ue000"
"""In place of ``**`` until the words around it are escaped; removed from all input."""


def find_boundary(text: str, scanned: int = 0, *, final: bool = False) -> tuple[int | None, int]:
    """Where the first sentence or line of a growing text ends, its keys and white space included.

    Args:
        text: What has come so far and was not cut off yet.
        scanned: As returned for a beginning of the same text: no end of a sentence is before it.
        final: No more will come.

    Returns:
        An offset, None as long as further text could change it, or where there is no text; and
        how far the text was scanned, so that a growing one is not looked at from its beginning.
    """
    window = text[: LONGEST_SENTENCE + 2 * _LONGEST_KEYS]
    is_whole = len(window) == len(text)
    end, scanned = _find_boundary_in_window(window, scanned) if window.strip(" ") else (None, 0)
    if end is None and not is_whole:
        end = window.rfind(" ", 1, LONGEST_SENTENCE) + 1 or LONGEST_SENTENCE
    if end is None and final and text:
        end = len(text)
    return end, scanned


def _find_boundary_in_window(text: str, scanned: int) -> tuple[int | None, int]:
    for match in _SENTENCE_ENDING.finditer(text, scanned):
        if match[0] == "\n":
            return _find_next_character(text, match.end()), match.start()
        end = 0 if _is_row(text[: match.start()]) else _find_after_ending(text, match)
        if end != 0:
            return end, match.start()
        if match.end() < len(text):  # else it may still grow
            scanned = match.end()
    return None, scanned


def _is_row(text: str) -> bool:
    """Whether an unfinished line is a row of a table, with or without its outer bars."""
    return text.lstrip(" ").startswith("|") or " | " in text


def add_bars(line: str) -> str:
    """A table's row or rule with its outer bars, which some models leave out."""
    if line.startswith("|") or not re.search(r"\S\s*\|\s*\S", line):
        return line
    return f"| {line.strip().removesuffix('|').rstrip()} |"


def _find_next_character(text: str, start: int) -> int | None:
    """The next character that is not white space; None if it has not come yet."""
    rest = text[start:].lstrip()
    return len(text) - len(rest) if rest else None


def _find_after_ending(text: str, match: re.Match[str]) -> int | None:
    """Where the sentence that ends in ``match`` gives way to the next one.

    Returns:
        0: it is no end of a sentence, as the number of a list is none. None: it cannot be told yet.
    """
    end = match.end()
    if text[: match.start()].strip().isdigit():
        return 0
    while True:
        following = _find_next_character(text, end)
        if following is None:
            return None
        has_own_line = "\n" in text[end:following]
        if text[following] not in "[【［〔" or _LEADING_KEYS.match(text):
            break
        keys = _BRACKETED.match(text, following)
        if has_own_line and keys is not None:
            rest = text[keys.end() :].lstrip(" ")
            if not rest:
                return None
            if rest[0] != "\n":
                break  # the next statement begins with its key
        if keys is None:
            if (
                not re.search(r"[\]】］〕\n]", text[following:])
                and len(text) - following < _LONGEST_KEYS
            ):
                return None
            break
        end = keys.end()
    is_cjk = match[0][0] in CJK
    if is_cjk and _IN_ADDRESS.fullmatch(text[max(0, match.start() - 1) : match.end() + 1]):
        return 0
    if not is_cjk and (following == match.end() or text[following].islower()):
        return 0
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    head = f"{_GLUE.sub(' ', before)}{match[0].rstrip(_RAISED)} {text[following]}"
    is_end = is_cjk or split_sentences(head)[-1][0] == len(head) - 1
    return following if is_end else 0


def split_opening(line: str) -> tuple[str, str]:
    """The safe form of what opens a line (a bullet, a number, a heading as ``#``), and the rest."""
    match = _OPENING.match(line)
    if match is None:
        return "", line.strip()
    heading, bullet, number, _ = match.groups()
    sign = "#" if heading else "- " if bullet else f"{number}. " if number else ""
    return sign, line[match.end() :].strip()


def is_rule(line: str) -> bool:
    """Whether a line is a code fence or a drawn line: nothing to read."""
    return _RULE.match(line) is not None


def extract_words(text: str, known: Callable[[str], bool]) -> tuple[str, int]:
    """The words of a text without images, links, HTML, code marks and unknown addresses.

    Args:
        text: One sentence or line.
        known: Whether an address stands in the papers; such a one stays, as words.

    Returns:
        The text, ``**`` as pairs of `BOLD_WORDS`, and how many links, images, tags and addresses went.
    """
    text = convert_confusables(_ESCAPE.sub("", remove_hidden(unescape(unescape(text)))))
    text, removed = _COMMAND.subn("", _CONTROL.sub("", text))
    for pattern in (_ELEMENT, _DEFINITION, _IMAGE, _MARKDOWN_LINK, _LINK_BY_NAME, _TAG, _ATTRIBUTE):
        text, n = pattern.subn(_extract_caption, text)
        removed += n

    def convert_address(match: re.Match[str]) -> str:
        nonlocal removed
        address = match[0].rstrip(".,;:!?)]*_'")
        if known(address):
            return match[0]
        removed += 1
        return match[0][len(address) :]

    for address in (_WEB_ADDRESS, _SPACED_ADDRESS, _SCHEME_ALONE):
        text = address.sub(convert_address, _SAID_DOT.sub(".", text))
    return _drop_emphasis(
        _DOTTED.sub(lambda m: m[0] if known(m[0]) else f"{m[1]}. {m[2]}", text)
    ), removed


def _extract_caption(match: re.Match[str]) -> str:
    """The text that replaces a link: its words, or the bracketed key if the words are one."""
    words = match[1] if match.re in (_MARKDOWN_LINK, _LINK_BY_NAME) else ""
    return f"[{words}]" if KEYS.fullmatch(words.strip()) else words


def _drop_emphasis(text: str) -> str:
    text = re.sub(r"`+", "", text)
    text = re.sub(r"\*\*\*|___|__", "**", text)
    parts = text.split("**")
    if len(parts) % 2 == 0:
        parts[-2:] = [parts[-2] + parts[-1]]
    text = BOLD_WORDS.join(parts)
    text = re.sub(rf"{BOLD_WORDS}(\s*){BOLD_WORDS}", r"\1", text)
    return re.sub(r"(?<![\w*])[*_]([^\s*_](?:[^*_]*[^\s*_])?)[*_](?![\w*])", r"\1", text)


def escape_keeping_bold(text: str) -> str:
    """`inert` for a sentence or a table row, with its bold words bold."""
    if text.startswith("|"):
        cells = [inert(cell) for cell in text.strip().strip("|").split("|")]
        return f"| {' | '.join(cells)} |".replace(BOLD_WORDS, "**")
    parts = inert(text).split(BOLD_WORDS)
    for i in range(1, len(parts), 2):
        if not parts[i].strip() or len(parts) % 2 == 0:
            return "".join(parts)
        before, right = parts[i - 1], parts[i + 1]
        gap_before = " " if parts[i][:1].isspace() and before else ""
        gap_after = " " if parts[i][-1:].isspace() and right else ""
        parts[i] = f"{gap_before}**{parts[i].strip()}**{gap_after}"
    return "".join(parts)
