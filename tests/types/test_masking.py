"""Secrets in addresses are taken out; everything else stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types.errors import LibraryError
from rag.types.masking import mask_secrets

WORD = st.text("abcXYZ019._~-", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("http://user:pw@127.0.0.1:9/v1", "http://…@127.0.0.1:9/v1"),
        ("'https://sk-key@host' fails; see https://docs.example/a@b",
         "'https://…@host' fails; see https://docs.example/a@b"),
        ("http://u:p@w@host/", "http://…@host/"),
        ("user:pw@host:8000", "…@host:8000"),
        ("https://host/v1?api_key=abc&n=3;Token=x#part", "https://host/v1?api_key=…&n=3;Token=…#part"),
        ("ada@example.org, @example.org", "ada@example.org, @example.org"),
        ("What is key=value? Ratio 1:2", "What is key=value? Ratio 1:2"),
    ],
)  # fmt: skip
def test_what_is_secret_is_hidden_and_nothing_else(told: str, shown: str) -> None:
    assert mask_secrets(told) == shown
    assert str(LibraryError(told)) == shown


@given(WORD, st.text("abcXYZ019._~-:@", min_size=1, max_size=12), WORD)
def test_no_password_of_an_address_is_left(user: str, password: str, host: str) -> None:
    secret = f"S3{password}"
    assert secret not in mask_secrets(f"x http://{user}:{secret}@{host}/a?key={secret}&b=1 y")
