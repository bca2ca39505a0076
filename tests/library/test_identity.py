from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.library.identity import (
    compute_entry_digest,
    compute_paper_digest,
    compute_paper_id,
    merge,
    trace_fields,
)
from rag.library.labels import MAX_LABEL_CHARS, MAX_LABEL_WORDS, build_label
from rag.readers import read
from rag.types import Authorship, Entry, Paper, Place

ABSTRACT = (
    "We propose LaRE^2, a detector of generated images that looks at reconstruction errors. "
    "It generalises to unseen generators."
)


def entry(line: int = 1, document: str = "list.txt", **values: object) -> Entry:
    given = {"raw": "raw", "title": None, "text": ABSTRACT, **values}
    return Entry(place=Place(document, line), **given)  # type: ignore[arg-type]


def merged(*entries: Entry, **owners: str) -> Paper:
    first = entries[0]
    names = {name.replace("_", "."): person for name, person in owners.items()}
    return merge(compute_paper_id(first.title, first.text), entries, names)


def test_the_abstract_in_a_list_and_on_a_page_is_one_paper(seeds: Path) -> None:
    listed = read(seeds / "000_052e22e2ea1c628a.txt").entries
    paged = read(seeds / "001_a5f9dfde50f3564c.txt").entries
    one = next(e for e in listed if e.place.line == 10)
    other = next(e for e in paged if e.place.line == 299)
    assert compute_paper_id(one.title, one.text) == compute_paper_id(other.title, other.text)


def test_the_seeds_are_169_papers(seeds: Path) -> None:
    ids = [
        compute_paper_id(e.title, e.text)
        for path in sorted(seeds.glob("*.txt"))
        for e in read(path).entries
    ]
    assert (len(ids), len(set(ids))) == (170, 169)


def test_case_accents_spaces_and_punctuation_do_not_make_another_paper() -> None:
    changed = ABSTRACT.upper().replace(" ", "\n ").replace("PROPOSE", "PROPOSÉ")
    assert compute_paper_id(None, changed) == compute_paper_id("A title", ABSTRACT)
    assert compute_paper_id(None, ABSTRACT + " Truly.") != compute_paper_id(None, ABSTRACT)


def test_a_paper_without_abstract_is_known_by_its_title() -> None:
    assert compute_paper_id("Deep Nets", "") == compute_paper_id("deep nets!", "")
    assert compute_paper_id("Deep Nets", "") != compute_paper_id("Deeper Nets", "")


def test_a_text_that_many_papers_share_does_not_join_them() -> None:
    assert compute_paper_id("One", "No abstract available.") != compute_paper_id(
        "Two", "No abstract available."
    )


def test_papers_without_a_letter_are_told_apart() -> None:
    assert compute_paper_id("?", "") != compute_paper_id("!", "")


def test_the_titled_place_is_in_front_and_lends_the_title() -> None:
    paper = merged(entry(10), entry(299, "page.txt", title="LaRE"))
    assert paper.title == paper.label == "LaRE"
    assert [str(place) for place in paper.places] == ["page.txt:299", "list.txt:10"]


def test_each_field_comes_from_whichever_entry_knows_it() -> None:
    paper = merged(
        entry(1, code=False, links=("a",)),
        entry(2, year=2023, month=4, code=True, category="CV", links=("b", "a"), venue="X"),
    )
    assert (paper.year, paper.month, paper.code, paper.category) == (2023, 4, True, "CV")
    assert (paper.links, paper.venue) == (("a", "b"), "X")


def test_a_date_is_not_put_together_from_two_entries() -> None:
    paper = merged(entry(1, title="A", month=5, day=2), entry(2, year=2023, month=4))
    assert (paper.year, paper.month, paper.day) == (None, 5, 2)


def test_an_unknown_mark_is_not_a_missing_one() -> None:
    assert merged(entry()).code is None
    assert merged(entry(code=False)).code is False


def test_the_page_owner_is_an_author_whom_et_al_hides() -> None:
    paper = merged(entry(1, "page.txt", authors=("Ann", "Bob")), page_txt="Cho")
    assert paper.authorships == (
        Authorship(paper.paper_id, "Ann", "first", 1),
        Authorship(paper.paper_id, "Bob", "listed", 2),
        Authorship(paper.paper_id, "Cho", "page"),
    )
    assert paper.authors == ("Ann", "Bob")


def test_a_printed_owner_keeps_the_printed_role() -> None:
    paper = merged(entry(1, "page.txt", authors=("Cho", "Bob")), page_txt="Cho")
    assert [(a.name, a.role) for a in paper.authorships] == [("Cho", "first"), ("Bob", "listed")]


def test_like_names_are_not_made_one() -> None:
    paper = merged(entry(1, "page.txt", authors=("Kexin Baoa",)), page_txt="Kexin Bao")
    assert [a.name for a in paper.authorships] == ["Kexin Baoa", "Kexin Bao"]


def test_the_complete_list_of_authors_counts_and_no_printed_name_is_lost() -> None:
    paper = merged(
        entry(1, title="A", authors=("Ann", "Bob", "Cy")),
        entry(2, authors=("Ann", "Dee"), authors_complete=True),
    )
    assert [(a.name, a.position) for a in paper.authorships] == [
        ("Ann", 1),
        ("Dee", 2),
        ("Bob", None),
        ("Cy", None),
    ]
    assert paper.authors_complete


GUESSED = ("authors: guessed from the lines under the title",)


def test_a_field_is_known_as_the_entry_that_gave_it_knows_it() -> None:
    guess = ("venue: guessed from the first page's head or foot",)
    file = entry(1, "b.pdf", venue="Bogs", provenance=guess, page_starts=(0,))
    assert merged(file).provenance == guess
    assert merged(entry(1, venue="Bog Letters"), file).provenance == ()


def _list_names(*entries: Entry) -> list[tuple[str, int | None, str]]:
    return [(a.name, a.position, a.family) for a in merged(*entries).authorships]


def test_a_bibliography_s_initials_are_filled_in_from_the_full_names_of_its_file() -> None:
    cited = entry(
        1, "refs.bib", authors=("M. van den Berg", "P. J. Roe"), families=("van den Berg", "Roe"),
        authors_complete=True,
    )  # fmt: skip
    file = entry(
        1, "berg.pdf", authors=("Mara van den Berg", "Petra Roe"), authors_complete=True,
        provenance=GUESSED, page_starts=(0,),
    )  # fmt: skip
    assert _list_names(cited, file) == [
        ("Mara van den Berg", 1, "van den Berg"),
        ("Petra Roe", 2, "Roe"),
    ]
    paper = merged(cited, file)
    assert paper.how_known("authors") == (
        "given names from berg.pdf, guessed from the lines under the title"
    )
    assert str(trace_fields(paper, [cited, file])["authors"]) == "berg.pdf:1"


def test_initials_are_filled_in_name_by_name_where_only_one_can_be_meant() -> None:
    cited = entry(1, "refs.ris", authors=("Y. Zhang", "Y. Zhang", "M. Quill"))
    file = entry(2, "a.pdf", authors=("Mara Quill", "Ying Zhang", "Yang Zhang", "Ada Poe"))
    assert _list_names(cited, replace(file, provenance=GUESSED))[:3] == [
        ("Y. Zhang", 1, ""),
        ("Y. Zhang", 2, ""),
        ("Mara Quill", 3, ""),
    ]
    other = entry(2, "a.pdf", authors=("Jana Doe", "Rik Roe"), provenance=GUESSED)
    assert [n for n, *_ in _list_names(entry(authors=("K. Doe", "R. Roe")), other)][:2] == [
        "K. Doe",
        "Rik Roe",
    ], "another Doe is no fuller print"


def test_a_list_that_a_person_corrected_stays_as_it_is() -> None:
    cited = entry(1, "a.pdf", authors=("M. Quill",), provenance=("authors: corrected by a person",))
    file = entry(2, "b.pdf", authors=("Mara Quill",), provenance=GUESSED)
    assert [a.name for a in merged(cited, file).authorships] == ["M. Quill"]


def test_merging_does_not_depend_on_the_order_of_entries() -> None:
    entries = [
        entry(9, year=2020),
        entry(3, "b.txt", title="T", authors=("A",)),
        entry(4, code=True),
    ]
    assert merged(*entries) == merged(*reversed(entries))
    assert compute_paper_digest(merged(*entries)) == compute_paper_digest(
        merged(*reversed(entries))
    )


def test_digests_see_content_and_only_the_paper_s_sees_places() -> None:
    assert compute_entry_digest(entry(1)) == compute_entry_digest(entry(2))
    assert compute_entry_digest(entry(1)) != compute_entry_digest(entry(1, year=1999))
    assert compute_paper_digest(merged(entry(1))) != compute_paper_digest(merged(entry(2)))


# --- labels ---------------------------------------------------------------------------------


def test_a_label_names_what_the_paper_brings() -> None:
    known = {
        "Faces are hard. We propose a novel framework, DuetFace, that employs collaborative "
        "inference in two places.": "DuetFace: collaborative inference in two places",
        "Old ways fail. To this end, this paper presents a Focal Pruning (FoPru) method that "
        "prunes tokens.": "Focal Pruning (FoPru) method",
        "We introduce an innovative pretraining paradigm for sign language, called C^2RL, "
        "here.": "C^2RL: pretraining paradigm for sign language",
        "We present ASAP, a new framework for detecting fakes.": "ASAP: framework for detecting fakes",
        "Images are many. We propose a method.": "Images are many.",
        "Nothing here says what is brought by these words at all": "Nothing here says what is "
        "brought by these words at…",
        "": "Untitled",
    }
    assert {text: build_label(text) for text in known} == known


def test_every_untitled_seed_has_a_label_of_its_own(seeds: Path) -> None:
    untitled = [
        e for path in sorted(seeds.glob("*.txt")) for e in read(path).entries if e.title is None
    ]
    labels = [build_label(e.text) for e in untitled]
    assert len(labels) == 20
    assert len(set(labels)) == 20


@given(st.text(max_size=300))
def test_a_label_is_short_and_never_empty(text: str) -> None:
    made = build_label(text)
    assert made.strip()
    assert len(made.split()) <= MAX_LABEL_WORDS
    assert len(made) <= MAX_LABEL_CHARS + 1
