"""Pointers at papers become titles, pasted abstracts their papers."""

from __future__ import annotations

import pytest

from rag.understanding.pointers import expand_pointers, find_pasted
from tests.shelf import Shelf, paper

PEAT = "We weigh the peat of forty northern bogs by hand over nine winters and find that its weight falls by a third in each of them."
LIBRARY = Shelf(
    [
        paper("p1", "Peat Weights in Forty Bogs", PEAT, ["Lea Moreau", "Tom Haas"], year=2021,
              doi="10.5555/peat.1", url="https://bog.example/papers/7.pdf", venue="Bog Letters", pmid="4242"),
        paper("p2", "Moss on the Roofs of Barns", "Moss grows.", ["Anke van der Meer", "Tom Haas", "Lea Moreau"],
              year=2019, arxiv="1904.01234", url="https://arxiv.org/abs/1904.01234"),
        paper("p3", "Reed Beds", "Reeds stand.", ["Gabi García Márquez"], year=2018),
        paper("p4", "Strings near Black Holes", "Strings bend.", ["Ed Witt"], arxiv="hep-th/9901001"),
        paper("p5", "Moduli of Curves", "Curves move.", ["Val Cur"], arxiv="math/0309136"),
    ]
)  # fmt: skip
P1, P2, P3 = "Peat Weights in Forty Bogs", "Moss on the Roofs of Barns", "Reed Beds"
P4, P5 = "Strings near Black Holes", "Moduli of Curves"


@pytest.mark.parametrize(
    ("question", "expanded"),
    [
        ("What is the paper with DOI 10.5555/PEAT.1 about?", f"What is {P1} about?"),
        ("Who wrote https://doi.org/10.5555/peat.1?", f"Who wrote {P1}?"),
        ("doi:10.5555/peat.1", P1),
        ("Summarise arXiv:1904.01234v3.", f"Summarise {P2}."),
        ("What is arXiv 1904.01234 about?", f"What is {P2} about?"),
        ("https://arxiv.org/pdf/1904.01234v2.pdf", P2),
        ("Who wrote hep-th/9901001?", f"Who wrote {P4}?"),
        ("papers like arXiv:hep-th/9901001v2", f"papers like {P4}"),
        ("https://arxiv.org/abs/hep-th/9901001", P4),
        ("What is math.AG/0309136 about?", f"What is {P5} about?"),
        ("What is the paper with arXiv id math/0309136 about?", f"What is {P5} about?"),
        ("doi:10.48550/arXiv.hep-th/9901001", P4),
        ("and/or hep-th/9901002", "and/or hep-th/9901002"),
        ("Who wrote PMID 4242?", f"Who wrote {P1}?"),
        ("What does http://www.bog.example/papers/7 say?", f"What does {P1} say?"),
        ("What did Moreau and Haas (2021) find?", f"What did {P1} find?"),
        ("Moreau & Haas, 2021", P1),
        ("what do van der Meer et al. (2019) say?", f"what do {P2} say?"),
        ("[van der Meer et al., 2019] who wrote it?", f"{P2} who wrote it?"),
        ("García Márquez 2018", P3),
        ("Moreau, L., & Haas, T. (2021). Peat Weights in Forty Bogs. Bog Letters.", P1),
        ("@article{k, title={Moss on the Roofs of Barns}, year={2019}}", P2),
        # No pointer: a person and a year, other years, other people, a plain number.
        ("papers by Tom Haas 2019", "papers by Tom Haas 2019"),
        ("Moreau and Haas (2018)", "Moreau and Haas (2018)"),
        ("How many papers since March 2019?", "How many papers since March 2019?"),
        ("Is 2021.5 a year?", "Is 2021.5 a year?"),
    ],
)
def test_a_pointer_becomes_the_title(question: str, expanded: str) -> None:
    assert expand_pointers(question, LIBRARY)[0].strip() == expanded


def test_an_identifier_that_nothing_here_has_is_told_of() -> None:
    question, notes = expand_pointers("What is 10.5555/none.9 about?", LIBRARY)
    assert question == "What is 10.5555/none.9 about?"
    assert notes == ("no paper here has DOI 10.5555/none.9",)


def test_a_pasted_abstract_is_known_by_its_words() -> None:
    known = find_pasted(f"Find similar papers: {PEAT}", LIBRARY)
    assert known is not None and known[0] is not None and known[0].paper_id == "p1"
    other = find_pasted(f"{PEAT[::-1].capitalize()}. Who works on this?", LIBRARY)
    assert other is not None and (other[0], other[2]) == (None, "Who works on this?")
    assert find_pasted("Which papers are similar to Reed Beds?", LIBRARY) is None
