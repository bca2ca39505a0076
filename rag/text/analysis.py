"""Words and sentences: how text is split for indexing, matching and quoting.

One analysis serves the lexical index, the idf weights and the evidence checks, so that "this word
is in that paper" means the same everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

from rag.types import Span

# --- words ----------------------------------------------------------------------------------

STOP_WORDS = frozenset(
    """
a about above after again against all also although am an and any are aren't as at be because
been before being below between both but by can can't cannot could couldn't did didn't do does
doesn't doing don't down during each either else ever every few for from further get gets give
given gives go got had hadn't has hasn't have haven't having he her here hers herself him himself
his how however i if in into is isn't it its itself just let like ll made make makes many may me
might mine more most much must my myself need neither no nor not now of off on once one ones only
onto or other others our ours ourselves out over own per please quite rather re really s same
several shall she should shouldn't since so some somebody someone something still such t tell than
that that's the their theirs them themselves then there there's these they they're this those
though through thus to too toward towards under until up upon us use used uses using ve very via
want was wasn't we well were weren't what what's when where whether which while who whom whose why
will with within without won't would wouldn't yet you your yours yourself yourselves
""".split()
)

_WORD = re.compile(r"[^\W_]+(?:[\^'’][^\W_]+)*", re.UNICODE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")


def fold(text: str) -> str:
    """Lower case without accents or compatibility forms: ``BézierPalm`` -> ``bezierpalm``."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_BASES).casefold()


class _Bases(dict[int, int | str | None]):
    """Maps code points to their base letters, dropping combining marks; filled on demand."""

    def __missing__(self, point: int) -> int | str | None:
        self[point] = None if unicodedata.combining(chr(point)) else point
        return self[point]


_STROKED = dict(zip("łŁøØđĐðÐħĦŧŦıŋŊ", "lLoOdDdDhHtTinN", strict=True))
_JOINED = {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH"}
_BASES = _Bases({ord(letter): base for letter, base in {**_STROKED, **_JOINED}.items()})
"""Letters with a stroke or a ligature do not decompose: people type Lukasz for Łukasz."""


_STEMMER = Stemmer.Stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball English stem of one folded word."""
    return str(_STEMMER.stemWord(word))


def iter_words(text: str) -> Iterator[tuple[str, Span]]:
    """Every word as typed, with its span. ``LaRE^2`` is one word; a hyphen parts two."""
    for match in _WORD.finditer(text):
        yield match.group(), match.span()


def extract_terms(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """Index terms of a text, in order: folded, stop words out, stemmed."""
    return [
        term for word in _WORD.findall(text) for term in _extract_word_terms(word, keep_stop_words)
    ]


def list_word_terms(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each word of a text as typed, with its index terms; a stop word has none."""
    return [(word, _extract_word_terms(word, False)) for word in _WORD.findall(text)]


def split_terms(text: str) -> list[str]:
    """Terms of a text, and the parts of compound names besides: ``DuetFace`` also as duet, face."""
    return [term for word in _WORD.findall(text) for term in _split_word_terms(word)]


@lru_cache(maxsize=200_000)
def _split_word_terms(word: str) -> tuple[str, ...]:
    parts = [part for part in _HUMP.split(word) if len(part) > 1]
    if len(parts) < 2 or word.isdigit():
        return _extract_word_terms(word, False)
    return tuple(term for part in (word, *parts) for term in _extract_word_terms(part, False))


@lru_cache(maxsize=200_000)
def _extract_word_terms(word: str, keep_stop_words: bool) -> tuple[str, ...]:
    folded = fold(word).replace("’", "'").removesuffix("'s")
    if not keep_stop_words and folded in STOP_WORDS:
        return ()
    folded = folded.replace("^", "").replace("'", "")
    if len(folded) > 2 and is_without_spaces(folded):
        return tuple(folded[at : at + 2] for at in range(len(folded) - 1))
    return (stem(folded),) if folded else ()


def is_without_spaces(word: str) -> bool:
    """Whether a word is a run of Chinese, Japanese or Thai, in which words are not parted."""
    return not word.isascii() and _UNPARTED.fullmatch(word) is not None


_UNPARTED = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+"
)


# --- sentences ------------------------------------------------------------------------------

_ABBREVIATIONS = frozenset(
    "e.g i.e etc al cf vs fig figs eq eqs sec secs ref refs no nos dr mr mrs ms prof st resp approx "
    "dept est vol pp ed eds inc ltd jr sr ca viz w.r.t a.k.a "
    "mio mrd mln mill vgl bzw z.b d.h u.a inkl evtl ggf sog abb nr bspw p.ex p.ej aprox env".split()
)
_BOUNDARY = re.compile(
    r"[.!?。！？\n](?:(?<=\n)\s*\n|(?<!\n)(?<![.!?。！？]{2})"
    r"(?:([.!?。！？]*+)[\"'”’)\]]*+(?:\s+|$)|[.!?。！？]*[。！？]|(?<=[。！？])))"
)
"""A blank line; or marks, taken from their first one on and whole, as a row of dots would otherwise be
tried from each dot. They end a sentence before white space; those of Chinese and Japanese, which
have no spaces, anywhere.
"""


def split_sentences(text: str, *, also_lower: bool = False) -> list[Span]:
    """Spans of the sentences of a text, in order, without surrounding white space.

    A full stop ends a sentence unless it follows a known abbreviation or a single initial, or the
    next word begins in lower case (``also_lower``: there too). Blank lines always end one.
    """
    spans: list[Span] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        end = match.end()
        mark = text[match.start()]
        item = mark == "." and match.group(1) == ""
        goes_on = not also_lower and text[end : end + 1].islower()
        if mark != "\n" and (goes_on or (item and _is_short(text, match))):
            continue
        _add_span(spans, text, start, end)
        start = end
    _add_span(spans, text, start, len(text))
    return spans


def _is_short(text: str, match: re.Match[str]) -> bool:
    """Whether the full stop belongs to an abbreviation or an initial."""
    at = match.start()
    before = text[max(0, at - 20) : at].rsplit(None, 1)
    last = before[-1].lower().lstrip("([\"'“") if before else ""
    return last in _ABBREVIATIONS or (len(last) == 1 and "a" <= last <= "z")


def _add_span(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    if start < end:
        spans.append((start, end))


_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ue000-\uf8ff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)


def remove_hidden(text: str) -> str:
    """The text without characters that nobody sees or that turn its direction.

    Control, zero-width, bidirectional, tag and private-use characters go; white space and the
    joiners that some scripts need stay.
    """
    return _HIDDEN.sub("", text)


def ensure_encodable(text: str) -> str:
    """The text without what UTF-8 cannot hold: lone surrogates become ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def make_excerpt(text: str, n_words: int) -> str:
    """The first words of a text, with an ellipsis where something was left off."""
    parts = text.split()
    return " ".join(parts[:n_words]) + ("…" if len(parts) > n_words else "")
