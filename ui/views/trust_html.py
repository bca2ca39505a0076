"""Whether the answers can be trusted, as safe HTML: a sentence a kind, with the failures behind it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rag.text.english import counted
from ui.views.evaluation_runs import OUTCOMES, EvaluationRun, FailedQuestion
from ui.views.markdown_html import remove_escapes

KINDS = {
    "fact": ("Facts", "what a paper says"),
    "known-item": ("Half-remembered papers", "finding the paper that somebody describes"),
    "synthesis": ("Across papers", "what several papers say together"),
    "expert": ("Who works on what", "people for a topic, in the right order"),
    "person": ("People", "papers, co-authors and figures of one person"),
    "catalogue": ("Lists and counts", "which papers, and how many"),
    "followup": ("Conversations", "questions that rest on the one before"),
    "unanswerable": ("Declining", "what the papers do not say"),
    "robust": ("Odd input", "nonsense, very long or hostile questions"),
}
"""Kinds of questions, in words, in the order shown; others follow under their own names."""
SAID = {
    "wrong": "wrong", "abstained": "declined, though it could be answered",
    "failed": "ended in an error", "unscored": "without a known answer",
}  # fmt: skip
SHOWN_FAILURES = 40
SHOWN_CHARS = 420


def render_headline(
    runs: Sequence[EvaluationRun], outcomes: Mapping[str, Mapping[str, int]]
) -> str:
    """The whole in two sentences."""
    n_right = sum(counts.get("right", 0) for counts in outcomes.values())
    n_scored = sum(sum(c.values()) - c.get("unscored", 0) for c in outcomes.values())
    n_faults = sum(run.overall.get("faults") or 0 for run in runs)
    quotes = (
        "Every quote was found again, word for word, in its paper."
        if not n_faults
        else f"{n_faults:,.0f} quotes or numbers did not hold in their paper."
    )
    share = f"{n_right / n_scored:.0%}" if n_scored else "–"
    return (
        f'<div class="headline"><b>{share}</b><p>Of {n_scored:,} questions whose answers are known, '
        f"<strong>{n_right:,}</strong> were answered right. {quotes}</p></div>"
    )


def render_kinds(runs: Sequence[EvaluationRun], outcomes: Mapping[str, Mapping[str, int]]) -> str:
    """A row a kind: what it is, how many were right, and the others to be opened."""
    order = [kind for kind in KINDS if kind in outcomes]
    order += [kind for kind in outcomes if kind not in KINDS]
    failures: dict[str, list[FailedQuestion]] = {}
    for run in runs:
        for failure in run.errors:
            failures.setdefault(failure.kind, []).append(failure)
    rows = "".join(_render_kind(kind, outcomes[kind], failures.get(kind, [])) for kind in order)
    return f'<ul class="kinds">{rows}</ul>'


def _render_kind(kind: str, counts: Mapping[str, int], failures: Sequence[FailedQuestion]) -> str:
    name, what = KINDS.get(kind, (kind.replace("-", " ").capitalize(), ""))
    n = sum(counts.values()) - counts.get("unscored", 0)
    n_right = counts.get("right", 0)
    result = f"<b>{n_right:,} of {n:,}</b> right" if n else "not scored"
    parts = "".join(
        f'<i class="{outcome}" style="--n:{counts[outcome]}"></i>'
        for outcome in OUTCOMES
        if counts.get(outcome) and outcome != "unscored"
    )
    label = escape(", ".join(f"{m:,} {SAID.get(o, o)}" for o, m in counts.items() if m), quote=True)
    detail = f' <span class="by">{escape(what)}</span>' if what else ""
    return (
        f'<li><p><strong>{escape(name)}</strong>{detail}</p><p class="said">{result}</p>'
        f'<span class="share" role="img" aria-label="{escape(name, quote=True)}: {label}">{parts}</span>'
        f"{_render_failures(failures)}</li>"
    )


def _render_failures(failures: Sequence[FailedQuestion]) -> str:
    if not failures:
        return ""
    rows = "".join(map(_render_failure, failures[:SHOWN_FAILURES]))
    return (
        f"<details><summary>Show the {counted(len(failures), 'question')} that went wrong</summary>"
        f'<ol class="failures">{rows}</ol></details>'
    )


def _render_failure(failure: FailedQuestion) -> str:
    came = remove_escapes(failure.text)
    excerpt = came if len(came) <= SHOWN_CHARS else f"{came[:SHOWN_CHARS].rsplit(' ', 1)[0]} …"
    faults = (
        f"<dt>Found wrong</dt><dd>{escape('; '.join(failure.faults))}</dd>"
        if failure.faults
        else ""
    )
    wanted = f"<dt>Wanted</dt><dd>{escape(failure.wanted)}</dd>" if failure.wanted else ""
    value = escape(failure.question, quote=True)
    return (
        f'<li><p class="q">{escape(failure.question)} <i class="tag">{escape(SAID.get(failure.outcome, failure.outcome))}</i></p>'
        f"<dl>{wanted}<dt>Answered</dt><dd>{escape(excerpt) or 'nothing'}</dd>{faults}</dl>"
        f'<button class="ask" data-act="ask" data-value="{value}">Ask it now</button></li>'
    )
