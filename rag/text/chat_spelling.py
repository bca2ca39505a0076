"""Chat spellings and abbreviations of a question, written out before it is read."""

from __future__ import annotations

import re

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


def expand_chat_spelling(text: str) -> str:
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
