"""Judges: a chat model behind the OpenAI protocol that grades one thing in one call.

Each judge has a prompt file, whose sha256 is its version, and a fixed list of verdicts. A reply is
parsed only here: the last verdict counts, and one that is not in the list is a `MalformedReply`, which
leaves the example unscored. Verdicts are stored one by one, so an interrupted judgement resumes where
it stopped, and no call is paid for twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.measures.alce import Quote
from rag.config.settings import Settings
from rag.generation import prompt_files
from rag.generation.model_session import ModelSession
from rag.generation.prices import find_price
from rag.generation.prompt_files import Message, Prompt, compute_fence, render_fenced
from rag.types.errors import MalformedReply, ReadError

JudgeName = Literal["faithfulness", "relevance", "citation"]
VARIABLES: Mapping[JudgeName, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "faithfulness": (("sentence", "quotes", "fence"), ("quote",)),
    "relevance": (("question", "answer", "fence"), ()),
    "citation": (("sentence", "quotes", "fence"), ("quote",)),
}
"""What the code supplies to each judge's prompt: variables, and parts."""
GRADES: Mapping[JudgeName, Mapping[str, float | None]] = {
    "faithfulness": {"supported": 1.0, "partly": 0.5, "unsupported": 0.0, "nothing": None},
    "relevance": {"answers": 1.0, "partly": 0.5, "misses": 0.0},
    "citation": {"entailed": 1.0, "not_entailed": 0.0},
}
"""What each verdict is worth, by its name in the prompt's words; None: there is nothing to grade."""


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """The verdict of a judge.

    Attributes:
        said: One of the prompt's verdicts; None if the reply does not parse.
        grade: Its value; None if unscored or not applicable.
        reason: The judge's reason, or why there is no verdict.
    """

    said: str | None
    grade: float | None
    reason: str = ""

    @property
    def unscored(self) -> bool:
        return self.said is None


class _Reply(BaseModel):
    """The fields of a judge's reply; others are ignored."""

    model_config = ConfigDict(extra="ignore")

    verdict: str
    reason: str = ""


def load_prompts(folder: Path) -> dict[JudgeName, Prompt]:
    """The judges' prompts, checked.

    Raises:
        PromptError: One is missing or does not fit.
    """
    return {
        name: prompt_files.load_prompt(folder, f"judge_{name}", variables, parts)
        for name, (variables, parts) in VARIABLES.items()
    }


def parse(reply: str, offered: Sequence[str]) -> tuple[str, str]:
    """Verdict and reason of a judge's reply.

    Args:
        reply: Any text; its last JSON object that has a verdict counts.
        offered: The verdicts that count.

    Raises:
        MalformedReply: There is no verdict, or it is none of those offered.
    """
    parsed_reply = None
    for candidate in _iter_objects(reply):
        try:
            parsed_reply = _Reply.model_validate(candidate)
        except ValidationError:
            continue
    if parsed_reply is None:
        raise MalformedReply(f"the judge gave no verdict but {_make_short(reply)!r}")
    verdict = " ".join(parsed_reply.verdict.split()).lower().rstrip(".!")
    if verdict not in offered:
        offered_text = ", ".join(map(repr, offered))
        raise MalformedReply(
            f"the judge's verdict {_make_short(parsed_reply.verdict)!r} is none of {offered_text}"
        )
    return verdict, parsed_reply.reason


def _iter_objects(text: str) -> Iterator[Any]:
    """Every JSON object in a text, in order; those inside another are parts of it."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            json_object, end = decoder.raw_decode(text, at)
            yield json_object
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find("{", end)


def _make_short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"


@dataclass(slots=True)
class JudgePanel:
    """The three judges, sharing one model session and one file of verdicts.

    Attributes:
        voice: The model session; it counts and prices new calls, not stored verdicts.
        path: File of the stored verdicts; None for no file.
        n_calls: Number of new calls.
    """

    voice: ModelSession
    prompts: Mapping[JudgeName, Prompt]
    path: Path | None = None
    n_calls: int = 0
    _held: dict[str, JudgeVerdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.exists():
            self._held = dict(_read_remembered(self.path))

    @property
    def versions(self) -> dict[str, str]:
        """The sha256 of each judge's prompt."""
        return {prompt.name: prompt.sha256 for prompt in self.prompts.values()}

    def check_faithful(self, sentence: str, quotes: Sequence[Quote]) -> JudgeVerdict:
        """Whether a sentence says what the quotes say, and no more."""
        return self._ask_about_sentence("faithfulness", sentence, quotes)

    def check_entailed(self, sentence: str, quotes: Sequence[Quote]) -> bool | None:
        """Whether quotes together entail a sentence; None without a verdict."""
        verdict = self._ask_about_sentence("citation", sentence, quotes)
        return None if verdict.grade is None else verdict.grade == 1

    def check_relevant(self, question: str, answer: str) -> JudgeVerdict:
        """Whether an answer meets its question."""
        mark = compute_fence(question, answer)
        values = {"question": render_fenced(question, mark), "answer": render_fenced(answer, mark)}
        return self._ask_once("relevance", {**values, "fence": mark})

    def _ask_about_sentence(
        self, judge: JudgeName, sentence: str, quotes: Sequence[Quote]
    ) -> JudgeVerdict:
        mark = compute_fence(sentence, *(text for q in quotes for text in (q.title, q.text)))
        parts = [
            self.prompts[judge].render_part(
                "quote",
                {
                    "title": render_fenced(q.title, mark),
                    "text": render_fenced(q.text, mark),
                    "fence": mark,
                },
            )
            for q in quotes
        ]
        values = {"sentence": render_fenced(sentence, mark), "quotes": "\n\n".join(parts)}
        return self._ask_once(judge, {**values, "fence": mark})

    def _ask_once(self, judge: JudgeName, values: Mapping[str, str]) -> JudgeVerdict:
        prompt = self.prompts[judge]
        messages = prompt.render(values)
        key_text = json.dumps([self.voice.name, prompt.sha256, messages])
        key = hashlib.sha256(key_text.encode()).hexdigest()
        if key not in self._held:
            verdict = self._call(judge, messages)
            if verdict.unscored:
                return verdict
            self._held[key] = verdict
            self._write(key, judge, verdict)
        return self._held[key]

    def _call(self, judge: JudgeName, messages: list[Message]) -> JudgeVerdict:
        """One verdict; errors of the server stop the judging, a reply without verdict does not."""
        words = self.prompts[judge].words
        self.n_calls += 1
        try:
            pieces = self.voice.stream(messages, config={"run_name": f"judge_{judge}"})
            verdict, reason = parse("".join(str(p.text) for p in pieces), list(words.values()))
        except MalformedReply as exc:
            return JudgeVerdict(None, None, str(exc))
        name = next(key for key, word in words.items() if word == verdict)
        return JudgeVerdict(verdict, GRADES[judge][name], reason)

    def _write(self, key: str, judge: JudgeName, verdict: JudgeVerdict) -> None:
        if self.path is not None:
            row = {"key": key, "judge": judge, "model": self.voice.name, **asdict(verdict)}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _read_remembered(path: Path) -> Iterator[tuple[str, JudgeVerdict]]:
    """Verdicts by key; a last line that was cut off is passed over."""
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        whole_lines = text[: text.rfind("\n") + 1]
        path.write_text(whole_lines, encoding="utf-8")
        text = whole_lines
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            row = json.loads(line)
            yield row["key"], JudgeVerdict(row["said"], row["grade"], row["reason"])
        except (ValueError, KeyError, TypeError) as exc:
            raise ReadError(
                f"line {number} of {str(path)!r} is no verdict; move the file away to judge anew"
            ) from exc


def open_panel(settings: Settings, path: Path | None = None) -> JudgePanel:
    """The judges with the chat model that the settings name.

    Raises:
        SettingsError: There is neither a key nor a base URL.
        PromptError: A judge's prompt is missing or does not fit.
    """
    from rag.adapters.openai import build_chat_model

    name, server = settings.chat_model_name, settings.openai_base_url
    paid = find_price(
        name,
        server,
        input_usd=settings.price_input_usd,
        output_usd=settings.price_output_usd,
    )
    model = build_chat_model(settings)
    return JudgePanel(
        ModelSession(name, lambda: model, price=paid), load_prompts(settings.prompts), path
    )
