"""HTML, JATS and entities to plain text, in titles, names and abstracts of any format.

Only tags that such records use are taken away, so ``a < b and c > d`` stays. A raised sign that
carries meaning keeps it: ``10<sup>6</sup>`` is ``10^6``, never 106.
"""

from __future__ import annotations

import html
import re

_INLINE = (
    "b i em strong u s tt a span font small big code cite q abbr mark ins del strike kbd var dfn "
    "bold italic underline monospace roman sc overline named-content styled-content ext-link xref "
    "uri email inline-formula alternatives tex-math mml:[a-z]+ scp sans-serif preserve nobr wbr "
    "inf ovl emphasis formula (?:mml:)?(?:math|m(?:row|i|n|o|text|style|space|frac|sqrt|sup|sub|subsup|over|under|fenced)|semantics)"
)
_BLOCK = (
    "p div br hr sec title label h[1-6] ul ol li table tr td th thead tbody abstract list "
    "list-item disp-formula disp-quote break article section header blockquote pre dl dt dd "
    "abstracttext"
)
_PREFIX = r"(?:jats:|xhtml:|html:|ns\d:|dp:)?"


def _build_tags(names: str) -> re.Pattern[str]:
    return re.compile(
        rf"<\s?/?\s?{_PREFIX}(?:{'|'.join(names.split())})(?:\s[^<>]*|/)?>", re.IGNORECASE
    )


_INLINE_TAG, _BLOCK_TAG = _build_tags(_INLINE), _build_tags(_BLOCK)


def _build_script(names: str) -> re.Pattern[str]:
    tag = rf"{_PREFIX}(?:{names})\s?>"
    # At most so long: of what is never closed, no more is looked through.
    return re.compile(rf"<\s?{tag}(.{{0,200}}?)<\s?/\s?{tag}", re.IGNORECASE | re.DOTALL)


_RAISED, _LOWERED = _build_script("sup|superscript|hi"), _build_script("sub|subscript|lo|inf")
_MATH_LEAF = r"<(?:mml:)?m[a-z]{1,5}(?:\s[^<>]{0,80})?>([^<>]{0,40})</(?:mml:)?m[a-z]{1,5}>"
_MATH_POWER = re.compile(
    rf"<(?:mml:)?msup(?:\s[^<>]{{0,80}})?>\s{{0,9}}{_MATH_LEAF}\s{{0,9}}(?:<(?:mml:)?mrow>)?\s{{0,9}}"
    rf"{_MATH_LEAF}(?:{_MATH_LEAF})?\s{{0,9}}(?:</(?:mml:)?mrow>)?\s{{0,9}}</(?:mml:)?msup>",
    re.I,
)
_LONE_SCRIPT = re.compile(rf"<\s?/?\s?{_PREFIX}(?:su[bp]|hi|lo|inf)\s?/?>", re.IGNORECASE)
_DROPPED = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(script|style)\b(?:(?!<\1).)*?</\1\s?>|<\?xml[^<>]*\?>", re.I | re.S
)
_CDATA = re.compile(r"<!\[CDATA\[((?:(?!<!\[CDATA\[).)*?)\]\]>", re.DOTALL)
_HEADING = rf"<\s?/?\s?{_PREFIX}(?:title|label|h\d|p|b|strong)\s?>"
_ABSTRACT_TITLE = re.compile(
    rf"{_HEADING}\s{{0,9}}(?:Abstract|Summary)[.:]?\s{{0,9}}{_HEADING}", re.I
)
_SECTION_TITLE = re.compile(
    rf"<\s?{_PREFIX}title\s?>\s{{0,9}}([^<>]{{1,60}}?)\s{{0,9}}[.:]?\s{{0,9}}<\s?/\s?{_PREFIX}title\s?>",
    re.I,
)
_ENTITY = re.compile(r"\\?&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|e|o|a|º|ª|TM|®|©|™|\(R\)|°)$", re.IGNORECASE)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED_DIGITS = re.compile(r"(?<=\d)[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def to_plain(source: str) -> str:
    """The text without tags and entities; blocks are parted by a space."""
    text = source
    if "<" in text:
        text = _strip_tags(text)
    if "&" in text:
        for _ in range(2):  # twice: ``&amp;lt;`` is what a tool wrote that escaped an escaped text
            text = _ENTITY.sub(lambda match: _get_character(match.group()), text)
        if "<" in text:
            text = _strip_tags(text)
    return _RAISED_DIGITS.sub(lambda match: f"^{match.group().translate(_SUPERSCRIPTS)}", text)


def _get_character(entity: str) -> str:
    character = html.unescape(entity.removeprefix("\\"))
    return entity if character.startswith("&") and len(character) > 1 else character


def _strip_tags(text: str) -> str:
    text = _CDATA.sub(r"\1", _DROPPED.sub(" ", text))
    text = _ABSTRACT_TITLE.sub(" ", text)
    text = _SECTION_TITLE.sub(r" \1: ", text)
    text = _MATH_POWER.sub(lambda m: m[1] + raise_script(f"{m[2]}{m[3] or ''}"), text)
    text = _RAISED.sub(lambda match: raise_script(_strip_tags(match.group(1))), text)
    text = _LOWERED.sub(lambda match: _lower(match, text), text)
    text = _LONE_SCRIPT.sub("", text)
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", text))


def raise_script(script: str) -> str:
    """What stands for a superscript: ``^6``, ``^-4``; endings of ordinals and marks as they are."""
    script = " ".join(script.split()).replace("−", "-").replace("–", "-")
    if not script or _ORDINAL.match(script):
        return script
    return f"^{script}" if re.fullmatch(r"[-+]?[\w.]+|[-+*∗†‡′]+", script) else f"^({script})"


def lower_script(script: str, before: str) -> str:
    """What stands for a subscript: plain where chemistry writes it so (``CO2``), else ``x_i``."""
    script = " ".join(script.split())
    if not script:
        return ""
    if re.fullmatch(r"\d+(?:[.,]\d+)?", script) and before[-1:].isalpha() | (before[-1:] in ")]"):
        return script
    return f"_{script}" if re.fullmatch(r"[-+]?[\w.]+|[-+*]+", script) else f"_({script})"


def _lower(match: re.Match[str], text: str) -> str:
    return lower_script(
        _strip_tags(match.group(1)), text[max(0, match.start() - 1) : match.start()]
    )
