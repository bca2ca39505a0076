"""Lists of publications in Markdown: each item by itself, whatever the length of its title."""

from __future__ import annotations

import pytest

from rag.readers import read_bytes
from rag.types.errors import ReadError

LONG = "Burrow counts of voles in meadows"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("- **Peat fires**. J. Doe and R. Roe. Bog Letters, 2021.", f"- **{LONG}**. J. Doe, R. Roe. Marsh Review, 2020."),
        ("- Doe, J., & Roe, R. (2021). Peat fires. Bog Letters.", f"- Doe, J., & Roe, R. (2020). {LONG}. Marsh Review."),
        ("- J. Doe, R. Roe. Peat fires. Bog Letters, 2021.", f"- J. Doe, R. Roe. {LONG}. Marsh Review, 2020."),
        ('1. J. Doe, R. Roe, "Peat fires," Bog Letters, 2021.', f'2. J. Doe, R. Roe, "{LONG}," Marsh Review, 2020.'),
        ("* [Peat fires](https://x.example/1). J. Doe, R. Roe. *Bog Letters*. 2021", f"* *{LONG}*, J. Doe, R. Roe, 2020."),
    ],
)  # fmt: skip
def test_a_short_title_is_read_like_a_long_one(short: str, long: str) -> None:
    reading = read_bytes("p.md", f"# Papers\n\n{short}\n{long}\n".encode())
    assert [(e.title, e.authors, e.year) for e in reading.entries] == [
        ("Peat fires", ("J. Doe", "R. Roe"), 2021),
        (LONG, ("J. Doe", "R. Roe"), 2020),
    ]


def test_an_author_in_bold_is_no_title() -> None:
    text = f"- **Jana Doe**, Rik Roe. {LONG}. Marsh Review, 2020.\n- **Jana Doe**. Peat fires. Bog Letters, 2021."
    reading = read_bytes("p.md", text.encode())
    assert [(e.title, e.authors[0]) for e in reading.entries] == [
        (LONG, "Jana Doe"),
        ("Peat fires", "Jana Doe"),
    ]


def test_an_item_that_is_no_publication_is_named_and_the_others_are_read() -> None:
    text = f"- Peat fires\n- **{LONG}**. J. Doe, R. Roe. Marsh Review, 2020.\n"
    reading = read_bytes("p.md", text.encode())
    assert [e.title for e in reading.entries] == [LONG]
    assert [str(r) for r in reading.rejections] == [
        "p.md:1: the item reads as no publication (it begins 'Peat fires')"
    ]
    with pytest.raises(ReadError, match="in no format"):
        read_bytes("p.md", b"- Milk\n- Bread and eggs\n")
