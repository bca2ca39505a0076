"""What is counted of the whole library once for each of its states, and shared by pages and readers."""

from __future__ import annotations

import streamlit as st

from rag.answers.topic_map import TopicMap, map_topics
from rag.app.assistant import Assistant


def load_topic_map(assistant: Assistant) -> TopicMap:
    """The topics of the library and whose they are."""
    return _map_topics(assistant, assistant.library.fingerprint)


@st.cache_data(show_spinner=False, max_entries=2)
def _map_topics(_assistant: Assistant, fingerprint: str) -> TopicMap:
    return map_topics(_assistant.library.view)
