"""Papers on several topics at once: on the first, and touching the others."""

from __future__ import annotations

import pytest

from rag.app.assistant import Assistant
from rag.types.query import Query, Topic


@pytest.mark.parametrize(
    ("topics", "titles"),
    [
        (("federated learning", "deepfakes"), {"FedForgery", "Federated Face Forgery Detection"}),
        (("super-resolution", "bananas"), set()),
    ],
)
def test_papers_on_each_topic(
    topics: tuple[str, ...], titles: set[str], assistant: Assistant
) -> None:
    answer = assistant.query(Query("papers", about=Topic(all_of=topics)))
    found = [citation.title or "" for citation in answer.citations]
    assert len(found) == len(titles)
    assert all(any(title.startswith(name) for title in found) for name in titles)
    assert " and ".join(topics) in answer.text or (
        not titles and all(t in answer.text for t in topics)
    )
