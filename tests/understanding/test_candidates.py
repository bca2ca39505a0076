"""What a turn may mean in its conversation, and which of it is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.train.turns import compute_digest
from rag.types import Reading, Thread, Turn
from rag.types.query_text import print_query
from rag.understanding import reading as reader
from rag.understanding.candidates import list_candidates
from rag.understanding.dialogue_scoring import (
    FIRST_WEIGHTS,
    TURN_WEIGHTS,
    choose_detail,
    load_network,
    rank,
)
from rag.understanding.turns import Candidate
from rag.understanding.turns import Turn as OpenTurn
from tests.conversation import ENCODE, answer_reading
from tests.shelves import FACES

LIST, TOPIC = "papers by Yuxi Mi", "who works on UAV tracking?"


def open_turn(*questions: str, monkeypatch: pytest.MonkeyPatch) -> OpenTurn:
    """The last question as generators see it."""
    turns: list[OpenTurn] = []
    join = reader.join

    def keep(turn: OpenTurn) -> Reading:
        turns.append(turn)
        return join(turn)

    monkeypatch.setattr(reader, "join", keep)
    thread = Thread()
    for question in questions:
        reading = reader.read_question(question, thread, FACES, ENCODE)
        thread = thread.add_turn(Turn(question, answer_reading(reading, FACES)))
    return turns[-1]


def find(candidates: list[Candidate], made: str, **of: object) -> list[str]:
    """The queries of a generator, as they print."""
    return [
        print_query(c.query)
        for c in candidates
        if c.kind == made and all(getattr(c.of, name) == value for name, value in of.items())
    ]


def test_a_list_before_the_last_can_still_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = open_turn(LIST, TOPIC, "only from 2024", monkeypatch=monkeypatch)
    narrowed = find(list_candidates(turn), "kept", kind="set", by="earlier")
    assert 'papers where author = "Yuxi Mi" and year = 2024' in narrowed


def test_a_paper_shown_is_found_by_place_age_year_and_title(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {
        "what does the first one do?": "place",
        "what does the older one do?": "age",
        "what does the one from 2022 do?": "year",
        "the sphere one: what does it do?": "called",
    }
    for question, by in told.items():
        turn = open_turn(LIST, question, monkeypatch=monkeypatch)
        assert by in {way for at in turn.papers_meant for way in (at.by, *at.also)}, question


def test_both_are_the_two_papers_last_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = (LIST, "what is VISA?", TOPIC, "what is D2Pruner?", "those two in contrast")
    turn = open_turn(*asked, monkeypatch=monkeypatch)
    assert "pair spoken" in {way for at in turn.papers_meant if at.ids == ("p2", "p3")
                             for way in (at.by, *at.also)}  # fmt: skip


def test_the_first_of_someones_colleagues_is_the_first_in_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ("who does Yuxi Mi write with?", "what has the first of them written?")
    turn = open_turn(*asked, monkeypatch=monkeypatch)
    assert turn.state.people[0] == "Yuxi Mi"
    assert turn.state.listed_people == ("Cai Wu", "Yuge Huang")


@pytest.mark.parametrize(
    ("first", "second", "made", "query"),
    [
        ("papers from 2022 and 2024", "and before?", "time moved", "papers where year = ..2021"),
        (LIST, "only this year's and last, I mean from 2022 on", "latest",
         'papers where author = "Yuxi Mi" and year = 2022..'),
        ("papers with code", "which share of the 2024 papers is that?", "part",
         "share of papers where code of those where year = 2024"),
        (LIST, "with spheres as keyword", "kept", 'papers where author = "Yuxi Mi" and keyword = "spheres"'),
        (LIST, "Evelyn Zhang - tokens?", "kept", 'papers about "tokens" where author = "Evelyn Zhang"'),
        (LIST, "without co-authors", "kept", 'papers where author = "Yuxi Mi" and n_authors = 1'),
    ],
)  # fmt: skip
def test_a_reading_is_among_those_of_a_turn(
    first: str, second: str, made: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = open_turn(first, second, monkeypatch=monkeypatch)
    assert query in find(list_candidates(turn), made)


def test_the_same_question_of_another_paper_leaves_out_what_named_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = open_turn(
        LIST, "how does the duet one protect?", "and the sphere one?", monkeypatch=monkeypatch
    )
    texts = {
        c.query.text for c in list_candidates(turn) if c.kind == "same" and c.of.ids == ("p4",)
    }
    assert texts and not any("duet" in text for text in texts)


def test_free_words_are_a_topic_where_the_tagger_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = open_turn(LIST, "just spheres", monkeypatch=monkeypatch)
    topics = {slot.text for frame in turn.frames for slot in frame.slots if slot.kind == "topic"}
    assert "spheres" in topics


def test_each_query_is_ranked_once_and_shares_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = open_turn(LIST, "and how many of them have code?", monkeypatch=monkeypatch)
    ranked = rank(turn, list_candidates(turn))
    queries = [candidate.query for _, candidate in ranked]
    assert len(queries) == len({*queries})
    assert sum(share for share, _ in ranked) == pytest.approx(1, abs=1e-4)
    assert print_query(queries[0]) == 'count papers where author = "Yuxi Mi" and code'


def test_a_new_topic_is_taken_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = open_turn(LIST, TOPIC, monkeypatch=monkeypatch)
    _, best = rank(turn, list_candidates(turn))[0]
    assert (best.kind, print_query(best.query)) == ("alone", 'people about "UAV tracking"')


def test_weights_were_trained_from_the_conversations_that_lie_beside_them() -> None:
    assert load_network().examples == compute_digest(), "run: python -m eval train turns"
    of_firsts = load_network(FIRST_WEIGHTS).examples
    assert of_firsts == compute_digest(firsts=True), "run: python -m eval train firsts"
    assert TURN_WEIGHTS.stat().st_size < 2_500_000 > 2 * FIRST_WEIGHTS.stat().st_size


def test_a_network_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    network = load_network()
    network.write(tmp_path / "turns.npz")
    read = load_network.__wrapped__(tmp_path / "turns.npz")
    signs, marks = {"w how": 0.7, "1": 2.0}, [{"want papers": 1.0}, {"want count": 1.0}]
    assert read.weigh(signs, None, marks) == pytest.approx(network.weigh(signs, None, marks))
    assert (read.marks, read.signs, read.examples) == (
        network.marks, network.signs, network.examples,
    )  # fmt: skip


def test_signs_without_weights_and_a_vector_like_the_mean_change_no_score() -> None:
    network = load_network()
    signs, marks = {"w how": 0.7}, [{"want papers": 1.0, "no mark": 5.0}, {"want count": 1.0}]
    plain = network.weigh(signs, None, marks)
    assert network.weigh({**signs, "no sign": 9.0}, network.middle, marks) == pytest.approx(plain)


def test_a_detail_of_content_is_chosen_by_the_words_of_the_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"how many faces does it use?": "number", "what are its limits?": "limitation"}
    for question, detail in asked.items():
        turn = open_turn("what is DuetFace?", question, monkeypatch=monkeypatch)
        assert choose_detail(turn) == detail
