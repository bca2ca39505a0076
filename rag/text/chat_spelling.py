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
    "coz": "because", "cuz": "because", "nr": "number", "ppl": "people", "num": "number", "ppr": "paper", "pprs": "papers",
    "reid": "re-identification", "re-id": "re-identification", "superres": "super-resolution",
}  # fmt: skip
_INFORMAL_WORD = re.compile(
    r"(?<![\w@./'-])(?:" + "|".join(re.escape(w) for w in _INFORMAL) + r")(?![\w@/'-]|\.\w)"
)


_TALK = re.compile(
    r"o+k+(?:ay|ey)?|alright|hm+|uh+m?|erm+|a+h+|o+h+|aha|huh|(?:ha){2,}h?|(?:he){2,}|lo+l|lmao|rofl|"
    r"omg|wow|whoa|yeah|yep|yup|btw|fyi|tbh|imho|imo|anyways?"
)
_PAUSED = frozenset({"right", "cool", "nice", "great", "good", "well", "so"})
"""Words that are talk only before a comma: ``well, what accuracy``; "good papers on masks" are good ones."""
_ENDS = "?!.…"


def drop_interjections(text: str) -> str:
    """The question without the talk around it: ``lol ok, what is OOD detection btw?``.

    What is nothing but talk stays, and so does what is written in capitals, which may be a name.
    """
    words = text.split()
    n = next((at for at, word in enumerate(words) if not _is_talk(word)), 0)
    if n and words[n].lower() in ("and", "so", "then", "but") and len(words) > n + 2:
        n += 1
    if n and len(words) > n + 1:
        text = text.split(maxsplit=n)[n]
    words = text.split()
    n = next((at for at, word in enumerate(reversed(words)) if not _is_talk(word)), 0)
    if n and len(words) > n + 2:
        end = words[-1][len(words[-1].rstrip(_ENDS)) :]
        text = text.rsplit(maxsplit=n)[0].rstrip(" ,;") + end
    return text


def _is_talk(word: str) -> bool:
    bare = word.strip(f"{_ENDS},;:-")
    if len(bare) > 1 and bare.isupper():
        return False
    is_before_pause = bare.lower() in _PAUSED and word[-1] in ",!…"
    return is_before_pause or _TALK.fullmatch(bare.lower()) is not None


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
