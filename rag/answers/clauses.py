"""The part of a sentence that carries it: an exact stretch, without its opening and its tail."""

from __future__ import annotations

import re

from rag.types import Span

_CONNECTIVE = re.compile(
    r"(?:(?:to (?:address|solve|tackle|overcome|alleviate|mitigate|remedy|handle|this end|fill|bridge)"
    r"|inspired by|motivated by|based on (?:this|these|the above)|in (?:this|the present) (?:paper|work|article|study|letter)"
    r"|in light of|for this purpose|with this in mind)\b[^,.;]{0,120},"
    r"|(?:specifically|moreover|furthermore|therefore|thus|hence|however|additionally|besides|finally|"
    r"first(?:ly)?|second(?:ly)?|in addition|in particular|concretely|consequently|to this end|meanwhile|"
    r"in contrast|as a result|notably|in this way|accordingly),)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",? (?:which|where|whereby|so that|such that|while|thus|thereby|in order to)\b|;"
)
_MAX_CHARS = 170
_LEAST_CHARS = 60
"""Less than this of a sentence tells too little to stand alone."""


def find_clause(text: str, span: Span) -> Span:
    """The span of a sentence after its connective and, if it is long, before its subordinate clauses.

    ``To address this issue, we propose X, which ...`` gives ``we propose X``. The sentence itself
    where nothing can be left out.
    """
    start, end = span
    while (opening := _CONNECTIVE.match(text, start, end)) and end - opening.end() >= _LEAST_CHARS:
        start = opening.end()
    if end - start > _MAX_CHARS:
        tails = [m.start() for m in _TAIL.finditer(text, start + _LEAST_CHARS, end)]
        end = next(
            (at for at in reversed(tails) if at - start <= _MAX_CHARS), tails[0] if tails else end
        )
    return start, end
