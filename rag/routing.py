"""Which branch answers a question, and with what parts: read from its words, without a model.

The order is: nothing for the papers (greetings, commands) -> the thread's pointers are settled ->
people are found -> the question's frame decides. A frame is believed only where the rest of the
question fits it: what is left over must be a topic, otherwise the papers' content is asked for.
Where two readings are near, ``parts['other']`` holds the other one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.catalogue.ask import Ask, Asked
from rag.catalogue.attributes import read_attributes
from rag.catalogue.reading import read
from rag.catalogue.scan import people_in
from rag.census import Census, Source, census, short_name
from rag.frames import aside, authors_frame, experts_frame, list_frame, shut_out
from rag.intents import as_wanted, of_catalogue, of_content, of_experts, of_person
from rag.names import Mention
from rag.people.ask import PersonAsk
from rag.people.reading import read_person
from rag.phrasing import about_whom, asking_part, asks, introduced, second_question, spelt_out
from rag.pointers import Whole
from rag.replacing import instead
from rag.sharing import asks_for_shared_authors, named_papers
from rag.text import index_terms
from rag.threads import complete
from rag.types import Condition, Intent, ReadAs, Thread

_LONG = 6
"""A remainder of more words than this is a question of its own, not a topic of a list."""


_YEAR_ALONE = re.compile(r"(?:19|20)\d\d\s*\?*")


def route(question: str, thread: Thread, library: Source, read_as: ReadAs | None = None) -> Intent:
    """What a question asks for, on its own or as the next one of a conversation.

    Args:
        question: As typed.
        thread: The conversation before it.
        library: Whose people, papers and vocabularies the question may mean.
        read_as: The reading that is wanted by hand; None to choose it from the words.
    """
    typed = spelt_out(" ".join(question.split()))
    if thread.turns and _YEAR_ALONE.fullmatch(typed):
        typed = f"and {typed}"
    found = aside(typed)
    if found and read_as is None:
        other = {"other": "content"} if found[0] == "unsupported" and asks(typed) else {}
        return Intent(found[0], question, typed, found[1], parts=other)
    now = census(library)
    told = asking_part(typed)
    whole = complete(told, thread, now)
    intent = _like(whole, now) or instead(whole, now) or _whole(whole, now)
    if intent.route == "content":
        intent = _last_asked(whole, now) or intent
    if read_as is not None and (found or read_as != intent.route):
        intent = as_wanted(read_as, whole.question, intent, now)
    if told != typed and intent.route == "content":
        intent = replace(intent, query=typed)
    reason = intent.reason + (f"; {whole.note}" if whole.note else "")
    if whole.focus:
        intent = _of_its_title(intent, whole, now)
    parts = dict(intent.parts)
    if whole.focus:
        parts["focus"] = whole.focus
        parts["several"] = whole.several
        parts["origin"] = whole.origin
    if whole.besides:
        parts["besides"] = whole.besides
    return replace(intent, question=question, reason=reason, parts=parts)


def _like(whole: Whole, now: Census) -> Intent | None:
    """Papers on what one paper is about, without itself."""
    if not whole.like or whole.focus:
        return None
    paper = now.by_id[whole.like]
    parts = {"ask": Ask("list", topic=paper.name), "other": "content", "alike": whole.like}
    reason = f"it asks for papers like {short_name(paper)}"
    conditions = (Condition("paper", "not in", (paper.paper_id,)),)
    return Intent(
        "catalogue", whole.question, paper.name, reason, paper.name, (), conditions, parts
    )


def _of_its_title(intent: Intent, whole: Whole, now: Census) -> Intent:
    """People on what one paper is about: its whole title is the topic, not the name it has."""
    paper = now.by_id[whole.focus[0]]
    if intent.route != "experts" or whole.several or intent.topic != short_name(paper):
        return intent
    parts = {**intent.parts, "alike": whole.like} if whole.like else intent.parts
    return replace(intent, topic=paper.name, query=paper.name, parts=parts)


def _last_asked(whole: Whole, now: Census) -> Intent | None:
    """``We plan a school. Who works on X?``: the question alone, if it is about people or lists.

    What papers say is looked for with every word, so there the introduction stays.
    """
    asked = introduced(whole.question)
    if not asked or whole.focus or whole.people:
        return None
    intent = _whole(replace(whole, question=asked), now)
    says = intent.topic or intent.people or intent.conditions
    return intent if says and intent.route != "content" else None


def _whole(whole: Whole, now: Census) -> Intent:
    text = whole.question
    if whole.people and whole.conditions:
        return _of_same_author(whole, now)
    people = people_in(text, now)
    if clause := about_whom(text, people):
        text = clause
        people = people_in(text, now)
    asked = read(text, now, people)
    for reader in (
        _common,
        _attributes,
        _figures,
        _person,
        _authors,
        _people_ranked,
        _experts,
        _catalogue,
    ):
        if intent := reader(text, people, asked, whole, now):
            return intent
    return of_content(text, people, asked)


def _of_same_author(whole: Whole, now: Census) -> Intent:
    people = tuple(Mention((0, 0), n, (n,), "exact") for n in whole.people)
    topic = read_person(whole.question, (), now).topic
    return Intent(
        "person",
        whole.question,
        whole.question,
        "it asks what the same people wrote",
        topic,
        whole.people,
        whole.conditions,
        {"ask": PersonAsk("papers"), "people": people, "other": "content"},
    )


# --- one reading after another --------------------------------------------------------------


def _common(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """Whom several papers have in common as authors."""
    if people or not asks_for_shared_authors(text):
        return None
    focus = whole.focus if whole.several else named_papers(text, now)
    if len(focus) < 2:
        return None
    parts = {"ask": PersonAsk("common"), "focus": focus, "other": "content"}
    return Intent("person", text, text, "it asks for authors that papers share", parts=parts)


def _attributes(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """When posted, whether with code: the entry of one paper."""
    named = now.called(text)
    if people or whole.several or not (named or whole.focus) or len(named) > 2:
        return None
    for paper_id in whole.focus:
        text = text.replace(short_name(now.by_id[paper_id]), " ")
    ask = read_attributes(text, now)
    if ask is None:
        return None
    focus = whole.focus or tuple(dict.fromkeys(ids[0] for _, ids in named))
    parts = {"ask": ask, "focus": focus, "other": "content"}
    return Intent(
        "catalogue", text, whole.question, "it asks what the entry of a paper says", parts=parts
    )


def _figures(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """Figures of author pages."""
    ask = asked.ask
    if ask.verb != "figures":
        return None
    sure = {"h_index", "ai_score", "n_papers"} & set(ask.of)
    pages = re.search(r"\b(?:pages?|profiles?)\b", text, re.IGNORECASE)
    ranked = ask.of[0] == "extreme" and len(ask.left) <= 2
    cited = re.search(r"\bcited\b|\bcitations?\b", text, re.IGNORECASE) and len(ask.left) <= 2
    if not (sure or pages or people or cited or ranked):
        return None
    return of_catalogue(text, "it asks for the figures of author pages", asked, now)


def _person(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """About somebody, unless the list of papers is under conditions of its own."""
    if not people:
        return None
    structured = [c for c in asked.conditions if c.field not in ("author", "page")]
    paged = any(c.field == "page" for c in asked.conditions)
    special = asked.ask.verb in ("count", "extreme", "group", "people", "distinct", "documents")
    negated = any(c.field == "author" and c.operator in ("lacks", "in") for c in asked.conditions)
    if whole.several and asked.conditions and not asked.ask.left:
        return of_catalogue(text, "it asks which of the papers are by somebody", asked, now)
    person = read_person(text, people, now)
    grouped = asked.ask.verb == "group"
    if (
        person.ask.form in ("unheld", "same", "coauthors", "shared")
        and not structured
        and not grouped
    ):
        return of_person(text, people, person.ask, person.topic)
    if asked.ask.verb == "count" and asked.ask.left and not (asked.ask.heads or structured):
        if len(asked.ask.left) > 2:
            return None
        return of_person(text, people, PersonAsk("unheld", " ".join(asked.ask.left)), None)
    if special or structured or paged or negated:
        if len(asked.ask.left) <= _LONG and (asked.explicit or asked.ask.heads or structured):
            return of_catalogue(text, "it asks for papers under exact conditions", asked, now)
        return None
    if not person.sure and asked.ask.left:
        return None
    return of_person(text, people, person.ask, person.topic)


def _authors(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """Who wrote one paper."""
    frame = authors_frame(text)
    if frame is None or people:
        return None
    what, first = frame
    if re.match(r"(?:the\s+)?most\b", what, re.IGNORECASE):
        return None
    named = now.called(what)
    focus = whole.focus if not whole.several or not named else ()
    focus = focus or tuple(dict.fromkeys(ids[0] for _, ids in named))
    paper = re.search(
        r"\b(?:paper|work|article|entry|study|method|idea|benchmark|dataset|model)\b",
        what,
        re.IGNORECASE,
    )
    if not (focus or paper):
        focus = _entitled(what, now)
    if not (focus or paper):
        return None
    topic = (
        None
        if focus
        else re.sub(
            r"^(?:the|that|a|this)\s+|\s+(?:paper|work|article|entry)$",
            "",
            what,
            flags=re.IGNORECASE,
        )
    )
    parts: dict[str, object] = {"ask": PersonAsk("authors", first), "focus": focus}
    parts |= {"other": "experts", "near": True, "read": "who wrote that paper"}
    return Intent("person", text, text, "it asks who wrote a paper", topic, parts=parts)


def _entitled(what: str, now: Census) -> tuple[str, ...]:
    """The one paper whose name has every word of a short description, if it is the only one."""
    wanted = set(index_terms(what))
    if not 1 < len(wanted) <= _LONG:
        return ()
    found = [p.paper_id for p in now.papers if wanted <= set(index_terms(p.name))]
    return tuple(found) if len(found) == 1 else ()


def _people_ranked(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """Who has most papers; with a topic, that is a question for experts."""
    if asked.ask.verb != "people" or people:
        return None
    if asked.ask.topic:
        parts = {"k": asked.ask.k} if asked.ask.k else {}
        frame = experts_frame(asked.ask.topic)
        topic = frame.topic if frame else asked.ask.topic
        topic = re.sub(r"^(?:about|on|in|for|of|regarding)\s+", "", topic)
        return Intent(
            "experts", text, topic, "it asks who has most papers on a topic", topic, parts=parts
        )
    return of_catalogue(text, "it asks who has most papers", asked, now)


def _experts(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    frame = experts_frame(text)
    counting = re.match(r"\W*(?:how many|how much|number of|count)\b", text, re.IGNORECASE)
    if frame is None or people or counting or _HOW_MANY.search(text):
        return None
    if not frame.sure and asked.ask.verb in ("group", "average", "distinct", "extreme"):
        return None
    return of_experts(text, frame, now)


_HOW_MANY = re.compile(
    r"\b(?:how many|number of|count)\s+(?:(?!of\b)[\w@'-]+\s+){0,4}?(?:papers?|entries|entry|works?|publications?|articles?|preprints?|titles?|abstracts?|studies|of\s+(?:the|these|those|them|its)\b)",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"\b(?:which|what|the|that|a)\s+(?:[\w-]+\s+){0,3}?(?:paper|work|entry|study|article)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\W*(?:which|how many|what|any|list|are any|is any)\b.*\b(?:about|on|regarding|concern(?:s|ing)?|deal(?:s|ing)? with|cover(?:s|ing)?|related to)\b",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"^\W*(?:(?:please|can|could|you|i|want|need|would|like|to|see|have)\s+)*(?:list|show|give|find|get|name|print|enumerate)?\s*(?:me|us|out)?\s*(?:(?:all|every)\b|an?\s+(?:complete|full)\s+list)(?!\s+(?:of\s+)?(?:these|those|them)\b)",
    re.IGNORECASE,
)
_HE = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
_LOOSE = frozenset({"text", "complete"})


def _catalogue(
    text: str, people: Sequence[Mention], asked: Asked, whole: Whole, now: Census
) -> Intent | None:
    """Counts, lists under conditions, extremes and groups."""
    ask, conditions = asked.ask, asked.conditions
    if ask.verb == "figures":
        return None
    n_left = len(ask.left)
    if ask.verb in ("group", "average", "distinct", "documents"):
        return (
            of_catalogue(text, "it asks for figures of the whole library", asked, now)
            if n_left <= 3 and not now.called(" ".join(ask.left))
            else None
        )
    if ask.verb == "extreme":
        exact = n_left <= 3 and (ask.heads or n_left == 0)
        return of_catalogue(text, "it asks for the end of an order", asked, now) if exact else None
    if ask.verb == "count":
        listed = any(c.field not in _LOOSE for c in conditions) and n_left == 0
        if ask.of == ("share",):
            part = bool(conditions) and n_left == 0
            about = _ABOUT.search(text) and n_left <= _LONG and (ask.heads or whole.several)
            shared = part or about or (ask.heads and not whole.focus and n_left <= _LONG + 2)
            return of_catalogue(text, "it asks how many papers", asked, now) if shared else None
        if (_HOW_MANY.search(text) or listed) and n_left <= _LONG + 2:
            return of_catalogue(text, "it asks how many papers", asked, now)
        return None
    strong = [c for c in conditions if c.field not in _LOOSE]
    if whole.several and asked.explicit and n_left == 0 and not conditions:
        return of_catalogue(text, "it asks for all of the papers", asked, now)
    if whole.several and strong and n_left == 0:
        return of_catalogue(text, "it asks which of the papers meet a condition", asked, now)
    if whole.several and _ABOUT.search(text) and 0 < n_left <= _LONG:
        return of_catalogue(text, "it asks which of the papers are on a topic", asked, now)
    if not conditions:
        if _ALL.search(text) and ask.heads and ask.topic and n_left <= _LONG:
            return of_catalogue(text, "it asks for all papers on a topic", asked, now)
        if not whole.focus and ask.topic and (topic := list_frame(text)):
            topic, out = shut_out(topic)
            unread = "" if out else ask.unread
            topic = " ".join(topic.replace(unread, " ").split()) if unread else topic
            ask = replace(ask, topic=topic, excluded=out or ask.excluded, unread=unread)
            asked = replace(asked, ask=ask)
            return of_catalogue(text, "it asks for the papers on a topic", asked, now)
        if ask.excluded and ask.heads and n_left == 0:
            return of_catalogue(text, "it asks for papers not on a topic", asked, now)
        everything = (
            not _HE.search(text)
            and n_left == 0
            and ask.heads
            and asked.explicit
            and len(text.split()) <= 10
        )
        return of_catalogue(text, "it asks for all papers", asked, now) if everything else None
    if n_left == 0 and (ask.heads or asked.explicit or strong):
        return of_catalogue(text, "it asks for papers under exact conditions", asked, now)
    several = ask.heads and not _ONE_OF.search(text)
    if strong and several and n_left <= _LONG and not second_question(text):
        return of_catalogue(
            text,
            "it asks for papers under exact conditions and on a topic",
            asked,
            now,
        )
    return None
