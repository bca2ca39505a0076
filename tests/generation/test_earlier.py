"""Earlier turns within a budget of tokens."""

from __future__ import annotations

from rag.answers.citations import build_citation
from rag.generation.earlier import EarlierTurn, choose_earlier_turns
from rag.generation.evidence import count_tokens
from rag.types import Answer, Thread, Turn
from tests.shelf import paper

ROADS = paper("p1", "Roads")


def thread(n: int, words: int = 100) -> Thread:
    def turn(number: int) -> Turn:
        text = f"Answer {number} begins [1]. " + "It goes on. " * words
        return Turn(
            f"Question {number}?",
            Answer("", "answered", "content", text, (build_citation(1, ROADS, (0, 2)),)),
        )

    return Thread(tuple(turn(number) for number in range(1, n + 1)))


def test_a_short_thread_is_read_whole_and_nothing_is_noted() -> None:
    read = choose_earlier_turns(thread(2, words=1), 1000)
    assert [said.question for said in read.turns] == ["Question 1?", "Question 2?"]
    assert read.turns[0].answer.startswith("Answer 1 begins")
    assert (dict(read.counts), read.note) == ({}, "")


def test_older_turns_are_shortened_to_their_first_sentence_and_their_papers() -> None:
    read = choose_earlier_turns(thread(5), 1100)
    assert read.turns[0] == EarlierTurn("Question 1?", "Answer 1 begins . (papers: Roads)")
    assert "It goes on" in read.turns[-1].answer
    assert read.n_left_out == 0 and 0 < read.n_whole < 5
    assert dict(read.counts) == {
        "whole": read.n_whole,
        "shortened": 5 - read.n_whole,
        "left_out": 0,
    }


def test_the_oldest_turns_are_left_out_and_the_note_says_so() -> None:
    read = choose_earlier_turns(thread(200), 600)
    assert read.turns[-1].question == "Question 200?"
    assert read.n_left_out == 200 - len(read.turns) > 0
    assert read.note.startswith("of the 200 earlier turns the model read ")
    assert f"and {read.n_left_out} not at all" in read.note


def test_the_budget_is_kept_whatever_the_turns_hold() -> None:
    for n, budget in ((1, 20), (3, 300), (50, 1500)):
        read = choose_earlier_turns(thread(n, words=500), budget)
        assert (
            sum(count_tokens(said.question) + count_tokens(said.answer) for said in read.turns)
            <= budget
        )
