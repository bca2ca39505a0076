"""The current user: signed in by an account or a provider, or nobody if the chat is not shared."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from rag.app.accounts import Accounts, is_member
from rag.app.web_server import has_provider
from rag.config.settings import Settings, load
from rag.types.errors import RagError
from ui.server.login import COOKIE, LEAVE, readers
from ui.views.escaping import fault, plain


@st.cache_resource(show_spinner=False)
def _has_provider() -> bool:
    return has_provider()


def sign_in() -> None:
    """Settle whose conversations the screens show; where nobody may read, say so and stop."""
    try:
        if accounts := readers():
            name = _get_account(accounts)
            with st.sidebar:
                st.html(
                    f'<form class="pf reader" method="post" action="{LEAVE}">{escape(name)} · '
                    '<button type="submit">Sign out</button></form>'
                )
            st.session_state["owner"] = st.session_state["reader"] = name
        elif _has_provider():
            st.session_state["owner"] = _get_email(load())
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        st.stop()


def _get_account(accounts: Accounts) -> str:
    """The holder of this connection's pass; the gate has let it through, but passes end."""
    name = accounts.find_holder(st.context.cookies.get(COOKIE, ""))
    if name is None:
        st.warning("Your sign-in is over. Load the page again to sign in.", icon=":material/lock:")
        st.stop()
    return name


def verified_email(claims: Mapping[str, Any]) -> str:
    """The address that a provider vouches for; one that it says nothing of may be its reader's own choice."""
    return str(claims.get("email") or "") if claims.get("email_verified") is True else ""


def _get_email(settings: Settings) -> str:
    """Whom the provider names, if the settings admit them."""
    if not st.user.get("is_logged_in"):
        st.html(
            '<div class="hero"><h1>Paperfolk</h1><p>Chat with papers, and find the people behind '
            "them. Sign in to go on.</p></div>"
        )
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()
    email = str(st.user.get("email") or "")
    verified = verified_email(st.user)
    admitted = is_member(settings.members, verified)
    with st.sidebar:
        st.caption(plain(str(st.user.get("name") or email or "Signed in")))
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=st.logout)
    st.session_state["reader"] = str(st.user.get("name") or email)
    if not admitted:
        st.html(
            f'<div class="hero"><h1>Not admitted</h1><p>{escape(email or "This account")} is not '
            "among the members of this Paperfolk"
            + ("" if verified else ", as the provider does not say that the address is verified")
            + ". Ask whoever runs it to add the address to the setting <code>members</code>, or sign "
            "out and come as somebody else.</p></div>"
        )
        st.stop()
    return f"{st.user.get('iss')}#{st.user.get('sub')}"
