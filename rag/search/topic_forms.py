"""The other forms of a topic that papers write: in full for an acronym, an acronym for what is in full.

A paper on ``MLLMs`` is on multimodal LLMs, though it has no such words in a row. The forms are those that
papers of the library introduce themselves: ``multimodal large language models (MLLMs)``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.library.search_forms import WORD
from rag.library.view import LibraryView
from rag.search.acronyms import MAX_ACRONYM_WORDS, MIN_WORDS
from rag.text import fold

_ACRONYM = re.compile(rf"(?<![^\W_])([A-Z]{{{MIN_WORDS},{MAX_ACRONYM_WORDS}}})s?(?![^\W_])")
_GAP = r"[\s‐-–-]+"


def list_forms(topic: str, library: LibraryView) -> list[str]:
    """The topic as typed, then with its acronyms in full, then the acronym of the whole."""
    forms = [topic]
    for match in _ACRONYM.finditer(topic):
        if long := _find_long_form(match[1], library):
            forms.append(f"{topic[: match.start()]}{long}{topic[match.end() :]}")
    forms += [other for form in forms for other in _list_synonyms(form)]
    forms += [short for form in forms if (short := _find_short_form(form, library))]
    return list(dict.fromkeys(forms))


_SYNONYMS = (
    (
        re.compile(r"\b(?:deepfake|deep fake)(s?) videos?\b", re.IGNORECASE),
        ("face forgery video", "video forgery"),
    ),
    (
        re.compile(r"\b(?:deepfakes?|deep fakes?)\b", re.IGNORECASE),
        ("face forgery", "deep forgery"),
    ),
    (re.compile(r"\bface forger(?:y|ies)\b", re.IGNORECASE), ("deepfake",)),
)
"""Two names of one research field: "which deepfake papers come with code?" missed those on face forgery."""


def _list_synonyms(form: str) -> list[str]:
    return [
        pattern.sub(other, form)
        for pattern, others in _SYNONYMS
        if pattern.search(form)
        for other in others
    ]


def _find_long_form(acronym: str, library: LibraryView) -> str:
    """What most papers write before the acronym in brackets, where its initials spell it."""
    words = rf"(?:[^\W\d_]+{_GAP}){{{len(acronym)}}}"
    pattern = re.compile(rf"(?<![^\W_])({words})\(\s?{acronym}s?\s?\)")
    longs = (
        fold(" ".join(re.split(_GAP, match[1].strip())))
        for _, _, text in library.iter_texts((), (), coined=_list_printed(acronym))
        for match in pattern.finditer(text)
    )
    spelt = (long for long in longs if _get_initials(long) == acronym.lower())
    return _get_most_common(list(spelt))


def _find_short_form(form: str, library: LibraryView) -> str:
    """The acronym that most papers write in brackets behind the form; of a long one only."""
    words = re.findall(r"[^\W\d_]+", fold(form))
    if not MIN_WORDS <= len(words) <= MAX_ACRONYM_WORDS:
        return ""
    pattern = re.compile(
        rf"(?<![^\W_]){_GAP.join(map(re.escape, words))}\s\(\s?((?-i:[A-Z]+))s?\s?\)", re.IGNORECASE
    )
    initials = _get_initials(" ".join(words))
    texts = library.iter_texts(
        (), [(WORD + word,) for word in words], coined=_list_printed(initials)
    )
    shorts = (match[1] for _, _, text in texts for match in pattern.finditer(text))
    return _get_most_common([s for s in shorts if s.lower() == initials])


def _list_printed(acronym: str) -> list[str]:
    """The acronym, and of several, as `rag.library.paper_words` has words with capitals within."""
    return [acronym.lower(), f"{acronym.lower()}s"]


def _get_initials(words: str) -> str:
    return "".join(word[0] for word in words.split())


def _get_most_common(forms: Sequence[str]) -> str:
    """The first of the most frequent; nothing where there is none."""
    return max(sorted(set(forms)), key=Counter(forms).__getitem__, default="")
