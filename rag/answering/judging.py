"""A second opinion on cited sentences: a model that says whether the quoted words entail them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag import prompting
from rag.answering.calling import ChatModel, Reply
from rag.prompting import Prompt, enclosed
from rag.types import Evidence, Verdict

VARIABLES = ("sentence", "quotes", "fence")
PARTS = ("quote",)
_VERDICT = re.compile(r"\"verdict\"\s*:\s*\"([^\"]*)\"")


class SupportJudge:
    """Asks a model, sentence by sentence; where it gives no verdict, the one by words stands.

    It is asked only about sentences whose numbers and names are the papers' own: no judge can
    bring back what the gate leaves out.

    Attributes:
        n_silent: Sentences for which no verdict came.
    """

    def __init__(self, model: ChatModel, prompt: Prompt) -> None:
        self._model = model
        self._prompt = prompt
        self.n_silent = 0

    def __call__(self, claim: str, evidence: Sequence[Evidence]) -> Verdict | None:
        """``supported`` if the passages entail the sentence, ``not_found`` if they do not."""
        mark = prompting.fence(claim, *(item.quote for item in evidence))
        quotes = [
            self._prompt.part(
                "quote",
                {
                    "title": enclosed(item.paper.name, mark),
                    "text": enclosed(item.quote, mark),
                    "fence": mark,
                },
            )
            for item in evidence
        ]
        values = {"sentence": enclosed(claim, mark), "quotes": "\n\n".join(quotes), "fence": mark}
        reply = Reply()
        text = "".join(reply.pieces(self._model, self._prompt.render(values), self._prompt.name))
        given = _VERDICT.findall(text)
        verdicts: dict[str, Verdict] = {
            self._prompt.words["entailed"]: "supported",
            self._prompt.words["not_entailed"]: "not_found",
        }
        verdict = verdicts.get(given[-1]) if given and reply.error is None else None
        self.n_silent += verdict is None
        return verdict

    @property
    def note(self) -> str:
        """For the reader; empty where every sentence got its verdict."""
        if not self.n_silent:
            return ""
        told = "1 sentence" if self.n_silent == 1 else f"{self.n_silent} sentences"
        return f"the judge gave no verdict on {told}; the check by words stands there"
