"""Other words for computed facts: what may change and what may not."""

from __future__ import annotations

import pytest

from rag.generation.rewording import check_wording

COUNT = "**37 papers** from 2022. (32 papers without a printed year not counted.)"
PERSON = "**Yuxi Mi**: 3 papers here, 2022 to 2024, first author of 2. Often about faces (2)."
PAIR = "**Yuxi Mi** has 5 papers here and **Bo Li** has 3 [1] [2]."
NONE = "No paper by **Yuxi Mi** on sailing is here."


@pytest.mark.parametrize(
    ("facts", "wording"),
    [
        (COUNT, "There are **37 papers** here from 2022, with 32 papers without a printed year not counted."),
        (PERSON, "**Yuxi Mi** has 3 papers here, from 2022 to 2024, and is first author of 2. They are often about faces (2)."),
        (PAIR, "Yuxi Mi wrote 5 papers and Bo Li wrote 3 [1] [2]."),
        (NONE, "There is no paper here by **Yuxi Mi** on sailing."),
    ],
)  # fmt: skip
def test_other_words_for_the_same_facts_are_taken(facts: str, wording: str) -> None:
    assert check_wording(facts, wording) == (wording, "")


@pytest.mark.parametrize("facts", [COUNT, PERSON, PAIR, NONE])
def test_the_facts_themselves_say_the_same(facts: str) -> None:
    assert check_wording(facts, facts) == (facts, "")


@pytest.mark.parametrize(
    ("facts", "wording", "why"),
    [
        (COUNT, COUNT.replace("37", "38"), "a number"),
        (COUNT, COUNT.replace("37", "thirty"), "a number"),
        (COUNT, COUNT.replace("37", "32").replace("(32", "(37"), "a number"),
        (COUNT, COUNT.replace("37 papers", "37 years"), "a number"),
        (COUNT, COUNT.replace(" not ", " "), "such as"),
        (COUNT, COUNT.replace("from 2022", "before 2022"), "such as"),
        (COUNT, COUNT.replace("37 papers", "37 seminal papers"), "adds “seminal”"),
        (COUNT, f"{COUNT} Quark wrote most.", "adds “Quark”"),
        (COUNT, COUNT.split(" (")[0], "a number"),
        (PERSON, PERSON.replace(" about faces", ""), "leaves out “faces”"),
        (COUNT, f"{COUNT} [1]", "markers"),
        (COUNT, f"{COUNT} See https://evil.example.", "markup"),
        (COUNT, f"![x](https://evil.example) {COUNT}", "markup"),
        (COUNT, f"<b>{COUNT}</b>", "markup"),
        (COUNT, f"{COUNT} [?]", "markup"),
        (COUNT, f"{COUNT}⁹", "markup"),
        (COUNT, " ", "empty"),
        (PERSON, PERSON.replace("Yuxi Mi", "Mi"), "names or their order"),
        (PERSON, PERSON.replace("Yuxi Mi", "Yuxi Li"), "adds “Li”"),
        (PERSON, PERSON.replace("first", "last"), "such as"),
        (PAIR, PAIR.replace("Yuxi Mi", "X").replace("Bo Li", "Yuxi Mi").replace("X", "Bo Li"), "names or their order"),
        (PAIR, PAIR.replace("5", "X").replace("3 ", "5 ").replace("X", "3"), "a number"),
        (PAIR, PAIR.replace("[1] [2]", "[2] [1]"), "markers"),
        (PAIR, PAIR.replace("[1] ", ""), "markers"),
        (NONE, NONE.replace("No paper", "Paper"), "such as"),
    ],
)  # fmt: skip
def test_a_wording_that_changes_anything_is_refused(facts: str, wording: str, why: str) -> None:
    shown, reason = check_wording(facts, wording)
    assert shown == "" and why in reason
