"""Which sentence leads an answer where shared words mislead, and what is quoted with it."""

from __future__ import annotations

import pytest

from rag.answers.extractive import answer_by_quotes
from rag.answers.leading import find_sides_of_than, is_pointing_back, tells_how
from rag.answers.quoting import choose_sentences, tells_problem
from rag.answers.sentence_forms import Request, defines
from rag.text import split_sentences
from rag.text.everyday import is_everyday
from rag.types import PaperHit, Query, Retrieval, Sentence, SentenceRole, Sufficiency
from rag.types.query import Detail
from tests.shelf import paper

ROLES: dict[str, SentenceRole] = {
    "b": "background", "p": "problem", "a": "aim", "m": "method", "r": "result", "l": "limitation",
}  # fmt: skip


def read(text: str, roles: str, title: str = "LeafNet: Reading Leaves") -> PaperHit:
    """A paper whose later sentences match the question a little better."""
    spans = split_sentences(text)
    told = [
        Sentence(span, 0.5 + at / 100, ROLES[role])
        for at, (span, role) in enumerate(zip(spans, roles, strict=True))
    ]
    return PaperHit(paper("p1", title, text), 1.0, 1, tuple(told), {})


def answer(question: str, hit: PaperHit, asks_for: Detail | None = None) -> str:
    query = Query("passages", text=question, asks_for=asks_for)
    found = answer_by_quotes(query, Retrieval(question, (hit,)), (hit,), Sufficiency(True, 0.9))
    return found.text.split("\n")[0]


def lead(question: str, hit: PaperHit, asks_for: Detail | None = None) -> str:
    return hit.paper.text[slice(*choose_sentences(question, hit, 1, asks_for=asks_for)[0].span)]


def test_a_figure_is_of_the_measure_that_is_asked_for() -> None:
    hit = read(
        "LeafNet reduces FLOPs by 74.2% on oaks. At a 90% token reduction rate LeafNet keeps an 85% reduction.",
        "rr",
    )
    assert "74.2" in lead("what FLOPs reduction does LeafNet get?", hit, "number")
    assert "90%" in lead("what token reduction rate does LeafNet get?", hit, "number")


def test_a_figure_that_is_printed_with_a_break_is_quoted_whole() -> None:
    hit = read("We gain a lot, up to 63. 53% improvement over others.", "rr")
    assert "63. 53% improvement" in answer("how much does LeafNet gain?", hit, "number").replace(
        "*", ""
    )


def test_whether_something_can_be_done_is_not_answered_by_a_boast() -> None:
    hit = read(
        "We propose LeafNet, which jointly finds spots and mends them. "
        "Extensive experiments show the state-of-the-art performance of LeafNet to mend leaves and detect spots.",
        "ar",
    )
    assert "jointly" in lead(
        "is LeafNet able to mend leaves as well as detect spots?", hit, "yes_no"
    )
    assert "state-of-the-art" in lead("does LeafNet perform well?", hit, "yes_no")


def test_how_a_named_thing_works_is_told_by_its_method() -> None:
    hit = read(
        "It is hard for nets to tell oaks from elms. We compare each leaf with its own drawing. "
        "LeafNet surpasses others and can tell oaks from elms.",
        "bmm",
    )
    assert "drawing" in lead("how does LeafNet tell oaks from elms?", hit, "method")
    assert "drawing" not in lead("how good is LeafNet, does it tell oaks from elms well?", hit)


def test_which_of_two_is_better_is_answered_by_the_sentence_with_both() -> None:
    text = "Our findings highlight gains of LF2 over LFA. Experiments show that VL-LF2 is better for tracking leaves."
    assert "gains" in lead("is LF2 better than LFA for tracking leaves?", read(text, "mr"))
    assert find_sides_of_than("is LF2 better than LFA?") == ("LF2", "LFA")
    assert find_sides_of_than("is LF2 better than trees?") == ()


def test_a_problem_is_not_told_by_its_remedy() -> None:
    hit = read(
        "Leaves fall. Old and new leaves are hard to keep apart. To address the problem, we propose LeafNet to solve it.",
        "bpa",
    )
    assert lead("what problem is LeafNet solving", hit, "problem").startswith("Old and new")


def test_a_list_goes_with_the_sentence_that_announces_it() -> None:
    hit = read(
        "Current nets have limitations. Firstly, they dry out. Secondly, they rot. We water them.",
        "pppa",
    )
    told = answer("what's wrong with current nets?", hit, "limitation")
    assert "dry out. Secondly, they rot.”" in told and "water" not in told


def test_what_points_back_is_quoted_with_what_it_points_to() -> None:
    text = "Most nets freeze their stem. These approaches fail on soft leaves. We propose LeafNet."
    told = answer("what problem is there with soft leaves?", read(text, "bpa"), "problem")
    assert told.startswith("“Most nets freeze their stem. These approaches fail on soft leaves.”")
    own = "Most nets freeze. These modules of LeafNet fail on soft leaves."
    assert "“Most" not in answer("what fails on soft leaves?", read(own, "bm"), "problem")


def test_why_is_told_by_the_cause_with_what_it_is_the_cause_of() -> None:
    text = "We find that leaves fade inside. We attribute this to a lack of light. We propose LeafNet to stop that leaves lose colour."
    told = answer("why would leaves lose colour?", read(text, "mma"), "cause")
    assert told.startswith(
        "“We find that leaves fade inside. We attribute this to a lack of light.”"
    )


def test_limits_of_others_are_not_told_as_the_papers_own() -> None:
    others = "Existing nets are limited by their size. We propose LeafNet. It works."
    not_stated = "Its own limits are not stated. The problem it addresses: “Existing nets"
    assert answer("LeafNet limits?", read(others, "par"), "limitation").startswith(not_stated)
    own = "Existing nets are big. We propose LeafNet. However, our LeafNet is limited to oaks and fails on pines."
    assert "not stated" not in answer("limitations of LeafNet?", read(own, "pal"), "limitation")
    field = answer(
        "limits of existing nets that LeafNet addresses?", read(others, "par"), "limitation"
    )
    assert "not stated" not in field
    assert "not stated" not in answer(
        "what are the limits of nets?", read(others, "par"), "limitation"
    )
    boast = answer(
        "LeafNet drawbacks?", read("We propose LeafNet. LeafNet wins.", "ar"), "limitation"
    )
    assert boast.startswith("Its own limits are not stated. Nearest: ")
    better = read("We propose LeafNet. Compared with earlier nets, our nets keep leaves.", "ap")
    assert "Nearest: " in answer("LeafNet limits?", better, "limitation")


def test_that_nothing_is_defined_is_said() -> None:
    text = "We stop leaf curling with water."
    assert answer("what is leaf curling?", read(text, "a")).startswith(
        "No definition of “leaf curling” is stated."
    )
    assert "No definition" not in answer(
        "what is leaf curling?", read("Leaf curling is a disease.", "b")
    )
    assert "No definition" not in answer("what is LeafNet?", read(text, "a"))
    assert "No definition" not in answer(
        "what is leaf curling?", read("We introduce leaf curling, a task.", "a")
    )


@pytest.mark.parametrize(
    ("subject", "sentence", "does"),
    [
        ("federated learning", "We propose a federated learning method.", False),
        ("federated learning", "Federated learning is a paradigm for privacy.", True),
        (
            "dataset condensation",
            "Dataset condensation has been developed to learn a small set.",
            True,
        ),
        ("Anti-UAV challenge", "We present the 2nd Anti-UAV Challenge.", True),
        ("leaf curling", "A remedy is leaf curling, which bends leaves.", True),
        ("leaf attack", "Leaf attacks, one of the worst threats, harm oaks.", True),
        ("leaf vignettes", "Leaf vignettes are brief texts describing a leaf.", True),
        ("leaf attack", "Leaf attacks are often noticed.", False),
    ],
)
def test_a_method_for_a_thing_does_not_define_it(subject: str, sentence: str, does: bool) -> None:
    assert defines(subject, sentence) is does


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("Our method even surpasses all others.", False), ("We first elucidate the seeming paradox.", False),
        ("It outperforms others by using two cores.", True), ("The stem feeds the leaf.", True),
    ],
)  # fmt: skip
def test_how_it_works_is_not_how_well(text: str, does: bool) -> None:
    hit = read(text, "m")
    assert tells_how(hit.paper, hit.sentences[0]) is does


def test_words_of_place_are_everyday() -> None:
    assert all(map(is_everyday, ["inside", "throughout", "underneath", "outwards"]))
    assert not is_everyday("interior")


def test_a_limit_leads_where_an_idiom_asks_for_it_alone() -> None:
    hit = read("Oaks cannot be read yet. LeafNet relies on the shape of leaves.", "pm")
    # read as asking for a limitation, which its words do not
    assert lead("which capability does LeafNet rely on?", hit, "limitation").startswith("LeafNet")
    assert lead("where does leaf reading fall short?", hit, "limitation").startswith("Oaks")


def test_what_is_wrong_asks_for_no_definition() -> None:
    assert "definition" not in Request.read_question("what is wrong with LeafNet?").kinds
    assert "definition" in Request.read_question("what is LeafNet?").kinds


def test_where_no_figure_is_printed_an_amount_is_told_by_the_result() -> None:
    hit = read("LeafNet surpasses all others on oaks. A loss keeps outputs alike.", "rm")
    assert lead("how accurate is LeafNet?", hit).startswith("LeafNet surpasses")


def test_why_is_answered_by_the_sentence_that_says_it_explains() -> None:
    hit = read(
        "A likely explanation for this is the shade. The trees of the north are tall, too.", "br"
    )
    assert lead("why are trees tall?", hit, "cause").startswith("A likely explanation")


def test_a_challenge_that_is_tackled_is_no_problem_told() -> None:
    text = "Oaks suffer from frost. We tackle the three challenges of oaks jointly."
    spans = split_sentences(text)
    assert [tells_problem(paper("p1", "T", text), span) for span in spans] == [True, False]


def test_the_data_that_a_paper_was_tested_on_are_told_by_name() -> None:
    hit = read(
        "LeafNet is tried on data sets such as OakSet and ElmSet. Results show that it works on data.",
        "rr",
    )
    assert "OakSet" in lead("what data was LeafNet tested on?", hit, "data")


def test_a_sentence_that_begins_with_what_came_before_points_back() -> None:
    text = "However, this form of light fails. Light fails."
    assert [is_pointing_back(text, span) for span in split_sentences(text)] == [True, False]
