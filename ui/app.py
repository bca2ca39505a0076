"""The browser chat: `paperfolk ui` runs this file by Streamlit."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag.errors import RagError
from ui import readers, shared
from ui.escaping import fault

ICON = Path(__file__).resolve().parent / "assets" / "icon.svg"
st.set_page_config(page_title="Paperfolk", page_icon=str(ICON), layout="centered")
screen = st.navigation(
    [
        st.Page(shared.CHAT, title="Chat", icon=":material/forum:", default=True),
        st.Page(shared.PEOPLE, title="People", icon=":material/group:", url_path="people"),
        st.Page(shared.PAPERS, title="Papers", icon=":material/article:", url_path="papers"),
        st.Page(shared.LIBRARY, title="Library", icon=":material/shelves:", url_path="library"),
        st.Page(shared.QUALITY, title="Quality", icon=":material/monitoring:", url_path="quality"),
    ]
)
st.logo(str(ICON.with_name("logo.svg")), size="large", icon_image=str(ICON))
shared.style()
readers.sign_in()
shared.say_fault()
try:
    screen.run()
except RagError as exc:  # such as of a file that is damaged while the server runs
    st.error(fault(exc), icon=":material/error:")
