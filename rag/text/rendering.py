"""Recognises the language of a question and translates it into English word by word.

The vocabulary is a list of question words and research terms (``words.txt``), not a translator: other
words stay as they are, which is right for names, numbers and words that are the same in English, and
the reader is told. Word order is kept; retrieval does not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.text import STOP_WORDS, fold

LANGUAGES_FILE = Path(__file__).with_name("words.txt")

LANGUAGES = ("German", "French", "Spanish", "Chinese")
_SCRIPTS = (
    ("Japanese", r"[\u3040-\u30ff]"),
    ("Korean", r"[\uac00-\ud7af]"),
    ("Russian or another language in Cyrillic letters", r"[\u0400-\u04ff]"),
    ("Arabic", r"[\u0600-\u06ff]"),
    ("Hebrew", r"[\u0590-\u05ff]"),
    ("Hindi", r"[\u0900-\u097f]"),
    ("Thai", r"[\u0e00-\u0e7f]"),
    ("Greek", r"[\u0370-\u03ff]{3}"),
    ("Chinese", r"[\u4e00-\u9fff]"),
)
_RESEARCH = "# --- research words"
"""Words before this line of the list (question and small words) identify a language; later ones do
not."""
_UNLISTED: Mapping[str, frozenset[str]] = {
    "Portuguese": frozenset("quem quais qual como quantos quantas trabalha trabalham sobre com artigos artigo uma não são dos das nos nas pelo pela existe".split()),
    "Italian": frozenset("chi quali quale come quanti quante lavora lavorano su con articoli articolo una non sono dei delle nel nella gli che cosa".split()),
    "Dutch": frozenset("wie welke hoeveel waarom werkt werken aan over met artikelen artikel een het niet zijn van naar wat".split()),
    "Polish": frozenset("kto jak ile dlaczego pracuje nad artykuly jest czy oraz ktore".split()),
    "Turkish": frozenset("kim kimler nasil kac hangi makale makaleler ve ile icin calisiyor".split()),
}  # fmt: skip
"""Small words of languages that are recognised but not translated, so that an answer can say so."""
_COGNATES = frozenset(
    "article articles publication publications papers paper expert experts idea question questions"
    " competition code gain propose combine comment suggest on an plus par no me or a as".split()
)
"""Words that are English too."""
_WORD_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "German": ("ern", "en", "er", "es", "em", "e", "n", "s"),
    "French": ("es", "s", "e", "x"),
    "Spanish": ("es", "s"),
}
_PARTED = re.compile(
    r"\s+(?:vor|an|auf|ein|aus|ab|zu|mit|um|her|durch)(?=\s*[?.!]*$)", re.IGNORECASE
)
"""The separated prefix of a German verb: ``stellt ... vor``."""
_FRENCH_AT = r"\s+(?:qui|propos|partir)\b"
"""After these words *à* belongs to a listed phrase; otherwise translate it as 'at', and never as
*a* ('has')."""
_COMPOUND_LINKS = ("s", "es", "en", "n", "")
"""Linking elements between the parts of a German compound."""
_LONGEST = 6
"""Words of the longest phrase listed."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A question in English.

    Attributes:
        text: The translated question; as typed if the language is not listed.
        language: Its name, for the reader.
        unknown: Words that were not translated; empty if the language is not listed.
        is_complete: Whether the language has a word list.
    """

    text: str
    language: str
    unknown: tuple[str, ...] = ()
    is_complete: bool = True

    @property
    def note(self) -> str:
        """What the reader should know."""
        if not self.is_complete:
            return (
                f"the question seems to be in {self.language}, of which only names, figures and "
                "words written as in English can be used without a model; ask in English for more"
            )
        unknown_clause = f"; not understood: {', '.join(self.unknown)}" if self.unknown else ""
        return f"the question was read word by word from {self.language} as: {self.text}{unknown_clause}"


@dataclass(frozen=True, slots=True)
class _Words:
    """One language: folded phrase -> English (empty: dropped), and the words that identify it.

    ``bare`` has the same phrases without endings; of equal ones the first listed.
    """

    english: Mapping[str, str]
    marks: frozenset[str]
    bare: Mapping[str, str]


@cache
def _load_vocabulary() -> Mapping[str, _Words]:
    columns: dict[str, dict[str, str]] = {name: {} for name in LANGUAGES}
    marks: dict[str, set[str]] = {name: set() for name in LANGUAGES}
    known: set[str] = set()
    lines = LANGUAGES_FILE.read_text(encoding="utf-8").splitlines()
    research = lines.index(next(line for line in lines if line.startswith(_RESEARCH)))
    for at, line in enumerate(lines):
        if "|" not in line or line.startswith("#"):
            continue
        english, *translations = (part.strip() for part in line.split("|"))
        for name, translation in zip(LANGUAGES, translations, strict=True):
            for word in (w.strip() for w in translation.split(",") if w.strip() not in ("", "-")):
                columns[name].setdefault(fold(word), "" if english == "-" else english)
                if at < research:
                    marks[name].update(w for w in fold(word).split() if len(w) > 1)
        known.update(english.lower().split())
    english_too = STOP_WORDS | known | _COGNATES
    return {
        n: _Words(
            columns[n], frozenset(marks[n]) - english_too, _build_stemmed_column(columns[n], n)
        )
        for n in LANGUAGES
    }


def _build_stemmed_column(column: Mapping[str, str], language: str) -> Mapping[str, str]:
    bare: dict[str, str] = {}
    for phrase, english in column.items():
        bare.setdefault(_drop_endings(phrase, language), english)
    return bare


def render(question: str, names: Sequence[str] = ()) -> Rendering | None:
    """The question in English; None if it seems to be English already.

    Args:
        question: As typed.
        names: Words of names in it, which belong to no language.
    """
    language = _find_language(question, names)
    if language is None:
        return None
    if language not in LANGUAGES:
        return Rendering(question, language, is_complete=False)
    words = _load_vocabulary()[language]
    if language == "Chinese":
        pieces = list(_iter_chinese(question, words))
    else:
        pieces = list(_iter_spaced(_split_elisions(question, language), words, language, names))
    english = " ".join(
        filter(
            None,
            (typed if english_text is None else english_text for typed, english_text in pieces),
        )
    )
    unknown_words = (
        typed
        for typed, english_text in pieces
        if english_text is None and _is_strange(typed, language, names)
    )
    return Rendering(_normalize_english(english), language, tuple(dict.fromkeys(unknown_words)))


def _split_elisions(question: str, language: str) -> str:
    """Split or join words as the word list has them."""
    if language == "German":
        return _PARTED.sub("", question)
    if language == "French":
        question = re.sub(r"-(?:t-)?(?:ils?|elles?|on|ce|vous)\b", "", question)
        question = re.sub(rf"\bà\b(?!{_FRENCH_AT})", "at", question, flags=re.IGNORECASE)
        return re.sub(r"\b([ldqnsj]|qu)['’](?=\w)", r"\1' ", question, flags=re.IGNORECASE)
    return question


def _is_strange(typed: str, language: str, names: Sequence[str]) -> bool:
    """Whether a word that was left alone is neither a name nor English."""
    if typed in names or typed in STOP_WORDS or not typed.replace("-", "").isalpha():
        return False
    return typed.islower() or not typed.isascii() or (language == "German" and typed.istitle())


def _normalize_english(text: str) -> str:
    """English of which the grammar of questions can make something."""
    text = re.sub(r"\s+([?!.,;:)])", r"\1", text).replace("( ", "(")
    text = re.sub(r"\b(about|on|with|have|has)\s+of\b", r"\1", text)
    text = re.sub(r"\b(who)\s+(?:has|have)\s+(.{1,200}?)\s+(wrote)\b", r"\1 \3 \2", text)
    return re.sub(r"\b(?:of|by)\s+(?=(?:19|20)\d\d\b)", "from ", text)


def _find_language(question: str, names: Sequence[str]) -> str | None:
    for name, letters in _SCRIPTS:
        if re.search(letters, question):
            return name
    folded_names = {fold(name) for name in names}
    typed = [w for w in re.findall(r"[^\W\d_]+", fold(question)) if w not in folded_names]
    marks = {n: _load_vocabulary()[n].marks for n in LANGUAGES if n != "Chinese"} | dict(_UNLISTED)
    scores = {n: sum(w in marks[n] for w in typed) for n in marks}
    best = max(scores, key=lambda n: (scores[n], n in LANGUAGES, n))
    shared = _load_vocabulary()[best].english if best in LANGUAGES else marks[best]
    english = sum(w in STOP_WORDS and w not in shared for w in typed)
    sure = any(len(w) > 2 and w in marks[best] for w in typed)
    is_telling = len(typed) > 1 or re.search(r"\b(?:19|20)\d\d\b", question) is not None
    enough = 1 if sure and not english and best in LANGUAGES and is_telling else 2
    return best if scores[best] >= enough and scores[best] > english else None


def _iter_spaced(
    question: str, words: _Words, language: str, names: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    """(as typed, in English or None), the longest phrases first."""
    tokens = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*'?|[^\w\s¿¡]", question)
    at = 0
    while at < len(tokens):
        for n in range(min(_LONGEST, len(tokens) - at), 0, -1):
            part = tokens[at : at + n]
            has_name = any(token in names for token in part)
            english_text = (
                None if has_name else _find_listed(" ".join(part), words, language, phrase=n > 1)
            )
            if english_text is not None or n == 1:
                yield " ".join(part), english_text
                at += n
                break


def _find_listed(typed: str, words: _Words, language: str, *, phrase: bool) -> str | None:
    folded = fold(typed.replace("’", "'"))
    if folded in words.english:
        return words.english[folded]
    bare = _drop_endings(folded, language)
    if bare in words.bare:
        return words.bare[bare]
    return _convert_compound(folded, words) if language == "German" and not phrase else None


def _drop_endings(phrase: str, language: str) -> str:
    """Every word of a folded phrase without its ending; short words keep theirs."""
    return " ".join(_get_stem(word, _WORD_ENDINGS.get(language, ())) for word in phrase.split())


def _get_stem(word: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


def _convert_compound(word: str, words: _Words) -> str | None:
    """``gesichtserkennung`` -> ``face recognition``: two parts or more, each of them listed."""
    for cut in range(len(word) - 3, 2, -1):
        head = words.english.get(word[:cut])
        if not head:
            continue
        for link in _COMPOUND_LINKS:
            if not word[cut:].startswith(link):
                continue
            rest = word[cut + len(link) :].strip("-")
            tail = _find_listed(rest, words, "German", phrase=False) if len(rest) > 2 else None
            if tail:
                return f"{head} {tail}"
    return None


def _iter_chinese(question: str, words: _Words) -> Iterator[tuple[str, str | None]]:
    """Characters have no spaces between them: the longest listed run counts."""
    at = 0
    while at < len(question):
        if match := re.match(r"[A-Za-z0-9][\w.+^-]*", question[at:], re.ASCII):
            yield match.group(), None
            at += match.end()
            continue
        for n in range(min(8, len(question) - at), 0, -1):
            english_text = words.english.get(question[at : at + n])
            if english_text is not None:
                yield question[at : at + n], english_text
                at += n
                break
        else:
            sign = {"？": "?", "，": ",", "。": ".", "、": ","}.get(question[at], question[at])
            if not sign.isspace():
                yield sign, None
            at += 1
