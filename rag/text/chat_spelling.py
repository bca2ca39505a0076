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
    "reid": "re-identification", "re-id": "re-identification", "superres": "super-resolution",
}  # fmt: skip
_INFORMAL_WORD = re.compile(
    r"(?<![\w@./'-])(?:" + "|".join(re.escape(w) for w in _INFORMAL) + r")(?![\w@/'-]|\.\w)"
)


_INTERJECTION = (
    r"(?:o+k+(?:ay|ey)?|alright|hm+|uh+m?|u+mm+|erm+|a+h+|o+h+|aha+|huh|(?:ha){2,}h?|(?:he){2,}|hehe|lo+l|lmao|rofl|"
    r"omg|wow|whoa|yeah|yep|yup|btw|by the way|fyi|tbh|imho|imo|anyways?|right|cool|nice|great|good|well|so)"
)
_MUST_PAUSE = r"(?:right|cool|nice|great|good|well|so)"
"""Words that are talk only before a comma: ``well, what accuracy``; "good papers on masks" are good ones."""
_TALK_BEFORE = re.compile(
    rf"\s*(?:(?!{_MUST_PAUSE}\b){_INTERJECTION}\b[\s,.!…-]+|{_MUST_PAUSE}[,!…]+\s+)+(?:(?:and|so|then|but)\b\s+(?=\w+\s\w))?",
    re.IGNORECASE,
)
_TALK_BEHIND = re.compile(
    rf"(?:[\s,;]+(?!{_MUST_PAUSE}\b){_INTERJECTION})+(?=[\s?!.…]*$)", re.IGNORECASE
)
_LETTERS_IN_CAPITALS = re.compile(r"[A-Z]{2,}")


def drop_interjections(text: str) -> str:
    """The question without the talk around it: ``lol ok, what is OOD detection btw?``.

    What is nothing but talk stays, and so does what is written in capitals, which may be a name.
    """
    before = _TALK_BEFORE.match(text)
    if before and not _LETTERS_IN_CAPITALS.search(before.group()):
        rest = text[before.end() :]
        text = rest if len(rest.split()) > 1 else text
    behind = _TALK_BEHIND.search(text)
    if behind and not _LETTERS_IN_CAPITALS.search(behind.group()):
        rest = text[: behind.start()] + text[behind.end() :]
        text = rest if len(rest.split()) > 2 else text
    return text


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
