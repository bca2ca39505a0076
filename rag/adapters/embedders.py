"""Builds the embedder named in the settings."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.adapters.minilm import MiniLM
from rag.adapters.text_embedder import TextEmbedder
from rag.adapters.weights import find_weights
from rag.config.settings import Settings
from rag.types.cancellation import CancelToken
from rag.types.errors import (
    MalformedReply,
    MissingExtra,
    ProviderError,
    ProviderUnreachable,
    SettingsError,
    WeightsMissing,
)

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

MAX_HOSTED_CHARS = 24_000
"""Longer texts are cut; about 6,000 tokens, under the 8,191 that OpenAI's models take."""
MOST_RECENT = 4_096
"""Sentences whose vectors stay in memory, at 1.5 kB each."""
HOSTED_BATCH = 128
"""Texts in one request."""


def build_embedder(settings: Settings) -> MiniLM | Hosted:
    """Build the embedder ``settings.embedder``; nothing is loaded or called before the first text.

    Raises:
        SettingsError: There is no such embedder, or one of its settings is missing.
    """
    kind, _, model = settings.embedder.partition(":")
    if settings.embedder == "minilm":
        return MiniLM(settings)
    if settings.embedder == "minilm-fp32":
        return MiniLM(settings, precision="fp32")
    if kind == "openai" and model:
        return _build_openai_embedder(settings, model)
    if kind == "hf" and model:
        return Hosted(settings.embedder, lambda: _load_hugging_face_embedder(model))
    raise SettingsError(
        f"setting embedder {settings.embedder!r} is not one of minilm, minilm-fp32, openai:<model> "
        "and hf:<model>"
    )


def sentence_embedder(
    settings: Settings, chosen: MiniLM | Hosted
) -> Callable[[list[str]], list[list[float]]] | None:
    """The embedded model, whichever embedder is configured; None if its weights are not installed.

    What it made of the last few thousand sentences is kept: a paper's are looked at one by one, then together.
    """
    if isinstance(chosen, MiniLM):
        return _keep_recent(chosen.embed_documents)
    try:
        find_weights(settings)
    except WeightsMissing:
        return None
    return _keep_recent(MiniLM(settings).embed_documents)


def _keep_recent(
    embed: Callable[[list[str]], list[list[float]]],
) -> Callable[[list[str]], list[list[float]]]:
    recent: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
    guard = Lock()

    def embed_texts(texts: list[str]) -> list[list[float]]:
        with guard:
            vectors = {text: recent[text] for text in texts if text in recent}
        missing = list(dict.fromkeys(text for text in texts if text not in vectors))
        new_vectors = np.array(embed(missing), np.float32) if missing else ()
        new = dict(zip(missing, new_vectors, strict=True))
        with guard:
            recent.update(new)
            while len(recent) > MOST_RECENT:
                recent.popitem(last=False)
        vectors |= new
        return [vectors[text].tolist() for text in texts]

    return embed_texts


class Hosted(TextEmbedder):
    """A third-party embedder with our errors, created at first use; vectors scaled to length 1.

    Args:
        name: Name in the settings.
        make: Creates the embedder.
        secret: Masked in messages of the server.
        longest_s: Time limit for `HOSTED_BATCH` texts; None if no server is called.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Embeddings],
        secret: str = "",
        longest_s: float | None = None,
    ) -> None:
        self.name = name
        self._secret = secret
        self._longest_s = longest_s
        self.dimension = 0  # until the first text
        self._make = make
        self._made: Embeddings | None = None
        self._lock = Lock()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        sent = [text[:MAX_HOSTED_CHARS] or " " for text in texts]  # servers refuse empty texts
        with self._lock:
            if self._made is None:
                self._made = self._make()
        with _convert_embedder_errors(self.name, self._secret):
            vectors = [_normalize_list(vector) for vector in self._embed_texts(self._made, sent)]
        lengths = {len(vector) for vector in vectors}
        if len(vectors) != len(texts) or len(lengths) != 1 or self.dimension not in (0, *lengths):
            raise MalformedReply(
                f"embedder {self.name!r} gave {len(vectors)} vectors of {sorted(lengths)} numbers for "
                f"{len(texts)} texts; check that the server's model is an embedding model"
            )
        self.dimension = lengths.pop()
        return vectors

    def _embed_texts(self, embedder: Embeddings, texts: list[str]) -> list[list[float]]:
        if self._longest_s is None:
            return embedder.embed_documents(texts)
        from rag.adapters.calls import CallLimits, run_call

        whole_s = self._longest_s * math.ceil(len(texts) / HOSTED_BATCH)
        limits = CallLimits(whole_s, time.monotonic() + whole_s, CancelToken())
        return run_call(lambda: embedder.embed_documents(texts), limits, "embedding call")

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def _build_openai_embedder(settings: Settings, model: str) -> Hosted:
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise SettingsError(
            f"setting embedder {settings.embedder!r} needs OPENAI_API_KEY, or OPENAI_BASE_URL for "
            "another server that speaks the protocol"
        )

    def make() -> Embeddings:
        from langchain_openai import OpenAIEmbeddings
        from pydantic import SecretStr

        from rag.adapters.calls import build_http_client

        return OpenAIEmbeddings(
            model=model,
            openai_api_key=settings.openai_api_key or SecretStr("none"),
            openai_api_base=settings.openai_base_url,
            request_timeout=settings.timeout_s,
            http_client=build_http_client(settings.timeout_s),
            max_retries=settings.retries,
            chunk_size=HOSTED_BATCH,
            check_embedding_ctx_length=False,  # sends text, which every server takes, not token ids
        )

    secret = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    return Hosted(settings.embedder, make, secret, settings.reply_timeout_s)


def _load_hugging_face_embedder(model: str) -> Embeddings:
    try:
        from langchain_huggingface import HuggingFaceEmbeddings

        embedder: Embeddings = HuggingFaceEmbeddings(model_name=model)
    except ImportError as exc:
        raise MissingExtra(
            f"embedder 'hf:{model}' needs the extra 'hf'; run `pip install paperfolk[hf]`"
        ) from exc
    except OSError as exc:
        raise ProviderUnreachable(
            f"embedder 'hf:{model}' could not be loaded ({_format_first_line(exc)}); check the model's name "
            "and the network"
        ) from exc
    return embedder


@contextmanager
def _convert_embedder_errors(name: str, secret: str) -> Iterator[None]:
    import openai

    from rag.adapters.calls import CallTooLong, SilenceTooLong
    from rag.adapters.faults import read_requested_pause_s

    try:
        yield
    except (SilenceTooLong, CallTooLong) as exc:
        raise ProviderUnreachable(
            f"embedder {name!r} did not finish in time; try again, or raise reply_timeout_s"
        ) from exc
    except openai.APIStatusError as exc:
        raise ProviderError(
            f"embedder {name!r} was answered with HTTP {exc.status_code}: {_format_first_line(exc, secret)}",
            status=exc.status_code,
            retry_after_s=read_requested_pause_s(exc.response.headers),
        ) from exc
    except openai.APIConnectionError as exc:
        raise ProviderUnreachable(
            f"embedder {name!r} got no answer from {exc.request.url.host!r} "
            f"({_format_first_line(exc, secret)}); check the base URL and the network"
        ) from exc
    except openai.OpenAIError as exc:
        raise ProviderError(f"embedder {name!r} failed: {_format_first_line(exc, secret)}") from exc
    except (TypeError, KeyError, ValueError, AttributeError) as exc:
        raise MalformedReply(
            f"embedder {name!r} gave a reply that does not parse ({_format_first_line(exc, secret)}); "
            "check the base URL"
        ) from exc


def _normalize_list(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector] if length else vector


def _format_first_line(exc: Exception, secret: str = "") -> str:
    lines = str(exc).strip().splitlines()
    line = lines[0] if lines else type(exc).__name__
    return (line.replace(secret, "…") if secret else line)[:200]
