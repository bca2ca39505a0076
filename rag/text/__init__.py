"""Text: folding, stems, words and sentences; Markdown made inert; English counts, lists and dates."""

from rag.text.analysis import (
    STOP_WORDS,
    ensure_encodable,
    extract_terms,
    fold,
    iter_words,
    list_word_terms,
    make_excerpt,
    remove_hidden,
    split_sentences,
    split_terms,
    stem,
)
from rag.text.english import join_names

__all__ = [
    "STOP_WORDS",
    "ensure_encodable",
    "make_excerpt",
    "fold",
    "split_terms",
    "join_names",
    "split_sentences",
    "stem",
    "extract_terms",
    "remove_hidden",
    "iter_words",
    "list_word_terms",
]
