"""Follow-ups made whole from what was asked and shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag import catalogue, experts, people
from rag.answering.citations import Citations
from rag.catalogue import Ask
from rag.people.ask import PersonAsk
from rag.routing import route
from rag.types import Answer, Condition, Intent, ProfilePage, Thread, Turn
from tests.shelf import Shelf, by_words, paper

SHELF = Shelf(
    [
        paper("p1", "DuetFace: Splitting Faces", "DuetFace protects faces in the frequency domain.",
              ("Yuxi Mi", "Yuge Huang"), year=2022, code=True),
        paper("p2", "VISA: Selecting Tokens", "VISA selects tokens by graphs.", ("Pengfei Jiang",),
              year=2025, code=False),
        paper("p3", "D2Pruner", "D2Pruner prunes tokens.", ("Evelyn Zhang",), year=2024, code=True),
        paper("p4", "SlerpFace: Spheres", "SlerpFace interpolates faces on a sphere.",
              ("Yuxi Mi", "Cai Wu"), year=2024, code=False),
        paper("p5", "Tracking UAVs", "UAV tracking of drones.", ("Ann Mao",), year=2021),
    ]
)  # fmt: skip


def shown(question: str, intent: Intent, *keys: str) -> Answer:
    """A content answer that cites these papers in this order."""
    cites = Citations()
    text = " ".join(
        f"[{cites.mark(p, (0, len(p.text)))}]"
        for k in keys
        for p in SHELF.papers()
        if p.paper_id == k
    )
    return Answer(question, "answered", "content", text, cites.listed(), intent=intent)


def talk(*turns: str, cites: tuple[str, ...] = ()) -> Intent:
    """The intent of the last turn; content answers before it cite ``cites``."""
    thread = Thread()
    for question in turns[:-1]:
        intent = route(question, thread, SHELF)
        retrieve = lambda query, k: by_words(SHELF, query, k)  # noqa: E731
        if intent.route == "catalogue":
            answer = catalogue.answer(intent, SHELF, retrieve)
        elif intent.route == "person":
            answer = people.answer(intent, SHELF, retrieve)
        elif intent.route == "experts":
            answer = experts.answer(intent, SHELF, retrieve)
        else:
            answer = shown(question, intent, *cites)
        thread = thread.plus(Turn(question, replace(answer, intent=intent)))
    return route(turns[-1], thread, SHELF)


@pytest.mark.parametrize(
    ("turns", "cites", "focus"),
    [
        (("What is DuetFace?", "what does it protect?"), ("p4", "p1"), ("p1",)),
        (("what does D2Pruner do?", "what metric did they introduce?"), ("p3",), ("p3",)),
        (("compare VISA and D2Pruner", "what does the first one select?"), ("p3", "p2"), ("p2",)),
        (("compare VISA and D2Pruner", "and the latter?"), ("p2", "p3"), ("p3",)),
        (("face privacy?", "the sphere one: what does it do?"), ("p1", "p4"), ("p4",)),
        (("face privacy?", "which of those uses a sphere?"), ("p1", "p4"), ("p1", "p4")),
        (("face privacy?", "which interpolates several faces?"), ("p1", "p4"), ("p1", "p4")),
        (("face privacy?", "what is the second one called?"), ("p4", "p1"), ("p1",)),
        (("face privacy?", "what does the older one do?"), ("p4", "p1"), ("p1",)),
    ],
)
def test_a_pointer_finds_what_was_named_or_shown(
    turns: tuple[str, ...], cites: tuple[str, ...], focus: tuple[str, ...]
) -> None:
    assert talk(*turns, cites=cites).parts["focus"] == focus


@pytest.mark.parametrize("pointer", ["#0", "number 0", "paper 0"])
def test_lists_count_from_one(pointer: str) -> None:
    intent = talk("face privacy?", f"what does {pointer} do?", cites=("p4", "p1"))
    assert intent.parts["focus"] == ("p4", "p1")


def test_a_person_of_a_list_is_meant_by_number() -> None:
    assert talk("who works on faces?", "what does #2 work on?").people == ("Cai Wu",)
    assert talk("who works on faces?", "what does number 0 work on?").people == ()


def test_the_query_names_the_paper_that_it_stands_for() -> None:
    intent = talk("What is DuetFace?", "what are its stages?", cites=("p1",))
    assert intent.query == "what are DuetFace's stages?"
    assert "DuetFace" in intent.reason


def test_who_wrote_it_asks_for_the_authors_of_the_paper_shown() -> None:
    intent = talk("What is DuetFace?", "and who wrote it?", cites=("p1",))
    assert intent.route == "person"
    answer = people.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert [e.name for e in answer.experts] == ["Yuxi Mi", "Yuge Huang"]


def test_which_of_those_have_code_filters_what_was_shown() -> None:
    intent = talk("face privacy?", "which of those have code?", cites=("p1", "p4"))
    assert intent.route == "catalogue"
    answer = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert answer.value == ("seed.txt:1",)


def test_of_those_no_other_paper_is_counted() -> None:
    shelf = Shelf(
        [
            paper("p1", "Faces", authors=("Ann Mao",), year=2022, code=True),
            paper("p2", "Drones", authors=("Ann Mao", "Bo Li"), year=2023, code=True, owner="Cai Wu"),
            paper("p3", "Masks", authors=("Bo Li",), owner="Cai Wu"),
        ],
        [ProfilePage("Cai Wu", n_papers=9)],
        {"Cai Wu": ["p2", "p3"]},
    )  # fmt: skip
    thread = Thread()
    for question, value in (
        ("papers with code", ("seed.txt:2", "seed.txt:1")),
        ("how many of those are from 2023?", 1),
        ("papers with code", ("seed.txt:2", "seed.txt:1")),
        ("how many of those are by Cai Wu?", 1),
    ):
        intent = route(question, thread, shelf)
        answer = catalogue.answer(intent, shelf, lambda query, k: by_words(shelf, query, k))
        thread = thread.plus(Turn(question, replace(answer, intent=intent)))
        assert answer.value == value
        assert "not counted" not in answer.text and "page itself" not in answer.text


def test_none_of_those_says_nothing_of_the_others() -> None:
    intent = talk("papers by Pengfei Jiang", "which of those are from 2024 and have code?")
    answer = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert answer.text.endswith("among those just shown in this library.")


def test_what_about_replaces_the_part_that_it_names() -> None:
    year = talk("how many papers from 2024 have code?", "what about 2022?")
    assert {(c.field, c.value) for c in year.conditions} == {("code", True), ("year", 2022)}
    topic = talk("who works on UAV tracking?", "what about graphs?")
    assert (topic.route, topic.topic) == ("experts", "graphs")
    person = talk("who collaborates with Yuxi Mi?", "and Ann Mao?")
    assert person.people == ("Ann Mao",)


def test_a_share_of_something_else_has_that_for_its_whole() -> None:
    intent = talk("what share of the 2024 papers have code?", "and 2022?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.value == "100%"
    assert "1 of the 1 paper here from 2022" in made.text


def test_a_page_may_be_a_further_condition_on_people() -> None:
    intent = talk("who works on UAV tracking?", "and on Yuxi Mi's page?")
    assert intent.conditions == (Condition("page", "is", "Yuxi Mi"),)


def test_figures_of_somebody_else_are_of_them_alone() -> None:
    intent = talk("the h-index of Yuxi Mi and Cai Wu?", "and Ann Mao?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert "Ann Mao has no author page here" in made.text
    assert "Yuxi Mi" not in made.text


@pytest.mark.parametrize("pointer", ["she", "that person", "this researcher"])
def test_he_and_her_mean_the_person_last_told_of(pointer: str) -> None:
    intent = talk("who is Ann Mao?", f"who does {pointer} work with?")
    assert (intent.route, intent.people) == ("person", ("Ann Mao",))


def test_the_same_first_author_leads_to_their_later_papers() -> None:
    intent = talk(
        "explain DuetFace", "did the same first author write a later paper?", cites=("p1",)
    )
    answer = people.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert [c.paper_id for c in answer.citations] == ["p4"]


def test_a_question_of_its_own_is_left_alone() -> None:
    intent = talk("What is DuetFace?", "who works on UAV tracking?", cites=("p1",))
    assert "focus" not in intent.parts
    assert intent.topic == "UAV tracking"


def test_its_after_a_name_in_the_question_is_of_that_name() -> None:
    turns = ("What is DuetFace?", "how does DistilPose-S differ from its heatmap teacher?")
    intent = talk(*turns, cites=("p1",))
    assert (intent.query, intent.parts.get("focus")) == (turns[1], None)
    of_shown = talk(turns[0], "on COCO, what is its accuracy?", cites=("p1",))
    assert of_shown.parts["focus"] == ("p1",)


def test_without_anything_shown_a_pointer_is_left_as_typed() -> None:
    assert route("which of those have code?", Thread(), SHELF).parts.get("focus") is None


def test_the_second_person_of_experts_is_a_person() -> None:
    intent = talk("who works on faces?", "tell me more about the second person")
    assert intent.route == "person" and len(intent.people) == 1


def test_a_count_can_be_listed() -> None:
    intent = talk("how many papers from 2024 have code?", "which ones?")
    assert isinstance(ask := intent.parts["ask"], Ask) and ask.verb == "list"
    assert {c.field for c in intent.conditions} == {"year", "code"}


def test_an_extreme_keeps_the_papers_it_was_asked_of() -> None:
    intent = talk("oldest paper by Yuxi Mi", "and the newest?")
    assert intent.conditions[0].field == "author"
    assert isinstance(ask := intent.parts["ask"], Ask) and ask.most


def test_who_wrote_it_may_be_asked_of_another_paper() -> None:
    intent = talk("who wrote DuetFace?", "and SlerpFace?")
    assert intent.route == "person" and intent.parts["focus"] == ("p4",)


def test_they_are_the_two_people_compared() -> None:
    intent = talk("compare Yuxi Mi and Cai Wu", "how many papers do they share?")
    assert intent.route == "person" and set(intent.people) == {"Yuxi Mi", "Cai Wu"}


def test_experts_may_be_asked_for_under_a_further_condition() -> None:
    intent = talk("experts on faces", "only since 2024")
    assert intent.route == "experts"
    assert [c.field for c in intent.conditions] == ["year"]


# --- more of what was listed ----------------------------------------------------------------


def test_who_else_leaves_out_those_who_were_named() -> None:
    first = talk("top 1 expert on faces?", "who else?")
    assert (first.route, first.parts["besides"]) == ("experts", ("Yuxi Mi",))
    second = talk("top 1 expert on faces?", "who else?", "anyone else?")
    assert len(second.parts["besides"]) == 2  # type: ignore[arg-type]


def test_who_else_after_a_paper_asks_for_others_on_what_it_is_about() -> None:
    intent = talk("What is DuetFace?", "who else works on that?", cites=("p1",))
    assert (intent.route, intent.topic) == ("experts", "DuetFace: Splitting Faces")
    assert (intent.parts["besides"], intent.parts["alike"]) == (("Yuxi Mi", "Yuge Huang"), "p1")


def test_similar_papers_are_those_like_the_one_shown_without_itself() -> None:
    intent = talk("What is DuetFace?", "any similar papers?", cites=("p1",))
    made = catalogue.answer(intent, SHELF, lambda q, k: by_words(SHELF, q, k))
    assert (intent.route, intent.parts["alike"]) == ("catalogue", "p1")
    assert "p1" not in [p.paper_id for p in made.papers]


@pytest.mark.parametrize(
    ("turns", "people"),
    [
        (("who works on tokens?", "compare the first two"), ("Pengfei Jiang", "Evelyn Zhang")),
        (("who is Yuxi Mi?", "what about Cai Wu?", "what do they share?"), ("Yuxi Mi", "Cai Wu")),
    ],
)
def test_two_people_of_a_conversation_are_taken_together(
    turns: tuple[str, ...], people: tuple[str, ...]
) -> None:
    intent = talk(*turns)
    assert (intent.route, set(intent.people)) == ("person", set(people))


def test_the_first_two_papers_are_taken_together() -> None:
    intent = talk("face privacy?", "compare the first two", cites=("p4", "p1", "p2"))
    assert (intent.route, intent.parts["focus"]) == ("content", ("p4", "p1"))


def test_the_second_one_is_of_the_list_though_one_of_it_was_asked_about_between() -> None:
    turns = ("face privacy?", "who wrote the first one?", "and the second one?")
    intent = talk(*turns, cites=("p4", "p1"))
    assert (intent.route, intent.parts["focus"]) == ("person", ("p1",))


@pytest.mark.parametrize(
    ("turns", "sources"),
    [
        (("papers since 2022", "by Yuxi Mi?"), ("seed.txt:4", "seed.txt:1")),
        (("papers with code", "since 2023"), ("seed.txt:3",)),
        (("papers with code", "the newest of those", "and without code?"), ("seed.txt:2",)),
        (("how many papers by Yuxi Mi?", "which of them from 1999?", "list those from 2022"), ("seed.txt:1",)),
    ],
)  # fmt: skip
def test_a_condition_alone_changes_the_last_list(
    turns: tuple[str, ...], sources: tuple[str, ...]
) -> None:
    made = catalogue.answer(talk(*turns), SHELF, lambda q, k: by_words(SHELF, q, k))
    assert made.value == sources


def test_a_time_takes_the_place_of_another_time() -> None:
    intent = talk("papers by Yuxi Mi from 2022", "and since spring 2023?")
    assert [c.field for c in intent.conditions] == ["author", "date"]


def test_and_recently_asks_for_the_same_people_newer_papers_first() -> None:
    intent = talk("who works on faces?", "and recently?")
    assert (intent.route, intent.topic, intent.parts["recent"]) == ("experts", "faces", True)


def test_the_newest_alone_is_of_the_last_list() -> None:
    intent = talk("papers by Yuxi Mi", "the newest")
    made = catalogue.answer(intent, SHELF, lambda q, k: by_words(SHELF, q, k))
    assert made.value == ("seed.txt:4",)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("What share of those have code?", "code"),
        ("what percentage of them are from 2022?", "year"),
        ("what fraction of these papers is by Yuxi Mi?", "author"),
        ("what percentage have code?", "code"),
    ],
)
def test_a_share_of_papers_just_shown_is_counted_over_them(question: str, field: str) -> None:
    intent = talk("papers about faces from 2022 to 2024", question)
    ask = intent.parts["ask"]
    assert isinstance(ask, Ask)
    assert (intent.route, ask.verb, ask.of) == ("catalogue", "count", ("share",))
    assert [c.field for c in intent.conditions] == [field]
    assert set(intent.several("focus")) == {"p1", "p4"}


@pytest.mark.parametrize(
    "question",
    ["what percentage is it improved by?", "What share of parameters does it need?",
     "what share of those parameters is pruned?", "which are trained in the frequency domain?"],
)  # fmt: skip
def test_a_share_of_something_else_than_papers_is_content(question: str) -> None:
    assert talk("what is DuetFace?", question, cites=("p1",)).route == "content"
    assert talk("papers from 2024", question).route == "content"


def test_a_condition_alone_is_asked_of_the_list_just_shown() -> None:
    intent = talk("papers from 2024", "how many have code?")
    assert (intent.route, set(intent.several("focus"))) == ("catalogue", {"p3", "p4"})
    assert not talk("what is DuetFace?", "how many have code?", cites=("p1",)).several("focus")


@pytest.mark.parametrize(
    ("turns", "focus"),
    [
        (("Who wrote DuetFace?", "and SlerpFace?", "do they share authors?"), ("p1", "p4")),
        (("Who wrote VISA?", "Who wrote D2Pruner?", "Have they authors in common?"), ("p2", "p3")),
        (("what is DuetFace?", "does it share authors with SlerpFace?"), ("p1", "p4")),
        (("papers from 2024", "do those share any authors?"), ("p3", "p4")),
        (("Do DuetFace and SlerpFace have authors in common?",), ("p1", "p4")),
        (("Which authors do DuetFace and VISA share?",), ("p1", "p2")),
        (("Which people do DuetFace and VISA have in common?",), ("p1", "p2")),
    ],
)
def test_papers_are_asked_for_the_authors_they_share(
    turns: tuple[str, ...], focus: tuple[str, ...]
) -> None:
    intent = talk(*turns, cites=("p1",))
    assert (intent.route, intent.parts["ask"]) == ("person", PersonAsk("common"))
    assert set(intent.several("focus")) == set(focus)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Do DuetFace and SlerpFace share authors?", "Yes: **Yuxi Mi** stands on both *DuetFace: Splitting Faces* [1] and *SlerpFace: Spheres* [2]."),
        ("Do DuetFace and VISA share authors?", "No: nobody is printed on both of *DuetFace: Splitting Faces* [1] and *VISA: Selecting Tokens* [2]."),
    ],
)  # fmt: skip
def test_shared_authors_are_named_with_their_papers(question: str, said: str) -> None:
    made = people.answer(talk(question), SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.text.startswith(said)


def test_after_many_papers_those_on_several_of_them_are_named() -> None:
    intent = talk("papers with a title", "do they share authors?")
    made = people.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert "On more than one of them stands **Yuxi Mi** (2:" in made.text
    assert made.text.startswith("Nobody is printed on all of the 5 papers")


@pytest.mark.parametrize(
    ("turns", "span"),
    [
        (("how many papers from May 2022?", "and June?"), ((2022, 6, 1), (2022, 6, 30))),
        (("papers from 2024", "and in February?"), ((2024, 2, 1), (2024, 2, 29))),
    ],
)
def test_a_month_alone_is_of_the_year_asked_for(turns: tuple[str, ...], span: object) -> None:
    assert [c.value for c in talk(*turns).conditions] == [span]


def test_a_month_alone_stays_in_the_years_asked_for() -> None:
    intent = talk("papers from 2021 or 2022", "and in March?")
    assert {c.field: c.value for c in intent.conditions} == {"year": (2021, 2022), "month": 3}


@pytest.mark.parametrize(
    ("turns", "value"),
    [
        (("papers from 2024", "how many are there?"), 2),
        (("papers by Yuxi Mi", "how many in all?"), 2),
        (("which papers are about faces?", "how many are there in total?"), 2),
        (("who has the most papers?", "how many are there?"), 6),
    ],
)
def test_a_list_is_counted_when_asked_how_many_there_are(
    turns: tuple[str, ...], value: int
) -> None:
    intent = talk(*turns, cites=("p1",))
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert (made.value, intent.route) == (value, "catalogue")


@pytest.mark.parametrize(
    ("turns", "chosen"),
    [
        (("papers from 2021 to 2024", "the oldest one?"), ["p5"]),
        (("papers by Yuxi Mi", "and the newest?"), ["p4"]),
        (("papers by Yuxi Mi", "sort them by year, oldest first"), ["p1", "p4"]),
        (("papers from 2021 to 2022", "sort by date"), ["p1", "p5"]),
        (("sort the papers of Yuxi Mi by year",), ["p4", "p1"]),
    ],
)
def test_the_end_of_a_list_and_its_order_are_those_of_the_list(
    turns: tuple[str, ...], chosen: list[str]
) -> None:
    intent = talk(*turns)
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert [p.paper_id for p in made.papers] == chosen


def test_papers_without_a_year_stand_last_in_an_order_by_date() -> None:
    shelf = Shelf([paper("p1", "Undated", "", ("Ann Mao",)), paper("p2", "Old", "", ("Ann Mao",), year=2019)])  # fmt: skip
    intent = route("sort the papers by Ann Mao by date", Thread(), shelf)
    made = catalogue.answer(intent, shelf, lambda query, k: by_words(shelf, query, k))
    assert [p.paper_id for p in made.papers] == ["p2", "p1"]
    assert "newest first; the last 1 without a year" in made.text


def test_a_last_author_is_known_where_the_list_is_complete() -> None:
    intent = talk("how many papers does Yuge Huang have as first author?", "and as last author?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert (made.value, [p.paper_id for p in made.papers]) == (1, ["p1"])
    cut = Shelf([replace(p, authors_complete=False) for p in SHELF.papers()])
    made = catalogue.answer(intent, cut, lambda query, k: by_words(cut, query, k))
    assert made.value == 0
    assert "1 paper of theirs with a list that ends in 'et al.' not counted" in made.text


@pytest.mark.parametrize(
    "said",
    ["no, I meant VISA", "sorry, I mean VISA", "no, rather VISA", "I meant VISA, not DuetFace"],
)
def test_a_correction_asks_the_last_question_of_something_else(said: str) -> None:
    assert talk("who wrote DuetFace?", said).several("focus") == ("p2",)


def test_of_the_co_authors_of_somebody_that_person_is_none() -> None:
    intent = talk("who are the co-authors of Yuxi Mi?", "who of them has most papers?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.value == "Cai Wu, Yuge Huang"


def test_he_is_the_first_of_a_ranking_and_without_one_no_list_is_given() -> None:
    intent = talk("who has the most papers?", "what does he work on?")
    assert (intent.route, intent.people) == ("person", ("Yuxi Mi",))
    assert talk("what does he work on?").route == "content"


@pytest.mark.parametrize(
    ("turns", "verb"),
    [
        (("who is Yuxi Mi?", "how many papers with Cai Wu?"), "count"),
        (("how many papers has Yuxi Mi?", "how many with Cai Wu?"), "count"),
        (("papers by Yuxi Mi", "which together with Cai Wu?"), "list"),
    ],
)
def test_papers_with_somebody_are_those_of_both(turns: tuple[str, ...], verb: str) -> None:
    intent = talk(*turns)
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    ask = intent.parts["ask"]
    assert isinstance(ask, Ask)
    assert (ask.verb, [p.paper_id for p in made.papers]) == (verb, ["p4"])


@pytest.mark.parametrize(
    ("question", "focus"),
    [("which one has code?", ("p1", "p4")), ("who wrote the older one?", ("p1",))],
)
def test_after_one_of_two_was_chosen_both_are_still_compared(
    question: str, focus: tuple[str, ...]
) -> None:
    turns = ("what is D2Pruner?", "compare DuetFace and SlerpFace", "which one is newer?")
    assert set(talk(*turns, question, cites=("p3",)).several("focus")) == set(focus)


def test_a_year_alone_replaces_the_year_of_the_last_list() -> None:
    assert talk("papers from 2022", "2024?").conditions == (Condition("year", "is", 2024),)
    assert talk("2024?").route == "unsupported"


def test_a_made_up_word_in_the_condition_of_a_list_names_no_paper() -> None:
    linked = Shelf([*SHELF.papers(), paper("p6", "Code", "GitLab hosts it.", ("Ann Mao",), links=("https://gitlab.com/a",), year=2020),
                    paper("p7", "More", "It works.", ("Ann Mao",), links=("https://gitlab.com/b",), year=2021)])  # fmt: skip
    first = route("how many papers have a GitLab link?", Thread(), linked)
    answer = catalogue.answer(first, linked, lambda query, k: by_words(linked, query, k))
    thread = Thread().plus(Turn(first.question, replace(answer, intent=first)))
    intent = route("how many of them are from 2021?", thread, linked)
    assert set(intent.several("focus")) == {"p6", "p7"}


@pytest.mark.parametrize(
    ("turns", "conditions"),
    [
        (("papers by Yuxi Mi from 2022", "actually, from 2024"), {"author": "@0", "year": 2024}),
        (("papers by Yuxi Mi with code", "without code instead"), {"author": "@0", "code": False}),
        (("papers by Yuxi Mi with code", "no, without code"), {"author": "@0", "code": False}),
    ],
)
def test_a_condition_taken_back_leaves_the_others(
    turns: tuple[str, ...], conditions: dict[str, object]
) -> None:
    assert {c.field: c.value for c in talk(*turns).conditions} == conditions


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("and May to July?", ((2023, 5, 1), (2023, 7, 31))),
        ("and April and May?", (((2023, 4, 1), (2023, 4, 30)), ((2023, 5, 1), (2023, 5, 31)))),
    ],
)
def test_several_months_are_of_the_year_asked_for(question: str, said: object) -> None:
    assert [c.value for c in talk("papers from March 2023", question).conditions] == [said]


def test_papers_alike_keep_to_a_further_condition() -> None:
    intent = talk("what is DuetFace?", "similar papers?", "from 2024?", cites=("p1",))
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert {p.paper_id for p in made.papers} <= {"p3", "p4"}
    assert "from 2024" in made.text


def test_the_papers_of_an_author_hold_the_one_shown_unless_others_are_asked_for() -> None:
    intent = talk("who wrote DuetFace?", "how many papers does its first author have?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.value == 2
    others = talk("who wrote DuetFace?", "what else did its first author write?")
    assert [c.field for c in others.conditions] == ["paper"]


def test_how_many_after_somebody_are_that_persons_papers() -> None:
    intent = talk("is Yuxi Mi in the library?", "how many papers?")
    assert [(c.field, c.value) for c in intent.conditions] == [("author", "Yuxi Mi")]
    assert talk("how many papers?").conditions == ()


@pytest.mark.parametrize(
    ("turns", "value"),
    [
        (("papers by Yuxi Mi", "how many in 2024?"), 1),
        (("papers by Yuxi Mi", "how many as first author?"), 2),
        (("papers from 2024", "and how many by Yuxi Mi?"), 1),
        (("papers from 2024", "how many without code?"), 1),
        (("papers by Yuxi Mi", "without Cai Wu", "how many are left?"), 1),
        (("papers by Yuxi Mi", "exclude those with Yuge Huang", "how many remain?"), 1),
    ],
)
def test_how_many_under_a_condition_is_asked_of_the_last_list(
    turns: tuple[str, ...], value: int
) -> None:
    made = catalogue.answer(talk(*turns), SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.value == value


def test_papers_asked_about_one_after_the_other_are_compared() -> None:
    turns = ("when was DuetFace posted?", "and VISA?", "and SlerpFace?", "which is older?")
    assert set(talk(*turns).several("focus")) == {"p1", "p2", "p4"}


def test_who_wrote_most_of_them_ranks_people_and_who_else_wrote_it_names_them() -> None:
    ask = talk("papers from 2024", "who wrote most of them?").parts["ask"]
    assert isinstance(ask, Ask) and ask.verb == "people"
    assert talk("what is VISA?", "who else wrote it?", cites=("p2",)).parts["ask"] == PersonAsk(
        "authors"
    )


def test_how_many_after_what_a_paper_says_is_asked_of_that_paper() -> None:
    intent = talk("which datasets does DuetFace use?", "how many of them are there?", cites=("p1",))
    assert (intent.route, intent.several("focus")) == ("content", ("p1",))


def test_a_wish_for_other_words_is_no_correction() -> None:
    assert talk("who works on faces?", "make it shorter").topic != "shorter"


@pytest.mark.parametrize("word", ["Thanks, and", "ok, great.", "Sorry,"])
def test_a_word_of_courtesy_before_a_follow_up_changes_nothing(word: str) -> None:
    intent = talk("papers from 2024", f"{word} how many are there?")
    made = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    assert made.value == 2
    assert set(talk("papers from 2024", f"{word} which are by Yuxi Mi?").several("focus")) == {
        "p3",
        "p4",
    }
