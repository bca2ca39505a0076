"""Prices of tokens, if known: from a small dated table, or from the settings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from rag.types import Usage

_TABLE = Path(__file__).with_name("prices.toml")
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a million tokens in US dollars; input in the server's own cache costs less."""

    input_usd: float
    output_usd: float
    cached_input_usd: float

    def compute_cost_usd(self, usage: Usage) -> float:
        """What these tokens cost; those from the server's cache are a part of the input."""
        fresh = usage.input_tokens - usage.cached_tokens
        return (
            fresh * self.input_usd
            + usage.cached_tokens * self.cached_input_usd
            + usage.output_tokens * self.output_usd
        ) / _MILLION


def find_price(
    model: str,
    base_url: str | None,
    *,
    input_usd: float | None = None,
    output_usd: float | None = None,
) -> Price | None:
    """The price of a model's tokens; None where it is not known.

    The table is OpenAI's and holds for its own servers alone: a model of the same name elsewhere
    may cost anything. A dated snapshot costs what its model does.

    Args:
        model: As it is called.
        base_url: The server's; None for OpenAI's.
        input_usd: Goes before the table.
        output_usd: Goes before the table.
    """
    listed_price = _find_listed_price(model) if base_url is None or _is_openai(base_url) else None
    paid = listed_price.input_usd if input_usd is None and listed_price else input_usd
    out = listed_price.output_usd if output_usd is None and listed_price else output_usd
    if paid is None or out is None:
        return None
    cached = listed_price.cached_input_usd if listed_price and input_usd is None else paid
    return Price(paid, out, cached)


def _find_listed_price(model: str) -> Price | None:
    row = _load_price_table().get(_SNAPSHOT.sub("", model))
    return None if row is None else Price(row["input"], row["output"], row["cached_input"])


@cache
def _load_price_table() -> Mapping[str, Mapping[str, float]]:
    models: Mapping[str, Mapping[str, float]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))[
        "models"
    ]
    return models


def _is_openai(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")
