"""Shapes that models and servers give a reply: each is shown as the same sentences with the same markers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generation.gate import CitationGate
from rag.generation.unwrapping import Unwrapper
from rag.types import Authorship, Evidence, Paper, Place


def build_evidence(key: str, label: str, text: str, author: str, year: int) -> Evidence:
    paper = Paper(
        key, None, label, text, (Authorship(key, author, "first", 1),), True, (Place("a.txt", 1),), year=year
    )  # fmt: skip
    return Evidence(key, paper, ((0, len(text)),), 1.0)


EVIDENCE = (
    build_evidence("E1", "KelpNet", "KelpNet counts 4,500 kelp fronds in tidal pools.", "Ana Lund", 2022),
    build_evidence("E2", "ShoreNet", "ShoreNet films 1,810 gulls on rocky shores.", "Bo Reed", 2024),
    build_evidence("E3", "ShoreNet 2", "ShoreNet 2 films seals at night.", "Bo Reed", 2024),
)  # fmt: skip
KELP, SHORE = "KelpNet counts 4,500 kelp fronds", "ShoreNet films 1,810 gulls"
BOTH = f"{KELP} [1]. {SHORE} [2]."


def show(reply: str, size: int = 5) -> str:
    gate = CitationGate(EVIDENCE, "NOT STATED", question="What do KelpNet and ShoreNet count?")
    pieces = (reply[at : at + size] for at in range(0, len(reply), size))
    shown = "".join(map(gate.process_piece, pieces)) + gate.close()
    return gate.render() if gate.restarted else shown


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(json.dumps({"answer": f"{KELP} [E1]. {SHORE} [E2]."}), id="json"),
        pytest.param(
            "```json\n" + json.dumps({"answer": f"{KELP} [E1]. {SHORE} [E2].", "keys": ["E1"]}) + "\n```",
            id="json in a fence",
        ),
        pytest.param(
            json.dumps({"sentences": [{"text": f"{KELP}.", "keys": ["E1"]}, {"text": f"{SHORE}.", "key": "E2"}]}),
            id="json by sentences",
        ),
        pytest.param(
            json.dumps({"reasoning": "hm", "response": f"{KELP} [E1]. {SHORE} [E2].", "confidence": 0.9}),
            id="json with thoughts",
        ),
        pytest.param(f"{KELP} [1]. {SHORE} [2].", id="numbers"),
        pytest.param(f"{KELP} (1). {SHORE} (2).", id="numbers in brackets"),
        pytest.param(f"{KELP}【1】. {SHORE}【2】.", id="numbers in other brackets"),
        pytest.param(f"{KELP}.¹ {SHORE}.²", id="raised numbers"),
        pytest.param(f"{KELP}[^1]. {SHORE}[^2].\n\n[^1]: KelpNet\n[^2]: ShoreNet", id="footnotes"),
        pytest.param(f"{KELP} (Lund, 2022). {SHORE} (Reed et al., 2024).", id="authors and years"),
        pytest.param(f"[E1] {KELP}. [E2] {SHORE}.", id="keys in front"),
        pytest.param(f"{KELP}. {SHORE}.", id="no keys"),
        pytest.param(f"{KELP} [[E1]](#E1). {SHORE} [E2](https://x.example).", id="keys as links"),
        pytest.param(
            f"<|channel|>analysis<|message|>We look at E1.<|end|><|start|>assistant<|channel|>final<|message|>"
            f"{KELP} [E1]. {SHORE} [E2].<|return|>",
            id="channels",
        ),
        pytest.param(f"<seed:think>See [E1].</seed:think>{KELP} [E1]. {SHORE} [E2].", id="named think"),
        pytest.param(
            f"<think>The user asks. E1 has it [E1].\n\nFinal answer: {KELP} [E1]. {SHORE} [E2].",
            id="thoughts that never end, with a title over the answer",
        ),
        pytest.param(
            f"**Thinking:** The user asks. E1 has it [E1].\n\n**Answer:** {KELP} [E1]. {SHORE} [E2].",
            id="thoughts under a title",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_reply_of_any_shape_reads_the_same(reply: str, size: int) -> None:
    assert show(reply, size) == BOTH


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_html_is_read_as_the_markdown_it_stands_for(size: int) -> None:
    table = (
        "<table border=1><tr><th>Net</th><th>What</th></tr>\n"
        f"<tr><td><b>KelpNet</b></td><td>{KELP} [E1]</td></tr><tr><td>ShoreNet</td><td>{SHORE} [E2]</table>"
    )
    assert show(table, size) == (
        f"| Net | What |\n| --- | --- |\n| KelpNet | {KELP} [1] |\n| ShoreNet | {SHORE} [2] |"
    )
    assert show(f"<ul><li>{KELP} [E1].</li><li>{SHORE} [E2].</li></ul>", size) == (
        f"- {KELP} [1].\n\n- {SHORE} [2]."
    )
    assert show(f"<p>{KELP} [E1].</p>{SHORE} [E2].", size) == f"{KELP} [1].\n{SHORE} [2]."


def test_thoughts_that_never_end_are_not_shown() -> None:
    assert show(f"<think>The user asks for kelp. {KELP} [E1].") == ""


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (f"{KELP} [E1].", f"{KELP} [1]."),
        (f"{KELP} [E1]. ShoreNet films", f"{KELP} [1]."),
        (f"{KELP} [E1] and", ""),
    ],
)
def test_of_a_stream_without_its_end_whole_sentences_stand(reply: str, shown: str) -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", question="What do KelpNet and ShoreNet count?")
    assert gate.process_piece(reply) + gate.close(is_broken=True) == shown


def test_a_key_on_a_line_of_its_own_belongs_to_what_stands_above_it() -> None:
    shown = show(f"{KELP}.\n[E1]\n\n{SHORE}.\n\n[E2]")
    assert shown == f"{KELP} [1].\n\n{SHORE} [2]."


def test_a_key_with_a_colon_in_front_of_a_line_goes_behind_it() -> None:
    assert show(f"E1: {KELP}.\nE2: {SHORE}.") == f"{KELP} [1].\n{SHORE} [2]."


def test_a_number_whose_paper_does_not_say_it_is_no_key() -> None:
    shown = show("ShoreNet films 1,810 gulls [1]. KelpNet counts 4,500 kelp fronds [2].")
    assert shown == f"{SHORE} [1]. {KELP} [2]."
    gate = CitationGate(EVIDENCE, "NOT STATED")
    gate.process_piece("Shores are rocky and gulls are many on them [1].")
    gate.close()
    assert "E1" not in [key for sentence in gate.shown for key in sentence.keys]


def test_once_a_key_was_written_a_number_is_a_reference_to_nothing() -> None:
    assert show(f"{KELP} [E1]. {SHORE} [3].") == BOTH
    assert show(f"{KELP} [E1][2].") == f"{KELP} [1]."


def test_a_sentence_on_something_else_without_a_key_is_no_reason_to_show_a_reply() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", question="How deep are the fjords of KelpNet?")
    assert not gate.process_piece("ShoreNet 2 films seals at night.") and not gate.close()
    assert not gate.is_open
    assert show("ShoreNet 2 films seals at night.") == "ShoreNet 2 films seals at night [1]."


def test_a_heading_has_no_marker() -> None:
    assert show(f"## KelpNet counts fronds\n\n{KELP} [E1].").startswith(
        "**KelpNet counts fronds**\n"
    )


def test_what_is_not_stated_behind_an_answer_is_a_sentence() -> None:
    assert show(f"{KELP} [E1].\n\nNOT STATED: how deep the pools are.") == (
        f"{KELP} [1].\n\nNot stated: how deep the pools are."
    )


@given(st.text(max_size=60), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_what_is_no_json_passes_unchanged_however_it_comes(text: str, size: int) -> None:
    unwrapper = Unwrapper()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    shown = "".join(map(unwrapper.process_piece, pieces)) + unwrapper.close()
    try:
        json.loads(text)
    except ValueError:
        assert shown == text
