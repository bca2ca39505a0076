"""The figures that author pages print: what a page says, apart from what the library holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.citations import plain
from rag.catalogue.ask import FIGURE_NOUNS, FIGURES, Ask
from rag.catalogue.fields import said_all
from rag.catalogue.select import Settled, no_such_person
from rag.census import Census, short_name
from rag.listing import counted
from rag.names import Mention
from rag.text import join_names
from rag.types import Answer, Intent, ProfilePage

Number = int | float


def answer_figures(
    intent: Intent, ask: Ask, settled: Settled, people: Sequence[Mention], now: Census
) -> Answer:
    """Figures of the pages of the people named, or of all pages; abstains where none is printed."""
    kind, *names = ask.of
    if not people and (named := now.called(_without_figures(intent.question))):
        return _of_paper(intent, names, named[0][1], now)
    if _MOST_CITED.search(intent.question):
        text = f"The library has no citations of single papers; {_printed_for(now)}"
        return Answer(intent.question, "abstained", "catalogue", text)
    pages, missing = _pages(people, now)
    if not people and ask.left and kind == "plain" and not _says_pages(intent.question):
        pages, missing = [], [_of_nobody(names, now)]
    if not pages:
        text = " ".join(missing) or "No author page is among the seed documents."
        return Answer(intent.question, "abstained", "catalogue", text)
    lines = [_line(page, names, now) for page in pages]
    value: Number | str | None = _single(pages, names)
    if kind == "extreme":
        lines, value = _ranked(pages, names[0], ask.most, now)
    elif kind == "sum" and len(pages) > 1:
        lines.append(_sums(pages, names))
        value = _total(
            pages, names[0], mean="average" in intent.question or "mean" in intent.question
        )
    further = [c for c in settled.conditions if c.field not in ("author", "page")]
    if further:
        missing.append(
            f"A page prints one figure, whatever the papers: '{said_all(further)}' does not change it."
        )
    text = "\n".join([*lines, *missing])
    return Answer(intent.question, "answered", "catalogue", text, value=value)


_MOST_CITED = re.compile(
    r"\b(?:most|least|best|highest|often)[- ]?(?:cited|citations?)\s+(?:papers?|works?|publications?|article)\b"
    r"|\b(?:papers?|works?|publications?)\b.{0,200}\b(?:cited (?:the )?most|(?:the )?most (?:often )?(?:cited|citations))\b",
    re.IGNORECASE,
)


def _printed_for(now: Census) -> str:
    return f"such figures are printed only for whole author pages ({_owners(now)})."


def _owners(now: Census) -> str:
    """Whose pages there are, for a sentence in brackets."""
    owners = join_names(page.person for page in now.pages)
    return f"those of {owners}" if owners else "of which there is none here"


def _without_figures(question: str) -> str:
    names = (FIGURES["ai_score"], FIGURES["h_index"])
    return re.sub("|".join(names), " ", question, flags=re.IGNORECASE)


def _says_pages(question: str) -> bool:
    return any(word in question.lower() for word in ("page", "profile", "each", "all"))


def _of_nobody(names: Sequence[str], now: Census) -> str:
    owners = join_names(page.person for page in now.pages)
    nouns = join_names(FIGURE_NOUNS[name] for name in names)
    return (
        f"I cannot tell whose {nouns} is meant; such figures are printed for {owners or 'nobody'}."
    )


def _pages(people: Sequence[Mention], now: Census) -> tuple[list[ProfilePage], list[str]]:
    """Pages of the people named, and a sentence for each who has none."""
    if not people:
        return list(now.pages), []
    pages, missing = [], []
    for mention in people:
        if not mention.names:
            missing.append(no_such_person(mention))
        held = [page for name in mention.names if (page := now.page(name))]
        pages += [page for page in held if page not in pages]
        if mention.names and not held:
            who = join_names(mention.names)
            missing.append(
                f"{who} has no author page here, and only such pages print these figures "
                f"({_owners(now)})."
            )
    return pages, missing


def _of_paper(intent: Intent, names: Sequence[str], ids: Sequence[str], now: Census) -> Answer:
    """Figures are printed for people; asked of a paper they are unknown."""
    paper = now.by_id[ids[0]]
    nouns = join_names(FIGURE_NOUNS[name] for name in names)
    text = (
        f"The library has no {nouns} for single papers such as {plain(short_name(paper))}: "
        f"they are printed only for whole author pages ({_owners(now)})."
    )
    return Answer(intent.question, "abstained", "catalogue", text)


def _figure(page: ProfilePage, name: str) -> Number | None:
    value = getattr(page, name)
    return None if value is None else value


def _shown(name: str, value: Number | None) -> str:
    if value is None:
        return f"{FIGURE_NOUNS[name]} not printed"
    if name == "novelty":
        return f"novelty {value:.0%}"
    if name in ("n_citations", "n_papers"):
        return f"{value:,} {FIGURE_NOUNS[name]}"
    return f"{FIGURE_NOUNS[name]} {value:g}"


def _line(page: ProfilePage, names: Sequence[str], now: Census) -> str:
    said = join_names(_shown(name, _figure(page, name)) for name in names)
    line = f"{plain(page.person)}'s page says: **{said}**."
    if "n_papers" in names:
        line += f" {counted(len(now.page_papers[page.person]))} of that page are held here."
    return line


def _single(pages: Sequence[ProfilePage], names: Sequence[str]) -> Number | str | None:
    """The figure itself where one was asked for, or all of them in words."""
    if len(pages) == 1 and len(names) == 1:
        return _figure(pages[0], names[0])
    return "; ".join(
        f"{page.person}: " + ", ".join(_shown(n, _figure(page, n)) for n in names) for page in pages
    )


def _ranked(
    pages: Sequence[ProfilePage], name: str, most: bool, now: Census
) -> tuple[list[str], Number | str | None]:
    known = [page for page in pages if _figure(page, name) is not None]
    order = sorted(known, key=lambda p: (_key(p, name) * (-1 if most else 1), p.person))
    if not order:
        return [_line(page, [name], now) for page in pages], None
    best = [p for p in order if _key(p, name) == _key(order[0], name)]
    word = "highest" if most else "lowest"
    head = f"**{join_names(p.person for p in best)}**: the {word} {FIGURE_NOUNS[name]} of {counted(len(order), 'page')}."
    lines = [head, "", *(f"- {plain(p.person)}: {_shown(name, _figure(p, name))}" for p in order)]
    return lines, ", ".join(p.person for p in best)


def _key(page: ProfilePage, name: str) -> float:
    return float(_figure(page, name) or 0)


def _sums(pages: Sequence[ProfilePage], names: Sequence[str]) -> str:
    said = [
        f"{FIGURE_NOUNS[n]}: {_total(pages, n):,g} in all, {_total(pages, n, mean=True):,.4g} on average"
        for n in names
    ]
    return f"Over {counted(len(pages), 'page')}: {'; '.join(said)}."


def _total(pages: Sequence[ProfilePage], name: str, *, mean: bool = False) -> Number:
    known = [_key(page, name) for page in pages if _figure(page, name) is not None]
    total = sum(known) / len(known) if mean and known else sum(known)
    return int(total) if total == int(total) else round(total, 4)


def page_figures(page: ProfilePage, n_held: int) -> str:
    """Every figure that a page prints, in one sentence, with how many of its papers are held."""
    printed = [n for n in ("n_papers", *FIGURE_NOUNS) if _figure(page, n) is not None]
    said = [_shown(name, _figure(page, name)) for name in dict.fromkeys(printed)]
    held = f"{counted(n_held)} of it {'is' if n_held == 1 else 'are'} held here"
    return (
        f"{plain(page.person)}'s page says: {join_names(said)}; {held}."
        if said
        else f"There is a page; {held}."
    )
