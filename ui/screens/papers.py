"""Papers: the whole catalogue in a table that filters, opens and exports."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from rag.bibliography import MEDIA_TYPES, SUFFIXES, Format, export
from rag.errors import RagError
from rag.pipeline import Assistant
from rag.types import Condition, Paper
from ui import openings, shared, views
from ui.escaping import fault, plain

FORMATS: dict[Format, str] = {"bibtex": "BibTeX", "ris": "RIS", "csv": "CSV"}
NARROW = 158
CODE = {"with code": True, "without code": False}


def filters(papers: Sequence[Paper], owners: Sequence[str]) -> list[Condition]:
    """The conditions that the widgets ask for; an untouched widget asks nothing."""
    words = st.text_input("Words in title or text", key="text", placeholder="few-shot")
    found = [Condition("text", "contains", word) for word in words.split()]
    choices = (
        ("author", "Author", sorted({a.name for p in papers for a in p.authorships})),
        ("category", "Category", sorted({p.category for p in papers if p.category})),
        ("affiliation", "Affiliation", sorted({x for p in papers for x in p.affiliations})),
        ("page", "Profile page", sorted(owners)),
        ("code", "Code", list(CODE)),
    )
    with st.container(horizontal=True, vertical_alignment="top"):
        for field, label, options in choices:
            chosen = st.selectbox(
                plain(label), options, index=None, placeholder="any", key=field, width=NARROW
            )
            if chosen is not None:
                found.append(Condition(field, "is", CODE.get(chosen, chosen)))
        found += years(papers)
    return found


def years(papers: Sequence[Paper]) -> list[Condition]:
    """A span of years; the whole span asks nothing, so papers without a year stay in."""
    known = sorted({paper.year for paper in papers if paper.year is not None})
    if len(known) < 2:
        return []
    span = st.slider(
        "Years",
        known[0],
        known[-1],
        (known[0], known[-1]),
        key="years",
        width=NARROW,
        help="A narrower span leaves out papers without a year.",
    )
    return [] if span == (known[0], known[-1]) else [Condition("year", "between", span)]


def opened_by(papers: Sequence[Paper], key: str) -> None:
    """A single chosen row opens its paper; none stays open beside several or none."""
    rows: list[int] = st.session_state[key].selection.rows
    if len(rows) == 1:
        shared.open_source(papers[rows[0]].paper_id)
    else:
        shared.close_source()


def table(papers: Sequence[Paper]) -> list[Paper]:
    """The papers as rows; returns those chosen."""
    key = f"rows_{hash(tuple(paper.paper_id for paper in papers))}"
    event: Any = st.dataframe(
        [views.paper_row(paper) for paper in papers],
        key=key,
        height=min(36 * len(papers) + 40, 520),
        hide_index=True,
        on_select=lambda: opened_by(papers, key),
        selection_mode="multi-row",
        column_config={
            "Title": st.column_config.TextColumn(width="large"),
            "Authors": st.column_config.TextColumn(width="medium"),
            "Year": st.column_config.NumberColumn(format="%d", width="small"),
            "Category": st.column_config.TextColumn(width="small"),
            "Code": st.column_config.CheckboxColumn(width="small"),
        },
        placeholder="—",
        alt="Papers that meet all conditions",
    )
    return [papers[row] for row in event.selection.rows]


def exports(papers: Sequence[Paper], chosen: bool) -> None:
    """Download buttons for the papers chosen, or for all that are listed."""
    n = len(papers)
    what = f"{n} chosen" if chosen else f"all {n} listed"
    st.caption(f"Export {plain(what)}:", width="content")
    for form, name in FORMATS.items():
        st.download_button(
            plain(name),
            data=partial(export, papers, form),
            file_name=f"papers{SUFFIXES[form]}",
            mime=MEDIA_TYPES[form],
            icon=":material/download:",
            key=f"export_{form}",
            on_click="ignore",
        )


def catalogue(held: Assistant) -> None:
    every = held.library.papers()
    conditions = filters(every, [page.person for page in held.library.pages()])
    answer = held.catalogue(conditions) if conditions else None
    found = every
    if answer is not None:
        found = held.library.papers([paper.paper_id for paper in answer.papers])
    found = sorted(found, key=views.newest_first)
    st.markdown(f"**{len(found):,}** of {len(every):,} papers")
    for warning in answer.warnings if answer else ():
        st.html(f'<p class="pf note">{views.escape(warning)}</p>')
    if found:
        above = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
        chosen = table(found)
        with above:
            exports(chosen or found, bool(chosen))
            openings.of_papers(held, "ask_about", chosen or (found if conditions else ()))
    elif answer is not None:
        st.html(f'<div class="pf">{views.markdown(answer.text)}</div>')


def main() -> None:
    held = shared.assistant()
    with st.container(key="wide"):
        st.title("Papers", anchor=False)
        if not shared.n_papers(held):
            st.info("No papers yet: open Chat to read the seed documents.", icon=":material/info:")
            return
        try:
            catalogue(held)
        except RagError as exc:
            st.error(fault(exc), icon=":material/error:")
    shared.panel(held)


main()
