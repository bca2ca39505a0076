"""Papers: the whole catalogue in a table that filters, opens and exports."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from rag.app.assistant import Assistant
from rag.library.bibliography import EXPORT_SUFFIXES, MEDIA_TYPES, ExportFormat, format_papers
from rag.types import Condition, Paper
from rag.types.errors import RagError
from rag.types.fields import Range
from ui.components import selected_papers, session
from ui.views import answer_html
from ui.views.escaping import fault, plain

FORMATS: dict[ExportFormat, str] = {"bibtex": "BibTeX", "ris": "RIS", "csv": "CSV"}
NARROW = 158
CODE_FILTER = {"with code": True, "without code": False}


def render_filters(papers: Sequence[Paper], owners: Sequence[str]) -> list[Condition]:
    """Draw the filters; returns their conditions, none for a widget that was not used."""
    words = st.text_input("Words in title or text", key="text", placeholder="few-shot")
    conditions = [Condition("text", "contains", word) for word in words.split()]
    choices = (
        ("author", "Author", sorted({a.name for p in papers for a in p.authorships})),
        ("category", "Category", sorted({p.category for p in papers if p.category})),
        ("affiliation", "Affiliation", sorted({x for p in papers for x in p.affiliations})),
        ("page", "Profile page", sorted(owners)),
        ("code", "Code", list(CODE_FILTER)),
    )
    with st.container(horizontal=True, vertical_alignment="top"):
        for field, label, options in choices:
            chosen = st.selectbox(
                plain(label), options, index=None, placeholder="any", key=field, width=NARROW
            )
            if chosen is not None:
                conditions.append(Condition(field, "is", CODE_FILTER.get(chosen, chosen)))
        conditions += render_year_filter(papers)
    return conditions


def render_year_filter(papers: Sequence[Paper]) -> list[Condition]:
    """Draw the slider of years; the full range is no filter, so papers without a year are included."""
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
    return [] if span == (known[0], known[-1]) else [Condition("year", "is", Range(*span))]


def open_chosen(papers: Sequence[Paper], key: str) -> None:
    """Open the paper if exactly one row is selected, else close the open one."""
    rows: list[int] = st.session_state[key].selection.rows
    if len(rows) == 1:
        session.open_source(papers[rows[0]].paper_id)
    else:
        session.close_source()


def render_table(papers: Sequence[Paper]) -> list[Paper]:
    """Draw the papers as a table; returns the selected ones."""
    key = f"rows_{hash(tuple(paper.paper_id for paper in papers))}"
    event: Any = st.dataframe(
        [answer_html.build_paper_row(paper) for paper in papers],
        key=key,
        height=min(36 * len(papers) + 40, 520),
        hide_index=True,
        on_select=lambda: open_chosen(papers, key),
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


def render_exports(papers: Sequence[Paper], chosen: bool) -> None:
    """Draw the download buttons for the selected papers, or for all papers listed."""
    n = len(papers)
    what = f"{n} chosen" if chosen else f"all {n} listed"
    st.caption(f"Export {plain(what)}:", width="content")
    for form, name in FORMATS.items():
        st.download_button(
            plain(name),
            data=partial(format_papers, papers, form),
            file_name=f"papers{EXPORT_SUFFIXES[form]}",
            mime=MEDIA_TYPES[form],
            icon=":material/download:",
            key=f"export_{form}",
            on_click="ignore",
        )


def render_catalogue(assistant: Assistant) -> None:
    every = assistant.library.list_papers()
    conditions = render_filters(every, [page.person for page in assistant.library.list_pages()])
    answer = assistant.catalogue(conditions) if conditions else None
    listed_papers = every
    if answer is not None:
        listed_papers = assistant.library.list_papers([paper.paper_id for paper in answer.papers])
    listed_papers = sorted(listed_papers, key=answer_html.get_recency_key)
    st.markdown(f"**{len(listed_papers):,}** of {len(every):,} papers")
    for warning in answer.warnings if answer else ():
        st.html(f'<p class="pf note">{answer_html.escape(warning)}</p>')
    if listed_papers:
        above = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
        chosen = render_table(listed_papers)
        with above:
            render_exports(chosen or listed_papers, bool(chosen))
            selected_papers.render_button_for_papers(
                assistant, "ask_about", chosen or (listed_papers if conditions else ())
            )
    elif answer is not None:
        st.html(f'<div class="pf">{answer_html.render_markdown(answer.text)}</div>')


def main() -> None:
    assistant = session.get_assistant()
    with st.container(key="wide"):
        st.title("Papers", anchor=False)
        if not session.count_papers(assistant):
            st.info("No papers yet: open Chat to read your documents.", icon=":material/info:")
            return
        try:
            render_catalogue(assistant)
        except RagError as exc:
            st.error(fault(exc), icon=":material/error:")
    session.draw_panel(assistant)


main()
