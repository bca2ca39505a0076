"""Everyday words for research terms: what is replaced, what is kept, and the file itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rag.search.thesaurus import MAX_FORM_WORDS, THESAURUS_FILE, convert_to_research_terms
from rag.text import iter_words, stem

SECTIONS: dict[str, dict[str, list[str]]] = yaml.load(
    THESAURUS_FILE.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
ENTRIES = [(term, said) for section in SECTIONS.values() for term, said in section.items()]


def library(**counts: int) -> Callable[[Sequence[str]], dict[str, int]]:
    """In how many chunks a word occurs; words that are not given occur in none."""
    by_stem = {stem(word): n for word, n in counts.items()}
    return lambda stems: {s: by_stem.get(s, 0) for s in stems}


def said(question: str, **counts: int) -> str | None:
    found = convert_to_research_terms(question, library(**counts))
    return found.text if found else None


def test_a_word_gives_way_to_a_term_that_the_library_has_more_often() -> None:
    assert said("a picture of a face", image=9, picture=8) == "a image of a face"


@pytest.mark.parametrize("counts", [{"image": 8, "picture": 8}, {"image": 3, "picture": 8}, {}])
def test_the_librarys_own_words_are_kept(counts: dict[str, int]) -> None:
    assert said("a picture of a face", **counts) is None


def test_an_inflected_word_is_known_by_its_stem() -> None:
    assert said("two Pictures", image=1) == "two image"


def test_the_longest_form_is_replaced_first() -> None:
    assert said("a moving picture", video=2, image=9) == "a video"
    assert said("a moving picture", image=9) == "a moving image"


def test_among_several_terms_the_one_most_common_is_taken() -> None:
    assert said("a contest", challenge=2, competition=5) == "a competition"
    assert said("a contest", challenge=5, competition=2) == "a challenge"


def test_a_term_of_several_words_counts_by_its_rarest() -> None:
    assert said("a false alarm", false=5) is None
    assert said("a false alarm", false=5, positive=1) == "a false positive"


def test_each_replacement_says_where_the_question_had_it() -> None:
    question = "footage and pictures, sped up"
    found = convert_to_research_terms(question, library(video=3, image=3))
    assert found is not None
    assert [(question[a:b], term) for (a, b), term in found.replaced] == [
        ("footage", "video"),
        ("pictures", "image"),
    ]
    assert found.text == "video and image, sped up"


def test_a_question_that_has_the_term_already_keeps_its_word() -> None:
    assert said("is an image a picture or not", image=5) is None


@pytest.mark.parametrize("question", ["", "???", "what is known of it", "zebra crossing"])
def test_nothing_to_replace_gives_none(question: str) -> None:
    def none_asked(stems: Sequence[str]) -> dict[str, int]:
        raise AssertionError(stems)

    assert convert_to_research_terms(question, none_asked) is None


@given(st.lists(st.sampled_from([f for _, forms in ENTRIES for f in forms]), max_size=4))
def test_replacements_are_in_order_and_apart_and_the_rest_is_as_typed(forms: list[str]) -> None:
    question = " which ".join(forms)
    found = convert_to_research_terms(question, lambda stems: {s: 1 + len(s) for s in stems})
    if found is None:
        return
    spans = [span for span, _ in found.replaced]
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    rest, at = [], 0
    for (start, end), term in found.replaced:
        rest += [question[at:start], term]
        at = end
    assert "".join([*rest, question[at:]]) == found.text


# --- the file -----------------------------------------------------------------------------------


def test_a_research_term_stands_once() -> None:
    counts = Counter(term for term, _ in ENTRIES)
    assert [term for term, n in counts.items() if n > 1] == []


@pytest.mark.parametrize("section", list(SECTIONS))
def test_terms_and_forms_are_short_lower_case_and_unlike(section: str) -> None:
    for term, forms in SECTIONS[section].items():
        assert forms and all(isinstance(form, str) for form in forms), term
        assert len(set(forms)) == len(forms), term
        assert term not in forms, term
        for each in (term, *forms):
            assert each == each.lower() == " ".join(each.split()), each
            assert any(iter_words(each)), each
        for form in forms:
            assert len(list(iter_words(form))) <= MAX_FORM_WORDS, (term, form)
