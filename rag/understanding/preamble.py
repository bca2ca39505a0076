"""Drops what somebody tells before asking: ``I am preparing slides for Friday. What does StPR propose?``."""

from __future__ import annotations

import re

_ASKS = re.compile(
    r"(?:(?:and|so|now|please|then)[, ]+)?(?:what|which|who|whom|whose|how|why|when|where|does|do|did|is|are|was|were|"
    r"has|have|can|could|list|show|find|give|name|count|tell|summari[sz]e|compare|explain)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:i|i'm|i've|i'd|my|me|we|we're|we've|our|us|hi|hello|hey|dear)\b", re.IGNORECASE
)
_REFERS = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|such|there|he|she|his|her|him|same|one|ones|above|former|latter|here)\b",
    re.IGNORECASE,
)
_STATES_TOPIC = re.compile(
    r"\b(?:stud(?:y|ies|ied)|work(?:s|ing|ed)? on|interested in|research(?:ing)?|read(?:ing)? (?:about|on)"
    r"|(?:piece|article|story|thesis|essay|report|review|survey|project) (?:about|on))\b",
    re.IGNORECASE,
)
"""``We study noisy labels. How is the matrix estimated?``, ``I write a piece about deepfakes. Who can I talk to?``"""
_PART = re.compile(r"(?<=[^\W\d_]{2}[.!:;])\s+(?=[^\W\d_a-z])|(?<=\w:)\s+(?=\w)")


def drop_preamble(question: str) -> str:
    """The last sentence, where those before it tell of the one who asks and it needs none of them."""
    parts = _PART.split(question.strip())
    if len(parts) < 2:
        return question
    told, asked = parts[:-1], parts[-1]
    is_told = all(
        _TELLS.search(part)
        and not _STATES_TOPIC.search(part)
        and "?" not in part
        and not _ASKS.match(part)
        for part in told
    )
    if is_told and _ASKS.match(asked) and not _REFERS.search(asked) and len(asked.split()) > 2:
        return asked
    return question
