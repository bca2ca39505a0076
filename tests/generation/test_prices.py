"""What a call costs: by the table for OpenAI's own servers, by the settings before it, or unknown."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import pytest

from rag.generation import prices
from rag.generation.prices import Price, find_price
from rag.types import Usage

USAGE = Usage(input_tokens=1_000_000, output_tokens=500_000)


def test_a_listed_model_costs_what_the_table_says() -> None:
    found = find_price("gpt-4o-mini", None)
    assert found == Price(0.15, 0.60, 0.075)
    assert found.compute_cost_usd(USAGE) == pytest.approx(0.15 + 0.30)


def test_input_from_the_servers_own_cache_costs_less() -> None:
    found = find_price("gpt-4o-mini", None)
    assert found is not None
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000)
    assert found.compute_cost_usd(usage) == pytest.approx(0.6 * 0.15 + 0.4 * 0.075)


def test_a_dated_snapshot_costs_what_its_model_does() -> None:
    assert find_price("gpt-4o-mini-2024-07-18", None) == find_price("gpt-4o-mini", None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "https://api.openai.com.evil.example/v1", "https://x/v1"]
)
def test_the_table_does_not_hold_for_other_servers(url: str) -> None:
    assert find_price("gpt-4o-mini", url) is None


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://eu.api.openai.com/v1"])
def test_the_table_holds_for_all_of_openais(url: str) -> None:
    assert find_price("gpt-4o-mini", url) == find_price("gpt-4o-mini", None)


def test_a_model_that_is_not_listed_has_no_known_price() -> None:
    assert find_price("some-model", None) is None
    assert find_price("gpt-4o-minimal", None) is None


def test_settings_go_before_the_table_and_serve_other_servers() -> None:
    assert find_price("gpt-4o-mini", None, input_usd=1.0) == Price(1.0, 0.60, 1.0)
    assert find_price("m", "http://x/v1", input_usd=0.0, output_usd=2.0) == Price(0.0, 2.0, 0.0)
    assert find_price("m", "http://x/v1", input_usd=1.0) is None


def test_the_table_is_dated_and_no_output_is_cheaper_than_input() -> None:
    table = tomllib.loads(Path(prices.__file__).with_name("prices.toml").read_text("utf-8"))
    assert isinstance(table["checked"], datetime.date)
    for row in table["models"].values():
        assert 0 < row["cached_input"] < row["input"] < row["output"]
