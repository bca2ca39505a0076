"""Talk around a question goes; a question, a name in capitals and mere talk stay."""

from __future__ import annotations

import pytest

from rag.text.chat_spelling import drop_interjections


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("ok, what is OOD detection", "what is OOD detection"),
        ("lol ok and which paper here does it", "which paper here does it"),
        ("wow what is the mAP of DistilPose haha", "what is the mAP of DistilPose"),
        ("well, what accuracy does MGN get", "what accuracy does MGN get"),
        ("hmm... who works on masks btw?", "who works on masks?"),
        ("well known papers on masks", "well known papers on masks"),
        ("OK dataset, who made it", "OK dataset, who made it"),
        ("ok cool", "ok cool"),
        ("ok", "ok"),
    ],
)
def test_talk_is_dropped_where_a_question_is_left(typed: str, asked: str) -> None:
    assert drop_interjections(typed) == asked
