"""Finds planted instructions that `rag.answers.prompt_injection` misses.

A planted instruction can be worded in endless ways, so this looks at what a sentence does rather
than at its words: a linear head on the sentence's vector, fitted by ``python -m eval train-planted``
to examples of many styles, separates sentences that address the answerer from those that report; a
sentence in another language or script than the rest of its paper is suspect, too. Such sentences are
not shown to a model, support no sentence of a reply, and are quoted only if there are no others.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from rag.answers.confusables import convert_confusables
from rag.answers.prompt_injection import find_instructions, has_instruction, pieces
from rag.library.screen_scores import ScreenScores
from rag.text import STOP_WORDS, extract_terms, fold, iter_words, remove_hidden, split_sentences
from rag.text.everyday import is_everyday
from rag.types import Apart, Paper, PaperHit, Sentence, Span

HEAD_FILE = Path(__file__).with_name("instruction_head.yaml")

Embed = Callable[[list[str]], Sequence[Sequence[float]]]
"""Vectors of length 1 of the embedded model, one a text."""

PLANTED = 0.5
"""Log odds from which a sentence counts as planted."""
DOUBTFUL = -1.0
"""From here on it does only if it shares no content word with the question, or continues one."""
MAX_SENTENCES = 48
"""Sentences of one paper that are screened: those that fit the question best; no others are shown."""
N_IN_MEMORY = 1024
"""Papers whose scores this process has at hand."""

SIGNS = (
    "overlap", "nearness", "second person", "first person",
    "no stop words", "unknown words", "other letters", "code",
)  # fmt: skip
"""What a sentence is scored by beside its vector, in this order: the share of its content that
stands elsewhere in its paper, its cosine with the rest, persons; then how much more than the rest
it lacks stop words, has words and letters that are not English, and signs of code."""
_SECOND = frozenset("you your yours yourself yourselves".split())
_FIRST_SCREENED = frozenset("we our us ours i my".split())
_LATIN = 0x24F
_CODE = frozenset('{}<>|=#*_\\/@$~^;[]:"')
_WORDS_IN_NAMES = 3
_JOINTS = frozenset("of the and in on for at de la von van der".split())
"""With one of these words, a name of mostly everyday words is no name."""


@dataclass(frozen=True, slots=True)
class Head:
    """The linear head: weights of a sentence's vector and signs.

    Attributes:
        examples: sha256 of its training examples.
    """

    weights: NDArray[np.float32]
    intercept: float
    examples: str


@cache
def head() -> Head:
    import yaml

    current = yaml.safe_load(HEAD_FILE.read_text(encoding="utf-8"))
    return Head(np.array(current["weights"], np.float32), current["intercept"], current["examples"])


@dataclass(frozen=True, slots=True)
class _Scored:
    """Sentences of one paper with their scores, and that of its title."""

    sentences: tuple[tuple[Span, float], ...]
    title: float


@cache
def compute_version(embedder: str) -> str:
    """What tells this screen, with its head and the model that it reads by, from others."""
    files = (HEAD_FILE, Path(__file__))
    return hashlib.sha256(
        b"".join([embedder.encode(), *(file.read_bytes() for file in files)])
    ).hexdigest()


class Screen:
    """Finds the sentences of retrieved papers that say nothing about them.

    Args:
        embed: The embedded model; without it, only the wording of sentences is tested.
        known: Frequent words in lower case, which are never coined ones.
        kept: Scores of papers that were screened before: those of twenty abstracts take half a second
            of processor time, all of it before a model's first word.
        embedder: Name of the embedded model.
    """

    def __init__(
        self,
        embed: Embed | None,
        known: frozenset[str] = frozenset(),
        stored: ScreenScores | None = None,
        embedder: str = "",
    ) -> None:
        self._embed = embed
        self._known = known
        self._stored = stored if embed is not None else None
        self._version = compute_version(embedder)
        self._in_memory: dict[tuple[Paper, tuple[Span, ...]], _Scored] = {}
        self._lock = Lock()

    def marked(self, hits: Iterable[PaperHit], question: str) -> tuple[PaperHit, ...]:
        """The papers found, each with what of it stands apart."""
        question_text = _content(question)
        cut = [(hit, (hit.paper, cut_sentences(hit.paper, hit.sentences))) for hit in hits]
        scored = self._find_scores([parts for _, parts in cut])
        return tuple(
            replace(hit, apart=self._apart(hit, scored[parts], question_text)) for hit, parts in cut
        )

    def recall(self, hits: Sequence[PaperHit], question: str) -> tuple[PaperHit, ...] | None:
        """The same where all of the papers were screened before; else None."""
        known = self._find_known(
            [(hit.paper, cut_sentences(hit.paper, hit.sentences)) for hit in hits]
        )
        return None if None in known.values() else self.marked(hits, question)

    def prepare(self, papers: Iterable[Paper]) -> None:
        """Screen papers before they are asked about."""
        self._find_scores([(paper, cut_sentences(paper)) for paper in papers])

    def _find_scores(
        self, papers: Sequence[tuple[Paper, tuple[Span, ...]]]
    ) -> dict[tuple[Paper, tuple[Span, ...]], _Scored]:
        """The scores of papers with what they were cut into: at hand, kept, or computed and kept."""
        scored: dict[tuple[Paper, tuple[Span, ...]], _Scored] = {}
        new: dict[str, tuple[float, ...]] = {}
        for parts, known in self._find_known(papers).items():
            scored[parts] = known or self._score(*parts)
            if known is None:
                scores = (*(s for _, s in scored[parts].sentences), scored[parts].title)
                new[self._compute_key(*parts)] = scores
        if self._stored and new:
            self._stored.keep(self._version, new)
        self._keep_in_memory(scored)
        return scored

    def _find_known(
        self, papers: Sequence[tuple[Paper, tuple[Span, ...]]]
    ) -> dict[tuple[Paper, tuple[Span, ...]], _Scored | None]:
        """The scores that are at hand or kept; None for those of the other papers."""
        with self._lock:
            known = {parts: self._in_memory.get(parts) for parts in papers}
        missing = [parts for parts, scored in known.items() if scored is None]
        if not self._stored or not missing:
            return known
        keys = {parts: self._compute_key(*parts) for parts in missing}
        stored = self._stored.find(keys.values())
        for parts in missing:
            scores = stored.get(keys[parts], ())
            if len(scores) == len(parts[1]) + 1:
                of_sentences = tuple(zip(parts[1], scores[:-1], strict=True))
                known[parts] = _Scored(of_sentences, scores[-1])
        self._keep_in_memory({parts: one for parts, one in known.items() if one is not None})
        return known

    def _keep_in_memory(self, scored: Mapping[tuple[Paper, tuple[Span, ...]], _Scored]) -> None:
        with self._lock:
            self._in_memory |= scored
            for parts in list(self._in_memory)[:-N_IN_MEMORY]:
                del self._in_memory[parts]

    def _compute_key(self, paper: Paper, spans: Sequence[Span]) -> str:
        lines = (self._version, paper.name, *(paper.text[start:end] for start, end in spans))
        return hashlib.sha256("\0".join(lines).encode("utf-8", "surrogatepass")).hexdigest()

    def near(self, text: str, texts: Sequence[str]) -> float:
        """The highest cosine of a text with some texts; 1.0 where there is no model to tell."""
        if self._embed is None:
            return 1.0
        vectors = np.array(self._embed([text, *texts]), np.float32)
        return float((vectors[1:] @ vectors[0]).max())

    def _apart(self, hit: PaperHit, scored: _Scored, question: set[str]) -> Apart:
        paper = hit.paper
        worded = set(find_instructions(paper.text))
        sure = [
            score >= PLANTED or any(a < end and start < b for a, b in worded)
            for (start, end), score in scored.sentences
        ]

        def is_doubtful(at: int) -> bool:
            (start, end), score = scored.sentences[at]
            companions = any(sure[max(0, at - 1) : at + 2])
            return score >= DOUBTFUL and (
                companions or not _content(paper.text[start:end]) & question
            )

        results = [s for at, (s, _) in enumerate(scored.sentences) if sure[at] or is_doubtful(at)]
        text = " ".join(paper.text[slice(*span)] for span in results)
        titled = scored.title >= PLANTED if paper.title else paper.label.rstrip("… .") in text
        names = self._no_names(paper, bad_title=titled)
        if not results and not names:
            return Apart()
        return Apart(
            tuple(results),
            names,
            self._coined(paper, results, names),
            sum(sure) + len({paper.name, *paper.authors} & names),
        )

    def _coined(
        self, paper: Paper, spans: Sequence[Span], names: Collection[str]
    ) -> frozenset[str]:
        """Names that stand in these places alone: not elsewhere in the paper, and no common words."""
        text, at = "", 0
        for start, end in spans:
            text += paper.text[at:start] + " "
            at = end
        facts = (paper.name, paper.venue or "", *paper.authors, *paper.affiliations)
        rest = " ".join((text, paper.text[at:], *(f for f in facts if f not in names)))
        there = {fold(word) for word, _ in iter_words(rest)}
        message = " ".join((*(paper.text[slice(*span)] for span in spans), *names))
        return frozenset(
            folded
            for word, _ in iter_words(normalise_sentence(message))
            if (folded := fold(word)) not in there and self._is_coined(word, folded)
        )

    def _no_names(self, paper: Paper, *, bad_title: bool) -> frozenset[str]:
        """The particulars of a paper that are sentences instead.

        Institutions and venues are often made of common words, so one without a strange word is taken
        for what it says it is.
        """
        results = {paper.name} if bad_title or has_instruction(paper.name) else set()
        results |= {name for name in paper.authors if not is_name(name)}
        for item in (*paper.affiliations, *((paper.venue,) if paper.venue else ())):
            strange = any(self._is_coined(word, fold(word)) for word, _ in iter_words(item))
            if has_instruction(item) or (strange and not is_name(item)):
                results.add(item)
        return frozenset(results)

    def _is_coined(self, word: str, folded: str) -> bool:
        common = folded in STOP_WORDS or is_everyday(word) or word.isdigit() or len(word) < 3
        return not common and (folded not in self._known or any(c.isupper() for c in word[1:]))

    def _score(self, paper: Paper, spans: tuple[Span, ...]) -> _Scored:
        lines = {span: normalise_sentence(paper.text[slice(*span)]) for span in spans}
        lines = {span: text for span, text in lines.items() if is_sentence(text)}
        scores = dict.fromkeys(spans, -math.inf)
        if self._embed is None or not lines:
            return _Scored(tuple(scores.items()), -math.inf)
        vectors = np.array(
            self._embed([*lines.values(), normalise_sentence(paper.name)]), np.float32
        )
        fitted = head()
        own_items = values([*lines.values()], paper.name, vectors[:-1], self._known)
        whole = [*lines.values(), normalise_sentence(paper.name)]
        titled = values(whole, "", vectors, self._known, [len(lines)])
        result = np.concatenate((own_items, titled)) @ fitted.weights + fitted.intercept
        scores |= zip(lines, map(float, result[:-1]), strict=True)
        return _Scored(tuple(scores.items()), float(result[-1]))


def cut_sentences(paper: Paper, sentences: Iterable[Sentence] = ()) -> tuple[Span, ...]:
    """What of a paper is screened, in text order."""
    best = sorted(sentences, key=lambda s: (-s.score, s.span))[:MAX_SENTENCES]
    items = sorted(s.span for s in best) or split_sentences(paper.text)[:MAX_SENTENCES]
    return tuple(piece for span in items for piece in pieces(paper.text, span))


@lru_cache(maxsize=4_000)
def is_sentence(text: str) -> bool:
    """Whether there are two words in it; a sliver such as ``Natl.`` tells nothing either way."""
    return (
        sum(any(c.isalpha() for c in word) for word, _ in iter_words(text)) > 1
        or not text.isascii()
    )


def _content(text: str) -> set[str]:
    return {term for word, _ in iter_words(text) for term in _extract_content(word)}


@lru_cache(maxsize=50_000)
def _extract_content(word: str) -> tuple[str, ...]:
    return () if is_everyday(word) else tuple(extract_terms(word))


def is_name(text: str) -> bool:
    """Whether a particular can be a name, not a sentence: most of its words are no everyday ones."""
    typed = [
        word
        for word, _ in iter_words(normalise_sentence(text))
        if len(word) > 1 and word not in _JOINTS
    ]
    common = sum(word.lower() in STOP_WORDS or is_everyday(word) for word in typed)
    return not has_instruction(text) and (len(typed) < _WORDS_IN_NAMES or 2 * common < len(typed))


def normalise_sentence(text: str) -> str:
    """A sentence as it reads: without hidden signs and look-alikes, on one line."""
    return " ".join(convert_confusables(remove_hidden(text)).split())


@dataclass(frozen=True, slots=True)
class _Line:
    """What of one sentence does not hang on its paper: its terms, whom it addresses, how strange it is."""

    terms: frozenset[str]
    persons: tuple[bool, bool]
    strangeness: tuple[float, ...]


@lru_cache(maxsize=4_000)  # a title is looked at beside the sentences that were looked at before it
def _read_line(text: str, known: frozenset[str]) -> _Line:
    typed = [word for word, _ in iter_words(text)]
    lower = {word.lower() for word in typed}
    persons = (not lower.isdisjoint(_SECOND), not lower.isdisjoint(_FIRST_SCREENED))
    return _Line(frozenset(extract_terms(text)), persons, _strangeness(text, typed, known))


def values(
    lines: Sequence[str],
    title: str,
    vectors: NDArray[np.float32],
    known: frozenset[str],
    chosen: Sequence[int] | None = None,
) -> NDArray[np.float32]:
    """What the sentences of one paper are scored by, (n, dim + signs).

    Args:
        lines: Its sentences, plain.
        title: Of the same paper; may be empty.
        vectors: Of the sentences, rows of length 1.
        known: Words that are met often, lower case (`rag.adapters.weights.load_whole_words`).
        chosen: The sentences that are asked for, by their places; None: all.
    """
    read = [_read_line(text, known) for text in lines]
    names = frozenset(extract_terms(title))
    n_lines = Counter(term for line in read for term in line.terms)
    total = vectors.sum(axis=0)
    at_all = range(len(lines)) if chosen is None else chosen
    signs = np.zeros((len(at_all), len(SIGNS)), np.float32)
    for row, at in enumerate(at_all):
        terms = read[at].terms
        n_shared = sum(n_lines[term] > 1 or term in names for term in terms)
        remainder = total - vectors[at]
        signs[row, :4] = (
            n_shared / len(terms) if terms else 0.0,
            float(vectors[at] @ remainder) / (float(np.linalg.norm(remainder)) or 1.0),
            *read[at].persons,
        )
    if len(at_all):
        strange = np.array([line.strangeness for line in read], np.float32)
        own = strange[list(at_all)]
        mean = (strange.sum(axis=0) - own) / max(1, len(lines) - 1)
        signs[:, 4:] = np.maximum(0.0, own - mean)
    return np.concatenate((vectors[list(at_all)], signs), axis=1)


def _strangeness(text: str, typed: Sequence[str], known: frozenset[str]) -> tuple[float, ...]:
    """Shares of words that are no English stop words and that are unknown, of other letters, of code."""
    n = len(typed) or 1
    long = [folded for word in typed if len(folded := fold(word)) > 3]
    letters = sum(map(str.isalpha, text)) or 1
    return (
        sum(word.lower() not in STOP_WORDS for word in typed) / n,
        sum(word not in known for word in long) / (len(long) or 1),
        0.0 if text.isascii() else sum(c.isalpha() and ord(c) > _LATIN for c in text) / letters,
        sum(map(_CODE.__contains__, text)) / len(text) if text else 0.0,
    )
