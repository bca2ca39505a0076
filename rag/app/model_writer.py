"""What a chat model words of an answer, with its budgets and what checks its words.

Imported when a question has a model: it loads all that prompts, fences and verification need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from rag.app.request import TurnRequest
from rag.app.search_engine import SearchEngine
from rag.config.settings import Settings
from rag.generation.evidence import count_tokens
from rag.generation.generative import Prompts, Speaker, add_with_model, answer_with_model
from rag.generation.model_pool import ModelPool
from rag.generation.model_session import ModelSession
from rag.generation.verification import Verifier
from rag.types import Answer, Event, Retrieval

SMALL_EVIDENCE_TOKENS = 700
SMALL_THREAD_TOKENS = 200
"""Budgets of a small model: two or three passages, which it reads in seconds on a processor."""


class ModelWriter:
    """Words one answer with a chat model.

    Args:
        voice: The session of the model.
        settings: Its budgets, and whether its words are checked.
        models: Has the prompts.
        engine: Has the screen that keeps sentences from the model.
    """

    def __init__(
        self, voice: ModelSession, settings: Settings, models: ModelPool, engine: SearchEngine
    ) -> None:
        self.voice, self.settings = voice, settings
        self._models, self._engine = models, engine

    def load_prompts(self) -> Prompts:
        """The prompts of all calls."""
        return self._models.load_prompts()

    def build_speaker(self) -> Speaker:
        """What words the answer: the model, with its budgets, its verifier and the screen."""
        screen = self._engine.open_screen()
        voice, judge, settings = self.voice, self.voice.judge, self.settings
        evidence_tokens, thread_tokens = settings.evidence_tokens, settings.thread_tokens
        if voice.is_small:
            evidence_tokens = min(evidence_tokens, SMALL_EVIDENCE_TOKENS)
            thread_tokens = min(thread_tokens, SMALL_THREAD_TOKENS)
        # A small model cannot check its own words; one that is set for it can.
        is_verified = settings.verify and not (voice.is_small and judge is voice)
        prompts = self.load_prompts()
        return Speaker(
            voice,
            voice.name,
            Verifier(judge, judge.name, prompts.verify) if is_verified else None,
            settings.unsupported,
            screen,
            evidence_tokens,
            thread_tokens,
            prompts.private,
        )

    def write_from_passages(
        self,
        request: TurnRequest,
        retrieval: Retrieval,
        *,
        compares: bool,
        on_topic: Collection[str],
        abstain: Callable[[], Answer],
        fallback: Callable[[], Answer],
    ) -> Iterator[Event]:
        """The events of an answer that the model words from passages.

        Args:
            request: With this model as its voice.
            retrieval: The ranking, looked through for what the model must not read.
            compares: Whether papers are to be set side by side.
            on_topic: Ids of the papers that an overview is of; empty: it is none.
            abstain: The answer where the model finds none in the passages.
            fallback: The answer by quotes, where the model's words cannot be used.
        """
        prompts, speaker = self.load_prompts(), self.build_speaker()
        prompt = prompts.compare if compares else prompts.answer
        if request.reading.by == "model":  # the passages pay for its reading of the question
            n_left = speaker.evidence_tokens - count_tokens(prompts.read.system)
            n_tokens = max(n_left, speaker.evidence_tokens // 2)
            speaker = replace(speaker, evidence_tokens=n_tokens)
        yield from answer_with_model(
            request.question,
            retrieval,
            request.thread,
            speaker,
            prompt=prompts.brief if self.voice.is_small else prompt,
            abstain=abstain,
            fallback=fallback,
            topic=request.query.topic,
            on_topic=on_topic,
        )

    def add_to(self, answer: Answer, request: TurnRequest) -> Iterator[Event]:
        """A computed answer, and below it what the model says of the papers that it lists."""
        prompt, hits = self.load_prompts().add, request.scope.list_hits(answer)
        yield from add_with_model(answer, hits, self.build_speaker(), prompt=prompt)
