"""What stands in the way of answers, told before a question runs into it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from rag.config.settings import Settings
from rag.types.errors import ModelError

LISTENS_WITHIN_S = 1.0
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that is missing, in a sentence that says what to do.

    Attributes:
        what: ``model``: the embedded model, without which no content question is answered;
            ``server``: the chat model's, without which answers are quotes.
        mendable: Whether `fetch_model` may help.
    """

    what: Literal["model", "server"]
    message: str
    mendable: bool = False


def find_obstacles(settings: Settings) -> tuple[Obstacle, ...]:
    """All that is missing now; looks at files and asks a chat server for a connection, no more."""
    checks = (check_model(settings), check_server(settings))
    return tuple(obstacle for obstacle in checks if obstacle is not None)


def check_model(settings: Settings) -> Obstacle | None:
    """The embedded model, if the settings name it and it is not here, or is not what it should be."""
    from rag.adapters.weights import find_weights

    if not settings.embedder.startswith("minilm"):
        return None
    try:
        find_weights(settings)
    except ModelError as exc:
        return Obstacle("model", str(exc), mendable=settings.model_path is None)
    return None


def check_server(settings: Settings) -> Obstacle | None:
    """The chat model's server, if one is named in the settings and nothing listens there."""
    if not settings.generative or not settings.openai_base_url:
        return None
    url = urlsplit(settings.openai_base_url)
    port = url.port or PORTS[url.scheme]
    try:
        socket.create_connection((url.hostname or "", port), LISTENS_WITHIN_S).close()
    except OSError as exc:
        return Obstacle(
            "server",
            f"the model server at {url.hostname}:{port} does not answer ({exc.strerror or exc}); "
            "start it, or correct openai_base_url; until then answers are quoted from the papers",
        )
    return None


def fetch_model(settings: Settings) -> None:
    """Bring the embedded model into the data folder.

    Raises:
        ModelError: It could not be brought; see `rag.adapters.weights.fetch_weights`.
    """
    from rag.adapters.weights import fetch_weights

    fetch_weights(settings)
