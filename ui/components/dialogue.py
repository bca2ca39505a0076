"""Which dialogue is open: one at most, over as many runs of the script as it takes."""

from __future__ import annotations

from typing import Literal

import streamlit as st

Kind = Literal["menu", "delete", "model"]


def open_dialogue(kind: Kind, value: str = "") -> None:
    """Open a dialogue about ``value`` from the next run of the script on."""
    st.session_state["dialogue"] = (kind, value)


def close_dialogue() -> None:
    st.session_state.pop("dialogue", None)


def get_opened(kind: Kind) -> str | None:
    """What the dialogue of this kind is about; None if it is not open."""
    opened, value = st.session_state.get("dialogue", (None, ""))
    return value if opened == kind else None
