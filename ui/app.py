"""The browser chat, which `paperfolk ui` runs with Streamlit."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag.types.errors import RagError
from ui.components import conversation_list, page_links, session
from ui.components.manners import place_phone_bar, render_manners, render_phone_bar
from ui.server import current_user
from ui.views.escaping import fault

ICON = Path(__file__).resolve().parent / "assets" / "icon.svg"
st.set_page_config(page_title="Paperfolk", page_icon=str(ICON), layout="centered")
screen = st.navigation(
    [
        st.Page(session.CHAT, title="Chat", icon=":material/forum:", default=True),
        st.Page(
            page_links.OVERVIEW,
            title="Overview",
            icon=":material/bubble_chart:",
            url_path="overview",
        ),
        st.Page(session.PEOPLE, title="People", icon=":material/group:", url_path="people"),
        st.Page(session.PAPERS, title="Papers", icon=":material/article:", url_path="papers"),
        st.Page(session.LIBRARY, title="Library", icon=":material/shelves:", url_path="library"),
        st.Page(session.QUALITY, title="Quality", icon=":material/monitoring:", url_path="quality"),
    ]
)
st.logo(str(ICON.with_name("logo.svg")), size="large", icon_image=str(ICON))
session.apply_style()
current_user.sign_in()
session.say_fault()
try:
    if screen.url_path:  # the chat draws them itself, once it knows which one is open
        with place_phone_bar():
            render_phone_bar(screen.title)
        conversation_list.render_elsewhere(session.get_assistant())
    screen.run()
    render_manners()
except RagError as exc:  # such as of a file that is damaged while the server runs
    st.error(fault(exc), icon=":material/error:")
