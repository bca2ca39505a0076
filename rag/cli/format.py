"""Formats answers, papers and progress for a terminal; as plain text if the output is a file."""

from __future__ import annotations

import os
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from rag.answers.phrases import ROUTE_WORDS, format_checks
from rag.cli.markdown import WIDTH, open_answer_writer, remove_control_characters
from rag.types import Answer, Citation, Delta, Event, Paper, Place
from rag.types.answers import UNVERIFIED

if TYPE_CHECKING:
    from rag.library import Library

BOLD_STYLE, DIM_STYLE, CYAN, RED, YELLOW, GREEN = "1", "2", "36", "31", "33", "32"


LOOK_UP = "look-up "
"""How the steps begin that stay to be seen: what a model planned for a question that needs several."""


def is_coloured(stream: TextIO) -> bool:
    """Whether the stream is a terminal that wants colours (``NO_COLOR`` and dumb ones do not)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def apply_colour(text: str, code: str, stream: TextIO) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if is_coloured(stream) else text


def print_answer_stream(
    events: Iterable[Event],
    library: Library,
    out: TextIO,
    err: TextIO,
    again: str = "--as",
    *,
    files: bool = False,
) -> Answer:
    """Write an answer as it grows, then its references and notes, and how it was read.

    Steps show on ``err``, on a terminal alone, and vanish before the first word. ``again`` is what
    is typed to have the question read in another way; ``files``: name the file and line of each source.
    """
    writer = open_answer_writer(out, is_terminal=is_coloured(out))
    answer: Answer | None = None
    streamed = ""
    try:
        for event in events:
            if isinstance(event, Answer):
                answer = event
            elif isinstance(event, Delta):
                if not writer.wrote:
                    _show_step("", err)
                writer.write_piece(event.text)
                streamed += event.text
            elif not writer.wrote:  # a step named now would overwrite words
                _show_step(event.name, err)
        assert answer is not None, "a stream ends with its answer"
        if not writer.wrote:
            _show_step("", err)
            writer.write_piece(answer.text, is_last=True)
            streamed = answer.text
    finally:  # also of an answer that is given up: the cursor is hidden while one grows
        writer.close()
    out.writelines(
        f"\n{apply_colour(UNVERIFIED, YELLOW, out)} {remove_control_characters(sentence)}\n"
        for sentence in answer.list_late_marks(streamed)
    )
    out.writelines(f"{line}\n" for line in iter_footer(answer, library, out, files=files))
    if answer.reading is not None:
        out.write(
            f"\n{apply_colour(remove_control_characters(format_reading_line(answer, again)), DIM_STYLE, out)}\n"
        )
    for name, _ in answer.steps:
        if name.startswith(LOOK_UP):
            out.write(f"{apply_colour(remove_control_characters(name), DIM_STYLE, out)}\n")
    if spent := format_spent_line(answer):
        out.write(f"{apply_colour(remove_control_characters(spent), DIM_STYLE, out)}\n")
    out.flush()
    return answer


def format_reading_line(answer: Answer, again: str) -> str:
    """``Read as a search for people: it looks for people on a topic; --as content: what papers say about it``."""
    why = answer.reading.reason if answer.reading is not None else ""
    line = f"Read as {ROUTE_WORDS[answer.route]}" + (f": {why}" if why else "")
    return f"{line}; {again} {answer.other.route}: {answer.other.words}" if answer.other else line


def format_spent_line(answer: Answer) -> str:
    """``gpt-4o-mini: 1,230 tokens, $0.0003, first words after 0.6 s, 2.1 s``; without one, empty."""
    usage = answer.usage
    n_tokens = usage.input_tokens + usage.output_tokens
    if not n_tokens and not answer.cached:
        return ""
    parts = [f"{'about ' if usage.estimated else ''}{n_tokens:,} tokens"] if n_tokens else []
    if usage.cost_usd is not None:
        parts.append(f"${usage.cost_usd:.4f}")
    if answer.cached:
        parts.append("from the cache")
    if answer.first_words_ms is not None:
        parts.append(f"first words after {answer.first_words_ms / 1000:.1f} s")
    parts.append(f"{answer.latency_ms / 1000:.1f} s")
    if answer.sentences:
        parts.append(format_checks(answer))
    return f"{answer.model}: {', '.join(parts)}"


def _show_step(name: str, err: TextIO) -> None:
    if is_coloured(err):
        err.write(f"\r\x1b[K{apply_colour(name + ' …', DIM_STYLE, err) if name else ''}")
        err.flush()


def iter_footer(
    answer: Answer, library: Library, out: TextIO, *, files: bool = False
) -> Iterator[str]:
    """The references of an answer and its warnings, each after a blank line."""
    if answer.citations:
        from rag.library.entry_names import name_entries

        yield ""
        yield apply_colour("References", BOLD_STYLE, out)
        papers = {
            p.paper_id: p for p in library.list_papers({c.paper_id for c in answer.citations})
        }
        of_paper: dict[str, list[Citation]] = {}
        for citation in answer.citations:
            of_paper.setdefault(citation.paper_id, []).append(citation)
        names = {} if files else name_entries(library, of_paper)
        for paper_id, citations in of_paper.items():
            places = names.get(paper_id) or (citations[0].source, *citations[0].also_at)
            yield from iter_reference(citations, papers[paper_id], answer.text, places, out)
    for warning in answer.warnings:
        yield ""
        yield apply_colour("Note: ", YELLOW, out) + remove_control_characters(warning)


def iter_reference(
    citations: Sequence[Citation],
    paper: Paper,
    answer_text: str,
    places: Sequence[str],
    out: TextIO,
) -> Iterator[str]:
    """One paper with its markers; quotes follow unless the answer's text holds them already."""
    from rag.library.bibliography import format_byline

    pages = dict.fromkeys(f"p. {c.page}" for c in citations if c.page is not None)
    where = remove_control_characters(", ".join((places[0], *pages, *places[1:])))
    markers = apply_colour(" ".join(f"[{c.marker}]" for c in citations), CYAN, out)
    line = f"{paper.name} — {format_byline(paper)}"
    yield f"{markers} {remove_control_characters(line)} {apply_colour(f'({where})', DIM_STYLE, out)}"
    plain_answer = re.sub(r"\\([!-/:-@\[-`{-~])|\*\*", r"\1", answer_text)
    for quote in dict.fromkeys(c.quote for c in citations):
        if quote and quote not in plain_answer:
            yield from _split_lines(f"“{remove_control_characters(quote)}”", "    ")


def iter_paper_lines(
    paper: Paper, out: TextIO, traced: Mapping[str, Place] = MappingProxyType({})
) -> Iterator[str]:
    """All details of one paper; of one that stands in several places, where each was read."""
    from rag.library.bibliography import format_byline

    yield apply_colour(remove_control_characters(paper.name), BOLD_STYLE, out) + (
        "" if paper.title else "  (label, no title)"
    )
    yield remove_control_characters(format_byline(paper))
    owners = [a.name for a in paper.authorships if a.role == "page"]
    marks = {None: "", True: "code marked", False: "no code mark"}[paper.code]
    facts = [paper.category or "", marks, ", ".join(paper.affiliations), paper.venue or ""]
    yield from filter(None, [" · ".join(filter(None, facts))])
    if owners:
        yield f"also by {', '.join(owners)}, on whose profile page it stands"
    yield ""
    for paragraph in paper.text.splitlines() or ["(no text)"]:
        yield from _split_lines(remove_control_characters(paragraph), "")
    yield ""
    identifiers = [
        paper.doi and f"doi: {paper.doi}",
        paper.arxiv and f"arXiv: {paper.arxiv}",
        paper.pmid and f"PMID: {paper.pmid}",
        paper.keywords and f"keywords: {'; '.join(paper.keywords)}",
    ]
    yield from filter(None, [*identifiers, paper.url, *paper.links])
    if len(paper.places) > 1 and traced:
        of_place = defaultdict(list)
        for field, place in traced.items():
            of_place[place].append(field)
        yield from (f"read at {place}: {', '.join(names)}" for place, names in of_place.items())
    yield apply_colour(f"{paper.paper_id}  {', '.join(map(str, paper.places))}", DIM_STYLE, out)


def format_paper_row(paper: Paper, out: TextIO, *, files: bool = False) -> str:
    """One paper on one line; ``files``: with the file and line that it was read from."""
    from rag.library.bibliography import format_byline

    category = f" · {paper.category}" if paper.category else ""
    code = " · code" if paper.code else ""
    where = apply_colour(
        f"{paper.source}  {paper.paper_id}" if files else paper.paper_id, DIM_STYLE, out
    )
    name = apply_colour(remove_control_characters(paper.name), BOLD_STYLE, out)
    return f"{name} — {remove_control_characters(format_byline(paper))}{category}{code}  {where}"


def _split_lines(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@contextmanager
def open_progress(err: TextIO) -> Iterator[Callable[[str, int, int], None]]:
    """A function to report ``(step, done, total)`` to: a bar on a terminal, else a line a step."""
    if not is_coloured(err):
        yield _build_plain_progress(err)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(file=err), transient=True) as bar:
        tasks = {}

        def report(step: str, n_done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=n_done, total=total)

        yield report


def _build_plain_progress(err: TextIO) -> Callable[[str, int, int], None]:
    printed_steps: dict[str, int] = {}

    def report(step: str, n_done: int, total: int) -> None:
        tenth = 10 * n_done // total if total else 10
        if printed_steps.get(step) != tenth:
            printed_steps[step] = tenth
            err.write(f"{step}: {n_done} of {total}\n")
            err.flush()

    return report
