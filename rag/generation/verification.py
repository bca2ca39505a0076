"""Verifies a whole reply in one call, after its last sentence: do the cited passages support it?

The model that worded the reply reads it again, or another one does (setting ``judge_model``): all
sentences numbered, in order, beside the passages that they cite with authors and date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.generation import prompt_files
from rag.generation.calling import ChatModel, Reply
from rag.generation.gate import ReplySentence
from rag.generation.passages import build_particulars
from rag.generation.prompt_files import Message, Prompt, render_fenced
from rag.generation.reasoning import ThoughtFilter
from rag.types import Evidence

VERIFY_VARIABLES = ("question", "passages", "sentences", "fence")
VERIFY_PARTS = ("passage", "sentence", "unknown", "none")
_NUMBER = re.compile(r"\"n\"\s*:\s*\"?(\d{1,3})(?!\d)")
_VERDICT = re.compile(r"\"verdict\"\s*:\s*\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a model's check of a reply.

    Attributes:
        verdicts: Whether a sentence is supported, by its place from 0.
        failure: Why there are none; empty where the call went as it should.
    """

    verdicts: dict[int, bool]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A model that verifies replies, and its name for the reader."""

    model: ChatModel
    name: str
    prompt: Prompt

    def verify(
        self, question: str, sentences: Sequence[ReplySentence], evidence: Sequence[Evidence]
    ) -> Verification:
        """Whether each sentence is supported.

        No verdict of one that states nothing or was passed over, and none at all where the call
        fails: there the free checks stand.
        """
        reply = Reply()
        messages = self.build_messages(question, sentences, evidence)
        thoughts = ThoughtFilter()
        pieces = reply.read_pieces(self.model, messages, self.prompt.name)
        text = "".join(map(thoughts.process_piece, pieces)) + thoughts.close()
        words = self.prompt.words
        meanings = {words["supported"]: True, words["unsupported"]: False}
        places = _list_places(sentences)
        printed = [(n, v) for n, v in _list_verdicts(text) if 0 < n <= len(places)]
        verdicts = {
            places[n - 1]: meanings[verdict] for n, verdict in printed if verdict in meanings
        }
        if reply.error is not None:
            return Verification({}, str(reply.error))
        is_understood = verdicts or any(verdict == words["nothing"] for _, verdict in printed)
        return Verification(verdicts, "" if is_understood else "its reply holds no verdicts")

    def build_messages(
        self, question: str, sentences: Sequence[ReplySentence], evidence: Sequence[Evidence]
    ) -> list[Message]:
        """The call: the passages cited anywhere in the reply, and its sentences."""
        cited = {key for sentence in sentences for key in sentence.keys}
        items = [item for item in evidence if item.key in cited]
        stated = [sentences[at] for at in _list_places(sentences)]
        texts = [sentence.keyed or sentence.words for sentence in stated]
        mark = prompt_files.compute_fence(question, *texts, *(item.quote for item in items))
        passages = [
            self.prompt.render_part("passage", build_particulars(item, self.prompt, mark))
            for item in items
        ]
        numbered = [
            self.prompt.render_part(
                "sentence",
                {
                    "number": str(number),
                    "keys": " ".join(sentence.keys) or self.prompt.render_part("none", {}),
                    "text": render_fenced(text, mark),
                    "fence": mark,
                },
            )
            for number, (sentence, text) in enumerate(zip(stated, texts, strict=True), 1)
        ]
        return self.prompt.render(
            {
                "question": render_fenced(question, mark),
                "passages": "\n\n".join(passages),
                "sentences": "\n\n".join(numbered),
                "fence": mark,
            }
        )


def _list_places(sentences: Sequence[ReplySentence]) -> list[int]:
    """Places of the sentences that have words: the rule below a table's head has none."""
    return [at for at, sentence in enumerate(sentences) if sentence.words]


def _list_verdicts(text: str) -> Iterator[tuple[int, str]]:
    """The verdicts printed in a reply, whole JSON or not: each belongs to the number before it."""
    _, *printed = _NUMBER.split(text)
    for number, entry in zip(printed[::2], printed[1::2], strict=True):
        if verdict := _VERDICT.search(entry):
            yield int(number), verdict[1]
