"""Opens the configured chat model, its prompts, cache and tracing, once, for all questions."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag.config.settings import Settings
from rag.generation.model_session import ModelSession
from rag.generation.prices import Price, find_price
from rag.generation.response_cache import ResponseCache
from rag.library.permissions import is_readonly
from rag.types import Thread, Usage
from rag.types.cancellation import CancelToken
from rag.types.errors import SettingsError

if TYPE_CHECKING:
    from rag.adapters.openai import OpenAIChat
    from rag.adapters.tracing import Tracing
    from rag.generation.generative import Prompts


class ModelPool:
    """Opens models and prompts when they are first needed; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: dict[str, OpenAIChat] = {}
        self._prompts: Prompts | None = None
        self._replies: ResponseCache | None = None
        if settings.cache and (settings.library_url or not is_readonly(settings.data)):
            self._replies = ResponseCache(settings.data, settings.library_url)
        self._tracing: Tracing | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Send the traces that are still pending."""
        if self._tracing is not None:
            self._tracing.close()
            self._tracing = None
        if self._models:
            from rag.adapters.openai import send_traces

            send_traces()

    def get_tracing(self) -> Tracing | None:
        """The tracing of questions; None if the settings name no collector."""
        if self._settings.otel_endpoint is None:
            return None
        from rag.adapters.tracing import Tracing

        with self._lock:
            if self._tracing is None:
                self._tracing = Tracing(self._settings)
            return self._tracing

    def load_prompts(self) -> Prompts:
        """The prompts of all calls.

        Raises:
            PromptError: A file is missing or does not fit the code.
        """
        from rag.generation.generative import load_prompts

        with self._lock:
            if self._prompts is None:
                self._prompts = load_prompts(self._settings.prompts)
            return self._prompts

    def open_session(
        self, thread: Thread, library: str, stop: CancelToken, *, fresh: bool = False
    ) -> tuple[ModelSession | None, tuple[str, ...]]:
        """The session for the next question of a thread; None, with the reason, if its budget is spent.

        Args:
            thread: Its usage so far counts, and it may name another model than the settings.
            library: Fingerprint of the library.
            stop: Cancels the session's calls.
            fresh: Do not use cached replies.

        Raises:
            SettingsError: There is a budget in dollars, but no price is known.
        """
        chosen = self._settings.copy_with_model(thread.model)
        if not chosen.generative:
            return None, ()
        name = chosen.chat_model_name
        paid = self._find_price(chosen)
        if note := self._format_spent(thread, paid, name):
            return None, (note,)
        session = self._build_session(chosen, library, stop, fresh=fresh)
        session.is_small = chosen.has_small_model
        session.tokens_left = self._count_tokens_left(thread, paid)
        if self._settings.judge_model and self._settings.judge_model != name:
            judge = chosen.model_copy(update={"chat_model": self._settings.judge_model})
            session.judge = self._build_session(judge, library, stop, fresh=fresh)
        return session, ()

    def _build_session(
        self, chosen: Settings, library: str, stop: CancelToken, *, fresh: bool
    ) -> ModelSession:
        name = chosen.chat_model_name
        return ModelSession(
            name,
            lambda: self._open(chosen).until(stop),
            price=self._find_price(chosen),
            replies=self._replies,
            scope=(chosen.openai_base_url or "", name, library),
            fresh=fresh,
        )

    def _open(self, chosen: Settings) -> OpenAIChat:
        from rag.adapters.openai import build_chat_model

        name = chosen.chat_model_name
        with self._lock:
            if name not in self._models:
                self._models[name] = build_chat_model(chosen)
            return self._models[name]

    def _find_price(self, chosen: Settings) -> Price | None:
        return find_price(
            chosen.chat_model_name,
            chosen.openai_base_url,
            input_usd=chosen.price_input_usd,
            output_usd=chosen.price_output_usd,
        )

    def _count_tokens_left(self, thread: Thread, paid: Price | None) -> int | None:
        """What is left of a thread's budget, dollars by the price of input; None without a budget."""
        tokens, dollars = self._settings.thread_budget_tokens, self._settings.thread_budget_usd
        used = [turn.answer.usage for turn in thread.turns]
        limits = [] if tokens is None else [tokens - sum(map(_count_usage_tokens, used))]
        if dollars is not None and paid is not None:
            left_usd = dollars - sum(usage.cost_usd or 0.0 for usage in used)
            million_usd = paid.compute_cost_usd(Usage(input_tokens=1_000_000))
            limits += [int(left_usd / million_usd * 1_000_000)] if million_usd else []
        return min(limits, default=None)

    def _format_spent(self, thread: Thread, paid: Price | None, name: str) -> str:
        """Why the conversation may not use a model any more; empty if it may."""
        tokens, dollars = self._settings.thread_budget_tokens, self._settings.thread_budget_usd
        used = [turn.answer.usage for turn in thread.turns]
        if tokens is not None and sum(map(_count_usage_tokens, used)) >= tokens:
            budget = f"{tokens:,} tokens (thread_budget_tokens)"
        elif dollars is None:
            return ""
        elif paid is None:
            raise SettingsError(
                f"thread_budget_usd is set but no price of {name!r} is known; set price_input_usd "
                "and price_output_usd, or thread_budget_tokens instead"
            )
        elif sum(usage.cost_usd or 0.0 for usage in used) >= dollars:
            budget = f"${dollars:,.2f} (thread_budget_usd)"
        else:
            return ""
        return (
            f"this conversation has used its budget of {budget}, so the answer is quoted from the "
            "papers; a new conversation has a new budget"
        )


def _count_usage_tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens
