"""Quality: how good the answers are, by the latest evaluation runs, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.config import load
from rag.errors import RagError
from ui import evaluations, plots
from ui.escaping import fault, plain
from ui.evaluations import REPORT, EvaluationRun, Turned

SHARES = {
    "macro": ("Mean over kinds", "The decisive figure of each kind, each kind counting the same"),
    "latency_p50_ms": ("Median answer", "Half of the answers took less"),
    "latency_p95_ms": ("Slowest 5%", "19 of 20 answers took less"),
    "faults": ("Citation faults", "Markers or quotes that do not hold in the paper"),
}
NONE_YET = """<div class="hero"><h1>Quality</h1>
<p>An evaluation asks the library questions whose answers are known and measures what comes of
them: whether the right paper is found, whether quotes hold, whether what the papers do not say
is declined.</p><p>None has been run over this library yet. This command makes one:</p></div>"""


def measured(run: EvaluationRun, other: EvaluationRun | None) -> None:
    """The figures of the whole run as tiles, with what changed."""
    with st.container(horizontal=True, key="tiles"):
        counts = [c.get("right", 0) for c in run.outcomes.values()]
        st.metric("Right", f"{sum(counts)} of {run.n_questions}", border=True)
        for key, (label, help_text) in SHARES.items():
            now, before = run.overall.get(key), other.overall.get(key) if other else None
            if now is not None:
                gap = shown(key, now - before, sign=True) if before is not None else None
                st.metric(
                    plain(label),
                    shown(key, now),
                    delta=gap if before != now else None,
                    delta_color="normal" if key == "macro" else "inverse",
                    border=True,
                    help=plain(help_text),
                )


def shown(key: str, value: float, *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    if key.endswith("_ms"):
        return f"{value:{plus},.0f} ms"
    return f"{value:{plus}.3f}" if key == "macro" else f"{value:{plus},.0f}"


def changes(found: Sequence[Turned]) -> None:
    """The questions that came to something else, as a table."""
    won = sum(change.better for change in found)
    if not found:
        st.caption("Every question came to the same.")
        return
    lost = sum(change.before == "right" for change in found)
    st.markdown(f"**{won:,}** made right, **{lost:,}** no longer right.")
    st.dataframe(
        [
            {
                "Kind": change.kind,
                "Question": change.question,
                "Before": change.before,
                "Now": change.after,
            }
            for change in found
        ],
        hide_index=True,
        column_config={"Question": st.column_config.TextColumn(width="large")},
        alt="Questions that came to something else",
    )


def every_measure(run: EvaluationRun) -> None:
    rows = [
        {"Kind": kind, "Measure": name, "Mean": f.mean, "From": f.low, "To": f.high, "n": f.n}
        for kind, held in run.kinds.items()
        for name, f in held.items()
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    with st.expander("Every measure"):
        st.dataframe(
            rows,
            hide_index=True,
            column_config={"Mean": number, "From": number, "To": number},
            alt="Every measure of every kind with its 95% interval",
        )


def choose(found: Sequence[EvaluationRun]) -> tuple[EvaluationRun, EvaluationRun | None]:
    """The run to show and the one to compare it with: the newest, and the one before it."""
    names = {run.folder.name: run.name for run in found}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox("Run", list(names), format_func=lambda k: names[k], key="run")
        run = next(one for one in found if one.folder.name == key)
        others = [r for r in found if r.questions == run.questions and r is not run]
        earlier = [r for r in others if r.begun <= run.begun]
        ordered = [*earlier, *(r for r in others if r not in earlier)]
        if not ordered:
            return run, None
        other = st.selectbox(
            "Compared with",
            [r.folder.name for r in ordered],
            format_func=lambda k: names[k],
            index=0 if earlier else None,
            placeholder="nothing",
            key=f"other_{run.folder.name}",
        )
    return run, next((r for r in ordered if r.folder.name == other), None)


def show(found: Sequence[EvaluationRun]) -> None:
    run, other = choose(found)
    measured(run, other)
    st.header("How good, by kind", anchor=False)
    st.html(plots.figures(run, other))
    st.header("What came of the questions", anchor=False)
    st.html(plots.outcomes(run))
    if other is not None:
        st.header("What changed", anchor=False)
        try:
            changes(evaluations.turned(other, run))
        except RagError as exc:
            st.warning(fault(exc), icon=":material/warning:")
    every_measure(run)
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


def main() -> None:
    try:
        found, problems = evaluations.runs(load().data)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        return
    if found:
        st.title("Quality", anchor=False)
    for problem in problems:
        st.warning(fault(problem), icon=":material/warning:")
    if found:
        show(found)
    else:
        st.html(NONE_YET)
        st.code("paperfolk eval", language=None)
        st.caption("It asks the project's own questions, and those that were judged in the chat.")


main()
