"""What words the answers: a badge that says it, and a dialogue to try, use and keep a chat model."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.app.assistant import Assistant
from rag.app.doctor import get_chat_model_state
from rag.config.settings import Settings, keep_in_file, load
from rag.types.errors import RagError
from ui.components import dialogue, session
from ui.views.escaping import fault, plain


def may_change() -> bool:
    """Whether this reader is the one who runs the program: nobody signs in, and the browser is on this computer."""
    through_proxy = {"forwarded", "x-forwarded-for"} & {name.lower() for name in st.context.headers}
    is_here = st.context.ip_address is None and not through_proxy
    return is_here and not st.session_state.get("owner")


def render_badge(assistant: Assistant, settings: Settings) -> None:
    """Draw the button that says what words the answers; it opens the dialogue."""
    name, sentence = session.get_mode(settings)
    st.button(
        plain(name if settings.generative else "No model"),
        icon=":material/smart_toy:" if settings.generative else ":material/format_quote:",
        type="tertiary",
        key="model_badge",
        help=plain(sentence),
        on_click=dialogue.open_dialogue,
        args=("model",),
    )


@st.dialog("Who words the answers", on_dismiss=dialogue.close_dialogue)
def show_settings(assistant: Assistant, settings: Settings) -> None:
    """The dialogue: what is used now, and how to add a model."""
    st.markdown(plain(session.get_mode(settings)[1]))
    if not may_change():
        st.markdown(
            "Whoever runs this Paperfolk can add a chat model: `openai_base_url`, `openai_api_key` and "
            "`chat_model` in `paperfolk.toml`."
        )
        return
    st.markdown(
        "**Add a model:** any server that speaks the OpenAI protocol, also one on this computer, such as "
        "Ollama or llama.cpp. It gets your questions and the passages found for them."
    )
    now = assistant.settings
    server = st.text_input(
        "Server",
        value=now.openai_base_url or "",
        placeholder="http://127.0.0.1:11434/v1, or empty for OpenAI",
        key="model_server",
    )
    model = st.text_input(
        "Model", value=now.chat_model, placeholder=plain(now.chat_model_name), key="model_name"
    )
    key = st.text_input(
        "Key",
        type="password",
        placeholder="••••••••  (as it is)" if now.openai_api_key else "none",
        key="model_key",
        help="Held by this session only, unless you keep it: then in paperfolk.toml, for your account alone.",
    )
    values: dict[str, Any] = {"mode": "generative", "chat_model": model.strip() or None}
    values |= {"openai_base_url": server.strip() or None, "openai_api_key": key.strip() or None}
    with st.container(horizontal=True):
        is_tried = st.button("Try it", icon=":material/bolt:", key="model_try")
        is_used = st.button("Use in this session", type="primary", key="model_use")
        is_kept = st.button("Keep on this computer", key="model_keep")
    try:
        if is_tried:
            report_trial(load(**values))
        if is_used or is_kept:
            load(**values)  # what does not fit is said before anything is changed
            st.session_state["own_model"] = values
        if is_kept:
            keep_in_file({**values, "mode": None})
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        return
    if session.has_own_model() and st.button(
        "Quote the papers instead", type="tertiary", key="model_none"
    ):
        st.session_state.pop("own_model")
        is_used = True
    if is_used or is_kept:
        dialogue.close_dialogue()
        st.rerun()


def report_trial(settings: Settings) -> None:
    """Ask the server for a word, and say what came of it."""
    with st.spinner("asking the server …"):
        state = get_chat_model_state(settings)
    works = state["state"].startswith("reachable") and "streaming" in state
    sentence = "; ".join(filter(None, (state["state"], state.get("streaming"))))
    (st.success if works else st.warning)(fault(f"{state['name']}: {sentence}"))
