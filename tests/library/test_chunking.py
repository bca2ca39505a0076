from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.library.chunking import (
    LEAST_WINDOW_WORDS,
    WHOLE_WORDS,
    WINDOW_WORDS,
    get_embedded_text,
    get_text_offset,
    split_paper,
)
from rag.types import Paper, Place

SENTENCE = "One two three four five six seven eight nine ten. "


def paper(text: str, title: str | None = "Title") -> Paper:
    return Paper("p0", title, title or "Label", text, (), False, (Place("a.txt", 1),))


def test_an_abstract_is_one_chunk_under_its_title() -> None:
    (only,) = split_paper(paper(SENTENCE * 30))
    assert (only.heading, only.span, only.text) == ("Title", (0, 1499), (SENTENCE * 30).strip())


def test_an_untitled_paper_has_no_heading() -> None:
    (only,) = split_paper(paper("Some words.", None))
    assert (only.heading, get_embedded_text(only), get_text_offset(only)) == ("", "Some words.", 0)


def test_a_paper_without_text_is_carried_by_its_title() -> None:
    (only,) = split_paper(paper(""))
    assert (only.span, only.text, get_embedded_text(only), get_text_offset(only)) == (
        (0, 0),
        "",
        "Title",
        0,
    )


def test_embedded_text_is_heading_and_text() -> None:
    (only,) = split_paper(paper("  Some words."))
    assert get_embedded_text(only) == "Title\nSome words."
    assert get_embedded_text(only)[get_text_offset(only) :] == only.text


def test_a_long_text_is_cut_between_sentences_each_in_one_window() -> None:
    chunks = split_paper(paper(SENTENCE * 100))
    assert len(chunks) > 3
    for one in chunks:
        assert one.text.startswith("One") and one.text.endswith("ten.")
        assert LEAST_WINDOW_WORDS <= len(one.text.split()) <= 1.2 * WINDOW_WORDS
    for one, following in zip(chunks, chunks[1:], strict=False):
        assert one.span[1] < following.span[0]


def test_a_window_keeps_to_its_section_and_is_headed_by_it() -> None:
    methods, results = SENTENCE * 30, SENTENCE * 25
    text = f"{methods.strip()}\n\n{results.strip()}"
    sectioned = replace(
        paper(text),
        section_starts=(0, len(methods) + 1),
        section_names=("2.1 Methods", "IV. Results"),
    )
    headings = [chunk.heading for chunk in split_paper(sectioned)]
    assert set(headings) == {"Title: Methods", "Title: Results"}
    starts = [chunk.span[0] for chunk in split_paper(sectioned)]
    assert starts[headings.index("Title: Results")] == len(methods) + 1


def test_a_window_ends_with_a_paragraph_where_it_can() -> None:
    paragraphs = [(SENTENCE * 13).strip()] * 5
    chunks = split_paper(paper("\n\n".join(paragraphs)))
    assert [chunk.text for chunk in chunks] == paragraphs


def test_a_heading_of_a_section_is_no_sentence_of_it() -> None:
    long = replace(
        paper(SENTENCE * 50, None), section_starts=(0,), section_names=("A sentence " * 20,)
    )
    assert {chunk.heading for chunk in split_paper(long)} == {""}


def test_text_without_sentences_or_spaces_is_cut_too() -> None:
    for text in ("word " * 5_000, "x" * 20_000):
        for one in split_paper(paper(text)):
            assert len(one.text) <= 4_000


def test_ids_come_from_content() -> None:
    (one,) = split_paper(paper("Some words."))
    assert split_paper(paper("Some words."))[0].chunk_id == one.chunk_id
    others = [
        paper("Some words!"),
        paper("Some words.", "Other title"),
        replace(paper("Some words."), paper_id="p1"),
    ]
    assert len({one.chunk_id, *(split_paper(other)[0].chunk_id for other in others)}) == 4


WORDS = st.text(alphabet="abcé .!?\n,。0", max_size=60)


@given(st.lists(WORDS, max_size=60).map(lambda parts: "".join(parts) * 12))
def test_chunks_cover_the_text_and_hold_what_their_spans_say(text: str) -> None:
    chunks = split_paper(paper(text))
    covered = set()
    for one in chunks:
        start, end = one.span
        assert one.text == text[start:end]
        covered.update(range(start, end))
    assert all(at in covered or text[at].isspace() for at in range(len(text)))
    assert len({one.chunk_id for one in chunks}) == len(chunks)
    if len(text.split()) > WHOLE_WORDS:
        assert len(chunks) > 1
