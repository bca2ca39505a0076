"""Takes commands and markup out of what was typed, and finds what is nothing else.

A question with markup around it, or behind "ignore the previous instructions", is still a question:
its real part is read. A filter against an adversary is rightly a list.
"""

from __future__ import annotations

import re

from rag.text import STOP_WORDS, fold, iter_words

_HOSTILE = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"\b(?:drop|truncate|alter)\s+table\b|\bdelete\s+from\s+\w+|\binsert\s+into\b",
        r"\bunion\s+(?:all\s+)?select\b|\bselect\b.{1,80}\bfrom\s+\w+(?:\s+where\b|\s*;|\s*--)",
        r"<\s*/?\s*(?:script|img|iframe|svg|object|embed|style|link|meta|form|input|body|html|a)\b[^>]*>",
        r"\bjavascript:|!\[[^\]]*\]\([^)]*\)|\{\{.*\}\}|\bor\s+['\"]?1['\"]?\s*=\s*['\"]?1",
        r"\b(?:system|hidden|initial|developer)\s+(?:prompt|message|instructions?)\b",
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines)\b",
        r"\b(?:rm\s+-rf|os\.system|subprocess|eval\(|exec\(|curl\s+http|wget\s+http|/etc/passwd)|\$\{\w+:",
    )
)
_MARKUP = re.compile(
    r"<\s*(script|style)\b[^>]*>.*?<\s*/\s*\1\s*>|<\s*/?\s*[a-z][^<>]{0,400}>|\{\{|\}\}|\{%|%\}",
    re.IGNORECASE | re.DOTALL,
)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+|$)")
_TURNS_AWAY = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|above|earlier|last|prior|before)\b",
    re.IGNORECASE,
)


def remove_commands(text: str) -> str:
    """The question without markup and without sentences that command; as typed if no question is left."""
    if _MARKUP.search(text) is None and not _is_command(text):
        return text
    bare = _MARKUP.sub(" ", text)
    sentences = _SENTENCE.findall(bare)
    rest = " ".join("".join(s for s in sentences if not _is_command(s)).split())
    words = [fold(word) for word, _ in iter_words(rest)]
    return rest if any(len(word) > 1 and word not in STOP_WORDS for word in words) else text


def find_hostile(text: str) -> str:
    """Why a text is no question about papers, whatever its words; empty if it may be one."""
    if not any(c.isalpha() or c.isdigit() for c in text):
        return "there is no question in it"
    if any(pattern.search(text) for pattern in _HOSTILE):
        return "it is a command or markup, no question about the papers"
    return ""


def _is_command(text: str) -> bool:
    return _TURNS_AWAY.search(text) is not None or any(p.search(text) for p in _HOSTILE)
