"""Variants of the reader's examples: other topics, names and years in the marked places, and slips."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eval.train.reader_examples import FOLDER, Piece, Turn

Banks = Mapping[str, Sequence[str]]
_BANK_OF = {
    "topic": "topics",
    "venue": "venues",
    "affiliation": "affiliations",
    "keyword": "keywords",
    "words": "keywords",
    "link": "links",
}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TITLES = re.compile(r"^(?:dr|prof|professor|mr|mrs|ms)\.? ", re.IGNORECASE)
_CONTEXTS = (
    "in children|in Brazil|in older adults|on mobile phones|with few labels|under uncertainty|"
    "at scale|in the wild|in low-income countries|in the Arctic|from noisy data|of rare species"
).split("|")
_QUALITIES = (
    "robust unsupervised early efficient automatic large-scale interpretable adaptive long-term "
    "rural clinical multilingual data-driven weakly-supervised"
).split()
_MOST_SWAPPED_WORDS = 4
"""A longer topic is a clause, which another topic would not fit."""
_SHARE_OF_SLIPS = 0.15


def load_banks(n_folds: int, folder: Path = FOLDER / "banks") -> list[dict[str, list[str]]]:
    """The banks in as many parts, which have no entry in common."""
    parts: list[dict[str, list[str]]] = [{} for _ in range(n_folds)]
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        entries = [line for line in lines if line and not line.startswith("#")]
        random.Random(11).shuffle(entries)
        for at, part in enumerate(parts):
            part[path.stem] = entries[at::n_folds]
    return parts


def swap_turns(
    turns: Sequence[Turn], banks: Banks, rng: random.Random, *, keeps_topics: bool = False
) -> tuple[Turn, ...]:
    """The turns with other entities; the same words become the same words in all of them."""
    swapped: dict[tuple[str, str], str] = {}
    variants = []
    for turn in turns:
        pieces = []
        for piece in turn:
            if piece.kind and not piece.is_fixed and not (keeps_topics and piece.kind == "topic"):
                key = (piece.kind, piece.text)
                if key not in swapped:
                    swapped[key] = _swap(piece.text, piece.kind, banks, rng)
                piece = replace(piece, text=swapped[key])
            pieces.append(piece)
        variants.append(_disturb(pieces, rng))
    return tuple(variants)


def _swap(text: str, kind: str, banks: Banks, rng: random.Random) -> str:
    if kind == "topic" and len(text.split()) > _MOST_SWAPPED_WORDS:
        return text
    if kind == "topic":
        return _swap_topic(text, banks, rng)
    if kind == "person":
        return _swap_person(text, banks, rng)
    if kind == "paper":
        is_quoted = text[:1] in "\"“'"
        names = [
            n.strip('"') for n in banks["papers"] if (n[0] == '"') == (is_quoted or " " in text)
        ]
        name = rng.choice(names)
        return f"{text[0]}{name}{text[-1]}" if is_quoted else name
    if kind == "time":
        shift = rng.randint(-6, 3)
        return _YEAR.sub(lambda year: str(min(2026, int(year.group()) + shift)), text)
    if kind == "category" and len(text) < 9:
        return rng.choice(banks["categories"])
    if kind == "number":
        return re.sub(r"\b\d\d?\b", lambda _: str(rng.randint(2, 20)), text)
    if kind in _BANK_OF:
        return rng.choice(banks[_BANK_OF[kind]])
    return text


def _swap_topic(text: str, banks: Banks, rng: random.Random) -> str:
    topic, chance = rng.choice(banks["topics"]), rng.random()
    if chance < 0.12:
        topic += " " + rng.choice(_CONTEXTS)
    elif chance < 0.2:
        topic = f"{rng.choice(_QUALITIES)} {topic}"
    elif chance < 0.28:
        topic += f" {rng.choice(('for', 'and', 'in'))} {rng.choice(banks['topics'])}"
    if text[:1].isupper() and text[1:2].islower():
        return topic[0].upper() + topic[1:]
    return topic


def _swap_person(text: str, banks: Banks, rng: random.Random) -> str:
    title = _TITLES.match(text)
    words = text[title.end() if title else 0 :].split()
    name = rng.choice(banks["last-names"])
    if len(words) > 1:
        first = rng.choice(banks["first-names"])
        if words[0].endswith("."):
            first = rng.choice("ABCDEFGHJKLMNPRSTWXYZ") + "."
        elif rng.random() < 0.12:
            first, name = name, first
        name = f"{first} {name}"
    return (title.group() if title else "") + (name.lower() if text.islower() else name)


def _disturb(pieces: Sequence[Piece], rng: random.Random) -> Turn:
    """Now and then lower case, no mark at the end, a slip in the words of asking."""
    if rng.random() < 0.25:
        pieces = [replace(piece, text=piece.text.lower()) for piece in pieces]
    if rng.random() < _SHARE_OF_SLIPS:
        at = rng.choice([i for i, piece in enumerate(pieces)])
        if pieces[at].kind in (None, "attribute", "order", "group", "preamble"):
            pieces = [
                *pieces[:at],
                replace(pieces[at], text=_slip(pieces[at].text, rng)),
                *pieces[at + 1 :],
            ]
    if pieces and pieces[-1].kind is None and rng.random() < 0.3:
        bare = pieces[-1].text.rstrip("?.! ")
        pieces = [*pieces[:-1], *([replace(pieces[-1], text=bare)] if bare else [])]
    return tuple(pieces)


def _slip(text: str, rng: random.Random) -> str:
    """The text with two neighbouring letters exchanged, or one doubled or dropped."""
    places = [m.start() for m in re.finditer(r"[a-z](?=[a-z][a-z])", text)]
    if not places:
        return text
    at, kind = rng.choice(places), rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] * (2 if kind == 1 else 0) + text[at + 1 :]
