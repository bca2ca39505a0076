"""The recap of a conversation: each question with the line that answered it, and the papers it came from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers import phrases
from rag.answers.citations import Citations
from rag.library.view import LibraryView
from rag.text import join_names
from rag.text.markdown import MARKER, plain
from rag.types import Answer, Citation, Thread
from rag.types.answers import Turn
from rag.types.query import RECAP

MAX_RECAP_TURNS = 12
MAX_RECAP_TITLES = 3
MAX_RECAP_CHARS = 120
MAX_LINE_CHARS = 500
_BLOCK = re.compile(r"^(?:\||#|[-*] |\d+[.)] )")


def answer_recap(thread: Thread, library: LibraryView) -> Answer:
    """A row a turn, the latest `MAX_RECAP_TURNS`; small talk and earlier recaps are left out."""
    turns = [turn for turn in thread.turns if _is_told(turn)]
    if not turns:
        return Answer("", "answered", "content", phrases.NOTHING_TO_RECAP)
    marks, latest = Citations(), turns[-MAX_RECAP_TURNS:]
    rows = [_render_turn(turn, library, marks) for turn in latest]
    head = phrases.head_recap(len(turns), len(latest))
    text = "\n".join([head, "", *(f"{n}. {row}" for n, row in enumerate(rows, 1))])
    return Answer("", "answered", "content", text, marks.list_citations())


def _is_told(turn: Turn) -> bool:
    reading = turn.answer.reading
    is_recap = reading is not None and reading.query.what == RECAP
    return turn.answer.route not in ("smalltalk", "unsupported") and not is_recap


def _render_turn(turn: Turn, library: LibraryView, marks: Citations) -> str:
    question = plain(turn.question.strip())
    if len(question) > MAX_RECAP_CHARS:
        question = f"{question[:MAX_RECAP_CHARS].rsplit(' ', 1)[0]}…"
    cited = {c.marker: c for c in turn.answer.citations if _is_there(c, library)}

    def mark_anew(match: re.Match[str]) -> str:
        citation = cited.get(int(match[1]))
        return f"[{marks.add_citation(citation)}]" if citation else ""

    line = MARKER.sub(mark_anew, _find_line(turn.answer))
    if cited and not MARKER.search(line):
        line = f"{line.rstrip(':. ')}: {_render_titles(list(cited.values()), marks)}"
    return f"*{question}* {line}".rstrip()


def _find_line(answer: Answer) -> str:
    """The first paragraph that is no list and no table: the answer comes first."""
    paragraphs = [p.strip() for p in answer.text.split("\n\n")]
    line = next((p for p in paragraphs if p and not _BLOCK.match(p)), "").split("\n")[0]
    if len(line) <= MAX_LINE_CHARS:
        return line
    # A cut inside bold or a quote would leave its sign open.
    return next((p for p in line.split(" — ") if len(p) <= MAX_LINE_CHARS), "")


def _render_titles(cited: Sequence[Citation], marks: Citations) -> str:
    """``*A* [1], *B* [2] and 3 more``: of the papers, each once."""
    papers = {citation.paper_id: citation for citation in reversed(cited)}
    firsts = list(papers.values())[::-1]
    names = [
        f"*{plain(c.title or c.label)}* [{marks.add_citation(c)}]"
        for c in firsts[:MAX_RECAP_TITLES]
    ]
    rest = [f"{len(firsts) - MAX_RECAP_TITLES} more"] if len(firsts) > MAX_RECAP_TITLES else []
    return join_names([*names, *rest])


def _is_there(citation: Citation, library: LibraryView) -> bool:
    """Whether a paper of an earlier turn still is in the library, with the words that were quoted."""
    return any(
        paper.text[slice(*citation.span)] == citation.quote
        for paper in library.list_papers([citation.paper_id])
    )
