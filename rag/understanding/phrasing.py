"""Normalises a question: chat spellings, introductions, repetitions, and which part of it asks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.library.person_index import Mention
from rag.text import split_sentences

READ_WORDS = 80
"""A longer text is routed by its last question, or else by so many words of its end."""
WORD_CHARS = 100
_REPEATED = 6
"""Phrases of up to so many words that are repeated more than twice are read twice."""


_INFORMAL = {
    "cud": "could", "r": "are", "u": "you", "ur": "your", "pls": "please", "plz": "please", "plx": "please",
    "gimme": "give me", "lemme": "let me", "wanna": "want to", "gonna": "going to", "gotta": "have to",
    "sb": "somebody", "smb": "somebody", "sth": "something", "smth": "something", "im": "I am", "i'm": "I am",
    "ive": "I have", "id like": "I would like", "whats": "what is", "whos": "who is", "wheres": "where is",
    "dont": "don't", "doesnt": "doesn't", "isnt": "isn't", "arent": "aren't", "thx": "thanks", "abt": "about",
    "bout": "about", "wrt": "about", "b4": "before", "wud": "would", "shud": "should", "da": "the",
    "coz": "because", "cuz": "because", "nr": "number", "num": "number", "ppr": "paper", "pprs": "papers",
}  # fmt: skip
_INFORMAL_WORD = re.compile(
    r"(?<![\w@./'-])(?:" + "|".join(re.escape(w) for w in _INFORMAL) + r")(?![\w@/'-]|\.\w)"
)


def normalize_chat_spelling(text: str) -> str:
    """Chat spellings, ``w/`` and ``w/o`` as words, ``neither A nor B`` as two negations.

    Chat spellings are those in lower case: ``R`` and ``U`` are letters, ``IM`` may be a name.
    """
    text = _INFORMAL_WORD.sub(lambda m: _INFORMAL[m.group()], text)
    text = re.sub(r"\b(?:[Dd]r|[Pp]rof(?:essor)?|[Mm]rs?|[Mm]s)\b\.?\s+(?=[A-Z])", "", text)
    text = re.sub(
        r"\bneither\s+(?:have|has|print|prints|with)?\s*(.{1,200}?)\s+nor\s+",
        r"with no \1 and with no ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\b(?:have|has)\s+(?=with no\b)", "", text)
    return re.sub(
        r"\bw/(o\b)?\s?", lambda m: "without " if m[1] else "with ", text, flags=re.IGNORECASE
    )


def extract_asking_part(text: str) -> str:
    """The part of a text that is routed: all of it, unless it is long or repetitive."""
    parts = _drop_repeated_phrases([word[:WORD_CHARS] for word in text.split()])
    if len(parts) <= READ_WORDS:
        return " ".join(parts)
    all_text = " ".join(parts)
    last: list[str] = []
    for start, end in reversed(split_sentences(all_text)):
        sentence = all_text[start:end].split()
        if len(sentence) + len(last) > READ_WORDS:
            break
        if sentence[-1].endswith("?") and len(sentence) > 2:
            return " ".join(sentence)
        last = sentence + last
    return " ".join(last or parts[-READ_WORDS:])


def _drop_repeated_phrases(parts: Sequence[str]) -> list[str]:
    """The words, with phrases that are repeated more than once kept only twice."""
    kept_words: list[str] = []
    for part in parts:
        kept_words.append(part)
        for n in range(1, _REPEATED + 1):
            if kept_words[-n:] == kept_words[-2 * n : -n] == kept_words[-3 * n : -2 * n]:
                del kept_words[-n:]
                break
    return kept_words


def is_question(text: str) -> bool:
    """Whether the words of a refused text are a question all the same."""
    return (
        re.match(r"\W*(?:what|which|how|why|who|where|when|is|are|do|does)\b", text, re.IGNORECASE)
        is not None
    )


_INTRODUCED = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear)\b[^.!;:]*[.!;:,]\s+)?(?:I|I'm|I’m|Im|i'm|We|we|We're|we're|My|my|Our|our|For|for|As|as|There|Yesterday|Today)\b.*?[.!;:]\s+(?P<asked>(?:(?:and|so|but)\s+)?(?:who|whom|which|what|how|when|where|can|could|do|does|is|are|list|show|find|please)\b.*)$",
    re.IGNORECASE | re.DOTALL,
)


_POINTS_BACK = re.compile(
    r"\b(?:this|that|these|those|it|its|them|they|he|she|one)\b", re.IGNORECASE
)


def extract_last_question(text: str) -> str:
    """The question after an introduction (``We plan a school. Who works on X?``), if it stands alone.

    Empty where there is no introduction, or where the question points back into it.
    """
    match = _INTRODUCED.match(text)
    if match is None or _POINTS_BACK.search(match["asked"]):
        return ""
    return match["asked"]


_PRONOUN = re.compile(r"\b(?:(?P<poss>his|her(?=\s+\w))|he|she|him|her)\b", re.IGNORECASE)


def extract_person_question(text: str, people: Sequence[Mention]) -> str:
    """``I met X, what does he do?`` -> ``what does X do?``; empty where nothing is so asked."""
    telling = re.match(
        r"\W*(?:i|we|my|our|yesterday|today|someone|somebody|there)\b", text, re.IGNORECASE
    )
    if len(people) != 1 or not people[0].names or telling is None:
        return ""
    start, end = people[0].span
    rest = text[end:]
    cut = re.search(r"[,;.!?:]\s+(?:and\s+|so\s+|but\s+)?", rest)
    if cut is None or not _PRONOUN.search(rest[cut.end() :]):
        return ""
    name = text[start:end]
    return _PRONOUN.sub(lambda m: f"{name}'s" if m["poss"] else name, rest[cut.end() :])


def has_second_question(text: str) -> bool:
    return (
        re.search(r"(?:[,:;]|\band)\s+(?:what|how|why|where|who)\b", text, re.IGNORECASE)
        is not None
    )
