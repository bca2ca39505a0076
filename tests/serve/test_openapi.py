"""The OpenAPI document is true: whatever fits it is answered as it says, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def document(address: str) -> Any:
    return schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_what_the_document_says_is_so(mode: GenerationMode, document: Any) -> None:
    """What fits the document is answered as it says; what does not is refused."""
    operations = [result.ok() for result in document.get_all_operations()]
    assert len(operations) == 13
    for operation in operations:
        if mode == GenerationMode.NEGATIVE and not _takes_something(operation):
            continue

        @settings(
            max_examples=6,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        check()


def _takes_something(operation: Any) -> bool:
    return bool(operation.body or operation.query)
