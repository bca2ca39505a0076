"""Quality: whether the answers can be trusted, by the latest evaluation runs; runs one at a press."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from rag.app.evaluation_process import EvaluationProcess
from rag.config.settings import load
from rag.types.errors import RagError
from ui.components import page_links, session
from ui.components.click_component import render_clickable
from ui.views import evaluation_plots, evaluation_runs, trust_html
from ui.views.escaping import fault, plain
from ui.views.evaluation_runs import REPORT, ChangedQuestion, EvaluationRun

SHARES = {
    "macro": ("Mean over kinds", "The decisive figure of each kind, each kind counting the same"),
    "latency_p50_ms": ("Median answer", "Half of the answers took less"),
    "latency_p95_ms": ("Slowest 5%", "19 of 20 answers took less"),
    "faults": ("Citation faults", "Markers or quotes that do not hold in the paper"),
}
NONE_YET = """<div class="hero"><p>An evaluation asks the library questions whose answers are known and measures what comes of
them: whether the right paper is found, whether quotes hold, whether what the papers do not say
is declined.</p><p>None has been run over this library yet.</p></div>"""


def render_measured(run: EvaluationRun, other_run: EvaluationRun | None) -> None:
    """Draw the figures of the whole run as tiles, with the changes since the other run."""
    with st.container(horizontal=True, key="tiles"):
        counts = [c.get("right", 0) for c in run.outcomes.values()]
        st.metric("Right", f"{sum(counts)} of {run.n_questions}", border=True)
        for key, (label, help_text) in SHARES.items():
            now, before = run.overall.get(key), other_run.overall.get(key) if other_run else None
            if now is not None:
                gap = format_measure(key, now - before, sign=True) if before is not None else None
                st.metric(
                    plain(label),
                    format_measure(key, now),
                    delta=gap if before != now else None,
                    delta_color="normal" if key == "macro" else "inverse",
                    border=True,
                    help=plain(help_text),
                )


def format_measure(key: str, value: float, *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    if key.endswith("_ms"):
        return f"{value:{plus},.0f} ms"
    return f"{value:{plus}.3f}" if key == "macro" else f"{value:{plus},.0f}"


def render_changes(changed_questions: Sequence[ChangedQuestion]) -> None:
    """Draw a table of the questions whose outcome changed."""
    won = sum(change.better for change in changed_questions)
    if not changed_questions:
        st.caption("Every question came to the same.")
        return
    lost = sum(change.before == "right" for change in changed_questions)
    st.markdown(f"**{won:,}** made right, **{lost:,}** no longer right.")
    st.dataframe(
        [
            {
                "Kind": change.kind,
                "Question": change.question,
                "Before": change.before,
                "Now": change.after,
            }
            for change in changed_questions
        ],
        hide_index=True,
        column_config={"Question": st.column_config.TextColumn(width="large")},
        alt="Questions that came to something else",
    )


def render_measures(run: EvaluationRun) -> None:
    rows = [
        {"Kind": kind, "Measure": name, "Mean": f.mean, "From": f.low, "To": f.high, "n": f.n}
        for kind, figures in run.kinds.items()
        for name, f in figures.items()
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    with st.expander("Every measure"):
        st.dataframe(
            rows,
            hide_index=True,
            column_config={"Mean": number, "From": number, "To": number},
            alt="Every measure of every kind with its 95% interval",
        )


def choose(complete_runs: Sequence[EvaluationRun]) -> tuple[EvaluationRun, EvaluationRun | None]:
    """Choose the run to show and the one to compare it with; by default the newest two."""
    names = {run.folder.name: run.name for run in complete_runs}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox("Run", list(names), format_func=lambda k: names[k], key="run")
        run = next(candidate for candidate in complete_runs if candidate.folder.name == key)
        other_runs = [r for r in complete_runs if r.questions == run.questions and r is not run]
        earlier = [r for r in other_runs if r.begun <= run.begun]
        ordered = [*earlier, *(r for r in other_runs if r not in earlier)]
        if not ordered:
            return run, None
        other_run = st.selectbox(
            "Compared with",
            [r.folder.name for r in ordered],
            format_func=lambda k: names[k],
            index=0 if earlier else None,
            placeholder="nothing",
            key=f"other_{run.folder.name}",
        )
    return run, next((r for r in ordered if r.folder.name == other_run), None)


def show_runs(complete_runs: Sequence[EvaluationRun]) -> None:
    run, other_run = choose(complete_runs)
    render_measured(run, other_run)
    st.subheader("How good, by kind", anchor=False)
    st.html(evaluation_plots.plot_figures(run, other_run))
    st.subheader("What came of the questions", anchor=False)
    st.html(evaluation_plots.plot_outcomes(run))
    if other_run is not None:
        st.subheader("What changed", anchor=False)
        try:
            render_changes(evaluation_runs.list_changed_questions(other_run, run))
        except RagError as exc:
            st.warning(fault(exc), icon=":material/warning:")
    render_measures(run)
    report = run.folder / REPORT
    if report.is_file():
        st.download_button(
            "Report with every error",
            data=lambda: report.read_text(encoding="utf-8"),
            file_name=f"{run.folder.name}.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )


# --- running it -----------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def _load_running(data: Path) -> dict[str, EvaluationProcess]:
    """The evaluation of this data folder, if it was started on this server."""
    return {}


def render_run_button(data: Path, *, first: bool) -> None:
    """Draw the button that runs the evaluation, or how far it is."""
    running = _load_running(data)
    process = running.get("now")
    if process is not None and process.is_running:
        watch(data)
        return
    if process is not None and process.fault:
        st.warning(fault(process.fault), icon=":material/warning:")
    label = "Check it now" if first else "Check again"
    if st.button(
        plain(label),
        icon=":material/play_arrow:",
        type="primary" if first else "secondary",
        key="evaluate",
    ):
        running["now"] = EvaluationProcess(data)
        st.rerun()


@st.fragment(run_every=2.0)
def watch(data: Path) -> None:
    """Draw how far the evaluation is, every two seconds, until it is done."""
    process = _load_running(data)["now"]
    if not process.is_running:
        st.rerun()
    name, n_done, total = process.progress
    text = f"{n_done:,} of {total:,} {name}" if total else "opening the library"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(n_done / total if total else 0.0, f"{plain(text)} …", width=420)
        st.button("Stop", icon=":material/stop:", key="stop_evaluation", on_click=process.stop)


def show_trust(complete_runs: Sequence[EvaluationRun], data: Path) -> None:
    """Draw whether the answers can be trusted, by the newest run of each set of questions."""
    newest = evaluation_runs.list_newest(complete_runs)
    outcomes = evaluation_runs.sum_outcomes(newest)
    html = trust_html.render_headline(newest, outcomes) + trust_html.render_kinds(newest, outcomes)
    render_clickable(html, key="trust", on_act=page_links.handle_act, style="trust.css")
    sets = ", ".join(f"{run.questions} {run.n_questions:,}" for run in newest)
    st.caption(plain(f"Questions: {sets}; last asked {newest[0].begun[:10]}."))
    render_run_button(data, first=False)


def main() -> None:
    try:
        data = load().data
        complete_runs, problems = evaluation_runs.list_runs(data)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        return
    st.title("Can I trust it?", anchor=False)
    for problem in problems:
        st.warning(fault(problem), icon=":material/warning:")
    if complete_runs:
        show_trust(complete_runs, data)
        with st.expander("Runs, measures and what changed", icon=":material/monitoring:"):
            show_runs(complete_runs)
    else:
        st.html(NONE_YET)
        render_run_button(data, first=True)
        st.caption(
            "It asks the project's own questions, and those that were judged in the chat; some minutes."
        )
    page_links.follow_link(session.get_assistant())


main()
