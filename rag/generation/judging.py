"""A judge model as a second opinion on cited sentences: does the quote entail the sentence?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.generation import prompt_files
from rag.generation.calling import ChatModel, Reply
from rag.generation.prompt_files import Prompt, render_fenced
from rag.text.english import counted
from rag.types import Evidence, Verdict

JUDGE_VARIABLES = ("sentence", "quotes", "fence")
JUDGE_PARTS = ("quote",)
_VERDICT = re.compile(r"\"verdict\"\s*:\s*\"([^\"]*)\"")


class SupportJudge:
    """Asks a model about each sentence; without its verdict, the one by words holds.

    It is asked only about sentences whose numbers and names are in the papers: no judge can restore
    what the gate leaves out.

    Attributes:
        n_silent: Sentences without a verdict of the model.
    """

    def __init__(self, model: ChatModel, prompt: Prompt) -> None:
        self._model = model
        self._prompt = prompt
        self.n_silent = 0

    def __call__(self, claim: str, evidence: Sequence[Evidence]) -> Verdict | None:
        """``supported`` if the passages entail the sentence, ``not_found`` if they do not."""
        mark = prompt_files.compute_fence(claim, *(item.quote for item in evidence))
        quotes = [
            self._prompt.render_part(
                "quote",
                {
                    "title": render_fenced(item.paper.name, mark),
                    "text": render_fenced(item.quote, mark),
                    "fence": mark,
                },
            )
            for item in evidence
        ]
        values = {
            "sentence": render_fenced(claim, mark),
            "quotes": "\n\n".join(quotes),
            "fence": mark,
        }
        reply = Reply()
        text = "".join(
            reply.read_pieces(self._model, self._prompt.render(values), self._prompt.name)
        )
        verdict_words = _VERDICT.findall(text)
        verdicts: dict[str, Verdict] = {
            self._prompt.words["entailed"]: "supported",
            self._prompt.words["not_entailed"]: "not_found",
        }
        verdict = verdicts.get(verdict_words[-1]) if verdict_words and reply.error is None else None
        self.n_silent += verdict is None
        return verdict

    @property
    def note(self) -> str:
        """For the reader; empty where every sentence got its verdict."""
        if not self.n_silent:
            return ""
        sentence_count = counted(self.n_silent, "sentence")
        return f"the judge gave no verdict on {sentence_count}; the check by words stands there"
