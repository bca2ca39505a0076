"""Citation recall and precision by ALCE's definition (Gao et al., EMNLP 2023, section 4).

An answer is cut into sentences, each with the quotes that it cites. Whether quotes entail a sentence
is asked of a judge; a judge that gives no verdict leaves the sentence unscored, which is not 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.text import split_sentences

_MARKERS = re.compile(r"\s*\[(\d+)\]")
_LEADING = re.compile(r"^(?:\s*\[\d+\])+")
_DRESS = re.compile(r"^(?:[-*+]|\d+\.|#+|>)\s+|\*\*")


@dataclass(frozen=True, slots=True)
class Quote:
    """What one citation shows, with the name of its paper."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, without its markers, and the quotes that it cites, in order."""

    sentence: str
    quotes: tuple[Quote, ...]


Entails = Callable[[str, Sequence[Quote]], bool | None]
"""Whether quotes, joined, entail a sentence; None where there is no verdict."""


@dataclass(frozen=True, slots=True)
class CitationQuality:
    """Citation recall and precision of one answer; None if there is nothing to count."""

    recall: float | None
    precision: float | None
    n_unscored: int


def extract_claims(record: Mapping[str, Any]) -> tuple[Claim, ...]:
    """The sentences of an answer record.

    Headings that only announce what follows (``More from this paper: [2]``) and the source named after
    a quote (``— *Title*``) are none.
    """
    quotes_by_marker = {
        int(c["marker"]): Quote(str(c.get("title") or c["label"]), str(c["quote"]))
        for c in record.get("citations") or ()
    }
    claim_list: list[Claim] = []
    for line in str(record.get("text") or "").splitlines():
        for start, end in split_sentences(line):
            piece = line[start:end]
            if claim_list and (leading := _LEADING.match(piece)):
                late = _list_quotes(leading.group(), quotes_by_marker)
                claim_list[-1] = Claim(claim_list[-1].sentence, (*claim_list[-1].quotes, *late))
                piece = piece[leading.end() :]
            sentence = _MARKERS.sub("", _DRESS.sub("", piece)).strip()
            cited = _list_quotes(piece, quotes_by_marker)
            is_pointer = sentence.endswith(":") or sentence.startswith(("—", "–"))
            if any(c.isalpha() for c in sentence) and not is_pointer:
                claim_list.append(Claim(sentence, cited))
    return tuple(claim_list)


def _list_quotes(text: str, quotes_by_marker: Mapping[int, Quote]) -> tuple[Quote, ...]:
    markers = dict.fromkeys(int(n) for n in _MARKERS.findall(text))
    return tuple(quotes_by_marker[n] for n in markers if n in quotes_by_marker)


def compute_citation_quality(answer: Sequence[Claim], entails: Entails) -> CitationQuality:
    """Recall and precision over the sentences and the citations of one answer.

    A sentence is recalled if all its quotes together entail it; without quotes it is not. A citation
    of a recalled sentence is precise unless it is superfluous: alone it does not entail the sentence,
    and the others entail it without it. No citation of a sentence that is not recalled is precise.
    """
    recalled: list[bool] = []
    precise: list[bool] = []
    n_unscored = 0
    for claim in answer:
        is_entailed = entails(claim.sentence, claim.quotes) if claim.quotes else False
        needed = (
            [is_entailed] if len(claim.quotes) == 1 else _list_needed(claim, is_entailed, entails)
        )
        if is_entailed is None or None in needed:
            n_unscored += 1
            continue
        recalled.append(is_entailed)
        precise += [bool(is_needed) for is_needed in needed[: len(claim.quotes)]]
    return CitationQuality(_compute_share(recalled), _compute_share(precise), n_unscored)


def _list_needed(claim: Claim, is_entailed: bool | None, entails: Entails) -> list[bool | None]:
    """Of each of several citations, whether it is precise."""
    if not is_entailed:
        return [is_entailed] * len(claim.quotes)
    return [_is_needed(claim, at, entails) for at in range(len(claim.quotes))]


def _is_needed(claim: Claim, at: int, entails: Entails) -> bool | None:
    alone = entails(claim.sentence, claim.quotes[at : at + 1])
    if alone is not False:
        return alone
    without_it = entails(claim.sentence, (*claim.quotes[:at], *claim.quotes[at + 1 :]))
    return None if without_it is None else not without_it


def _compute_share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
