"""The router: reads a question into a query by its words, without a model.

The order is: small talk and commands -> pointers to the thread are resolved -> people are found ->
the patterns of questions decide. A pattern is believed only if the rest of the question fits it: the
words left over must be a topic, otherwise it is a content question. If two readings are near, the
second is among the reading's others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot, LibrarySource, get_short_name, load_snapshot
from rag.text import split_terms
from rag.types import Condition, Query, ReadAs, Reading, Thread
from rag.types.query import Part, Topic
from rag.types.query_text import print_conditions
from rag.understanding.attribute_reading import read_attributes
from rag.understanding.catalogue_ask import FIGURES, Ask, CatalogueQuestion
from rag.understanding.catalogue_reading import read_catalogue_question
from rag.understanding.frames import (
    find_aside,
    parse_authors_frame,
    parse_experts_frame,
    parse_list_frame,
    split_excluded,
)
from rag.understanding.intent import Intent
from rag.understanding.intents import (
    build_catalogue_intent,
    build_content_intent,
    build_experts_intent,
    build_person_intent,
    build_wanted_intent,
)
from rag.understanding.person_ask import PersonAsk
from rag.understanding.person_reading import read_person
from rag.understanding.phrasing import (
    extract_asking_part,
    extract_last_question,
    extract_person_question,
    has_second_question,
    is_question,
    normalize_chat_spelling,
)
from rag.understanding.pointers import ResolvedQuestion
from rag.understanding.query_building import build_reading
from rag.understanding.replacing import merge_with_last
from rag.understanding.scan import find_people
from rag.understanding.sharing import find_named_papers, is_about_shared_authors
from rag.understanding.threads import resolve_question

_MAX_TOPIC_WORDS = 6
"""More unread words than this are a question of their own, not the topic of a list."""


_YEAR_ALONE = re.compile(r"(?:19|20)\d\d\s*\?*")


def route(
    question: str, thread: Thread, library: LibrarySource, read_as: ReadAs | None = None
) -> Reading:
    """What a question asks for, on its own or as the next one of a conversation.

    Args:
        question: As typed.
        thread: The conversation before it.
        library: Whose people, papers and vocabularies the question may mean.
        read_as: The reading that is wanted by hand; None to choose it from the words.
    """
    typed = normalize_chat_spelling(" ".join(question.split()))
    # "papers from 2022", then "2024?": a year by itself replaces the year of the last question.
    if thread.turns and _YEAR_ALONE.fullmatch(typed):
        typed = f"and {typed}"
    aside_route = find_aside(typed)
    if aside_route and read_as is None:
        alternative = (
            {"other": "content"} if aside_route[0] == "unsupported" and is_question(typed) else {}
        )
        intent = Intent(aside_route[0], question, typed, aside_route[1], parts=alternative)
        return build_reading(intent)
    snapshot = load_snapshot(library)
    asking_text = extract_asking_part(typed)
    resolved_question = resolve_question(asking_text, thread, snapshot)
    reading = _read_question(question, resolved_question, snapshot)
    if read_as is not None and (aside_route or read_as != reading.query.route):
        intent = build_wanted_intent(read_as, resolved_question.question, reading, snapshot)
        reading = build_reading(replace(intent, question=question))
    # Passages are searched for with every word typed, the introduction too.
    if asking_text != typed and reading.query.want == "passages":
        reading = replace(reading, query=replace(reading.query, text=typed))
    return replace(_add_pointers(reading, resolved_question, snapshot), question=question)


def _read_question(
    question: str, resolved_question: ResolvedQuestion, library: LibrarySnapshot
) -> Reading:
    if intent := _read_similar(resolved_question, library):
        return build_reading(intent)
    if reading := merge_with_last(resolved_question, library):
        return reading
    intent = _read_resolved(resolved_question, library)
    # "Im a journalist. Which researchers have published most on drones?": the whole text reads as
    # content, the question at its end does not.
    if intent.route == "content":
        intent = _read_last_question(resolved_question, library) or intent
    return build_reading(replace(intent, question=question))


def _add_pointers(
    reading: Reading, resolved_question: ResolvedQuestion, library: LibrarySnapshot
) -> Reading:
    """The reading with the papers and people that the question points at."""
    query = reading.query
    if resolved_question.note:
        reading = replace(reading, reason=f"{reading.reason}; {resolved_question.note}")
    if resolved_question.focus:
        query = _set_title_as_topic(query, resolved_question, library)
        query = replace(
            query,
            papers=resolved_question.focus,
            is_about_several=resolved_question.several,
        )
        pointer = Part(
            "papers",
            ", ".join(f"#{paper_id}" for paper_id in resolved_question.focus),
            origin="thread",
            evidence=print_conditions(resolved_question.origin),
        )
        parts = (part for part in reading.parts if part.slot != "papers")
        reading = replace(reading, parts=(*parts, pointer))
    if resolved_question.excluded_people:
        query = replace(query, besides=resolved_question.excluded_people)
    return replace(reading, query=query)


def _read_similar(resolved_question: ResolvedQuestion, library: LibrarySnapshot) -> Intent | None:
    """Papers on what one paper is about, without itself."""
    if not resolved_question.like or resolved_question.focus:
        return None
    paper = library.by_id[resolved_question.like]
    parts = {
        "ask": Ask("list", topic=paper.name),
        "other": "content",
        "alike": resolved_question.like,
    }
    reason = f"it asks for papers like {get_short_name(paper)}"
    conditions = (Condition("paper", "not_in", (paper.paper_id,)),)
    return Intent(
        "catalogue",
        resolved_question.question,
        paper.name,
        reason,
        paper.name,
        (),
        conditions,
        parts,
    )


def _set_title_as_topic(
    query: Query, resolved_question: ResolvedQuestion, library: LibrarySnapshot
) -> Query:
    """People on a paper's subject: the topic is its full title, not its short name."""
    paper = library.by_id[resolved_question.focus[0]]
    is_named = query.topic == get_short_name(paper)
    if query.route != "experts" or resolved_question.several or not is_named:
        return query
    return replace(query, about=Topic(paper.name, query.without), like=resolved_question.like)


def _read_last_question(
    resolved_question: ResolvedQuestion, library: LibrarySnapshot
) -> Intent | None:
    """``We plan a school. Who works on X?``: the question alone, if it is about people or lists.

    What papers say is looked for with every word, so there the introduction stays.
    """
    last_question = extract_last_question(resolved_question.question)
    if not last_question or resolved_question.focus or resolved_question.people:
        return None
    intent = _read_resolved(replace(resolved_question, question=last_question), library)
    says = intent.topic or intent.people or intent.conditions
    return intent if says and intent.route != "content" else None


def _read_resolved(resolved_question: ResolvedQuestion, library: LibrarySnapshot) -> Intent:
    text = resolved_question.question
    if resolved_question.people and resolved_question.conditions:
        return _read_same_author(resolved_question, library)
    people = find_people(text, library)
    # "I met Daichi Zhang yesterday, what is he working on?": only the clause that asks is read.
    if clause := extract_person_question(text, people):
        text = clause
        people = find_people(text, library)
    catalogue_question = read_catalogue_question(text, library, people)
    # The most special reading first: "Do DuetFace and VISA share authors?" also names papers, whose
    # attributes the next reader looks for; each gives way if words are left that it cannot place.
    for reader in (
        _read_common_authors,
        _read_paper_attributes,
        _read_page_figures,
        _read_person_question,
        _read_authors_of_paper,
        _read_people_ranking,
        _read_experts,
        _read_catalogue,
    ):
        if intent := reader(text, people, catalogue_question, resolved_question, library):
            return intent
    return build_content_intent(text, people, catalogue_question)


def _read_same_author(resolved_question: ResolvedQuestion, library: LibrarySnapshot) -> Intent:
    people = tuple(Mention((0, 0), n, (n,), "exact") for n in resolved_question.people)
    topic = read_person(resolved_question.question, (), library).topic
    return Intent(
        "person",
        resolved_question.question,
        resolved_question.question,
        "it asks what the same people wrote",
        topic,
        resolved_question.people,
        resolved_question.conditions,
        {"ask": PersonAsk("papers"), "people": people, "other": "content"},
    )


# --- one reading after another --------------------------------------------------------------


def _read_common_authors(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """Whom several papers have in common as authors."""
    if people or not is_about_shared_authors(text):
        return None
    focus = (
        resolved_question.focus if resolved_question.several else find_named_papers(text, library)
    )
    if len(focus) < 2:
        return None
    parts = {"ask": PersonAsk("common"), "focus": focus, "other": "content"}
    return Intent("person", text, text, "it asks for authors that papers share", parts=parts)


def _read_paper_attributes(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """When posted, whether with code: the entry of one paper."""
    named_papers = library.find_papers_called(text)
    if (
        people
        or resolved_question.several
        or not (named_papers or resolved_question.focus)
        or len(named_papers) > 2
    ):
        return None
    # "What is DuetFace? / what are its stages?": the name put in for "its" is no attribute.
    for paper_id in resolved_question.focus:
        text = text.replace(get_short_name(library.by_id[paper_id]), " ")
    ask = read_attributes(text, library)
    if ask is None:
        return None
    focus = resolved_question.focus or tuple(dict.fromkeys(ids[0] for _, ids in named_papers))
    parts = {"ask": ask, "focus": focus, "other": "content"}
    return Intent(
        "catalogue",
        text,
        resolved_question.question,
        "it asks what the entry of a paper says",
        parts=parts,
    )


def _read_page_figures(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """Figures of author pages."""
    ask = catalogue_question.ask
    if ask.verb != "figures":
        return None
    # "what is the novelty of DuetFace?" names a figure of the pages, yet asks about a paper;
    # "h-index", "page", a person, "cited" or a rank ("the highest novelty") decides for the
    # pages.
    sure = {"h_index", "ai_score", "n_papers"} & set(ask.of)
    pages = re.search(r"\b(?:pages?|profiles?)\b", text, re.IGNORECASE)
    is_ranked = ask.of[0] == "extreme" and len(ask.left) <= 2
    cited = re.search(r"\bcited\b|\bcitations?\b", text, re.IGNORECASE) and len(ask.left) <= 2
    if not (sure or pages or people or cited or is_ranked):
        return None
    intent = build_catalogue_intent(
        text, "it asks for the figures of author pages", catalogue_question, library
    )
    return replace(
        intent, parts={**intent.parts, **_read_whose_figures(text, people, ask, library)}
    )


_FIGURE_WORDS = re.compile("|".join((FIGURES["ai_score"], FIGURES["h_index"])), re.IGNORECASE)
_OF_PAGES = re.compile(r"\b(?:pages?|profiles?|each|all|every)\b", re.IGNORECASE)
_MOST_CITED_PAPERS = re.compile(
    r"\b(?:most|least|best|highest|often)[- ]?(?:cited|citations?)\s+(?:papers?|works?|publications?|article)\b"
    r"|\b(?:papers?|works?|publications?)\b.{0,200}\b(?:cited (?:the )?most|(?:the )?most (?:often )?(?:cited|citations))\b",
    re.IGNORECASE,
)


def _read_whose_figures(
    text: str, people: Sequence[Mention], ask: Ask, library: LibrarySnapshot
) -> dict[str, object]:
    """Figures asked of papers, or of somebody whom no name tells: ``citations of the teacher?``."""
    named_papers = library.find_papers_called(_FIGURE_WORDS.sub(" ", text)) if not people else ()
    if named_papers:
        return {"focus": named_papers[0][1][:1]}
    if _MOST_CITED_PAPERS.search(text):
        return {"of_papers": True}
    is_unclear = not people and ask.left and ask.of[0] == "plain" and not _OF_PAGES.search(text)
    return {"whose": " ".join(ask.left)} if is_unclear else {}


def _read_person_question(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """About somebody, unless the list of papers is under conditions of its own."""
    if not people:
        return None
    structured = [c for c in catalogue_question.conditions if c.field not in ("author", "page")]
    paged = any(c.field == "page" for c in catalogue_question.conditions)
    special = catalogue_question.ask.verb in (
        "count",
        "extreme",
        "group",
        "people",
        "distinct",
        "documents",
    )
    negated = any(
        c.field == "author" and c.operator in ("lacks", "in") for c in catalogue_question.conditions
    )
    # "papers from 2024 / which are by Yuxi Mi?": the person is a condition on the list just
    # shown.
    if (
        resolved_question.several
        and catalogue_question.conditions
        and not catalogue_question.ask.left
    ):
        return build_catalogue_intent(
            text, "it asks which of the papers are by somebody", catalogue_question, library
        )
    person = read_person(text, people, library)
    grouped = catalogue_question.ask.verb == "group"
    if (
        # "who collaborates with Daichi Zhang?", "how old is Lei Shen?": the form alone decides,
        # unless papers have conditions of their own (a year) or are counted by group.
        person.ask.form in ("unheld", "same", "coauthors", "shared")
        and not structured
        and not grouped
    ):
        return build_person_intent(text, people, person.ask, person.topic)
    if (
        # "how many followers does Lei Shen have?": what is counted is no paper, so it is
        # something the library does not hold.
        catalogue_question.ask.verb == "count"
        and catalogue_question.ask.left
        and not (catalogue_question.ask.heads or structured)
    ):
        if len(catalogue_question.ask.left) > 2:
            return None
        return build_person_intent(
            text, people, PersonAsk("unheld", " ".join(catalogue_question.ask.left)), None
        )
    # "newest paper by Bo Li", "papers by Bo Li from 2022": a list of papers in which the person
    # is one condition among others.
    if special or structured or paged or negated:
        if len(catalogue_question.ask.left) <= _MAX_TOPIC_WORDS and (
            catalogue_question.explicit or catalogue_question.ask.heads or structured
        ):
            return build_catalogue_intent(
                text, "it asks for papers under exact conditions", catalogue_question, library
            )
        return None
    # "In Yuxi Mi's splitting paper, what is sent to the server?": a person is named, but the
    # question is about what a paper says.
    if not person.sure and catalogue_question.ask.left:
        return None
    return build_person_intent(text, people, person.ask, person.topic)


def _read_authors_of_paper(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """Who wrote one paper."""
    frame = parse_authors_frame(text)
    if frame is None or people:
        return None
    what, first = frame
    # "papers from 2024 / who wrote most of them?" ranks people; "most" describes no paper.
    if re.match(r"(?:the\s+)?most\b", what, re.IGNORECASE):
        return None
    named_papers = library.find_papers_called(what)
    focus = resolved_question.focus if not resolved_question.several or not named_papers else ()
    focus = focus or tuple(dict.fromkeys(ids[0] for _, ids in named_papers))
    paper = re.search(
        r"\b(?:paper|work|article|entry|study|method|idea|benchmark|dataset|model)\b",
        what,
        re.IGNORECASE,
    )
    if not (focus or paper):
        focus = _find_described_paper(what, library)
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


def _find_described_paper(what: str, library: LibrarySnapshot) -> tuple[str, ...]:
    """The one paper whose name has every word of a short description, if it is the only one."""
    wanted = set(split_terms(what))
    if not 1 < len(wanted) <= _MAX_TOPIC_WORDS:
        return ()
    paper_ids = [p.paper_id for p in library.papers if wanted <= set(split_terms(p.name))]
    return tuple(paper_ids) if len(paper_ids) == 1 else ()


def _read_people_ranking(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """Who has most papers; with a topic, that is a question for experts."""
    if catalogue_question.ask.verb != "people" or people:
        return None
    # "who has the most papers on face recognition?" ranks people by topic.
    if catalogue_question.ask.topic:
        parts = {"k": catalogue_question.ask.k} if catalogue_question.ask.k else {}
        frame = parse_experts_frame(catalogue_question.ask.topic)
        topic = frame.topic if frame else catalogue_question.ask.topic
        topic = re.sub(r"^(?:about|on|in|for|of|regarding)\s+", "", topic)
        return Intent(
            "experts", text, topic, "it asks who has most papers on a topic", topic, parts=parts
        )
    return build_catalogue_intent(text, "it asks who has most papers", catalogue_question, library)


def _read_experts(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    frame = parse_experts_frame(text)
    counting = re.match(r"\W*(?:how many|how much|number of|count)\b", text, re.IGNORECASE)
    if frame is None or people or counting or _HOW_MANY_PAPERS.search(text):
        return None
    if not frame.sure and catalogue_question.ask.verb in (
        "group",
        "average",
        "distinct",
        "extreme",
    ):
        return None
    return build_experts_intent(text, frame, library)


_HOW_MANY_PAPERS = re.compile(
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
_HE_OR_SHE = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
_WEAK_FIELDS = frozenset({"text", "complete_authors"})


def _read_catalogue(
    text: str,
    people: Sequence[Mention],
    catalogue_question: CatalogueQuestion,
    resolved_question: ResolvedQuestion,
    library: LibrarySnapshot,
) -> Intent | None:
    """Counts, lists under conditions, extremes and groups."""
    ask, conditions = catalogue_question.ask, catalogue_question.conditions
    if ask.verb == "figures":
        return None
    n_left = len(ask.left)
    # "papers per venue", "average score". Up to three unread words pass, unless they name a
    # paper.
    if ask.verb in ("group", "average", "distinct", "documents"):
        return (
            build_catalogue_intent(
                text, "it asks for figures of the whole library", catalogue_question, library
            )
            if n_left <= 3 and not library.find_papers_called(" ".join(ask.left))
            else None
        )
    if ask.verb == "extreme":
        # "shortest title" has no unread words; with some ("oldest paper on X") a word for papers
        # is needed too.
        exact = n_left <= 3 and (ask.heads or n_left == 0)
        return (
            build_catalogue_intent(
                text, "it asks for the end of an order", catalogue_question, library
            )
            if exact
            else None
        )
    if ask.verb == "count":
        is_list = any(c.field not in _WEAK_FIELDS for c in conditions) and n_left == 0
        # "what is DuetFace? / What share of parameters does it need?" asks what a paper says: a
        # share of papers needs conditions, a topic, or the word "papers".
        if ask.of == ("share",):
            part = bool(conditions) and n_left == 0
            about = (
                _ABOUT.search(text)
                and n_left <= _MAX_TOPIC_WORDS
                and (ask.heads or resolved_question.several)
            )
            shared = (
                part
                or about
                or (ask.heads and not resolved_question.focus and n_left <= _MAX_TOPIC_WORDS + 2)
            )
            return (
                build_catalogue_intent(text, "it asks how many papers", catalogue_question, library)
                if shared
                else None
            )
        # "how many videos are in the million-scale set of UAVs?" counts no papers and falls
        # through to the content; "how many from 2024?" has a condition and nothing unread.
        if (_HOW_MANY_PAPERS.search(text) or is_list) and n_left <= _MAX_TOPIC_WORDS + 2:
            return build_catalogue_intent(
                text, "it asks how many papers", catalogue_question, library
            )
        return None
    strong = [c for c in conditions if c.field not in _WEAK_FIELDS]
    if resolved_question.several and catalogue_question.explicit and n_left == 0 and not conditions:
        return build_catalogue_intent(
            text, "it asks for all of the papers", catalogue_question, library
        )
    # "face privacy? / which of those have code?"
    if resolved_question.several and strong and n_left == 0:
        return build_catalogue_intent(
            text, "it asks which of the papers meet a condition", catalogue_question, library
        )
    if resolved_question.several and _ABOUT.search(text) and 0 < n_left <= _MAX_TOPIC_WORDS:
        return build_catalogue_intent(
            text, "it asks which of the papers are on a topic", catalogue_question, library
        )
    if not conditions:
        # "list all papers about faces"; without "all" or "every" the list frame below has to
        # match.
        if _ALL.search(text) and ask.heads and ask.topic and n_left <= _MAX_TOPIC_WORDS:
            return build_catalogue_intent(
                text, "it asks for all papers on a topic", catalogue_question, library
            )
        # "which papers use federated learning?"; of "papers about drones but not about masks"
        # the masks go into the excluded topic.
        if not resolved_question.focus and ask.topic and (topic := parse_list_frame(text)):
            topic, out = split_excluded(topic)
            unread = "" if out else ask.unread
            topic = " ".join(topic.replace(unread, " ").split()) if unread else topic
            ask = replace(ask, topic=topic, excluded=out or ask.excluded, unread=unread)
            catalogue_question = replace(catalogue_question, ask=ask)
            return build_catalogue_intent(
                text, "it asks for the papers on a topic", catalogue_question, library
            )
        # "Which papers are not about masks?": the excluded topic is the only condition.
        if ask.excluded and ask.heads and n_left == 0:
            return build_catalogue_intent(
                text, "it asks for papers not on a topic", catalogue_question, library
            )
        # "how many papers are there?", "list the papers": no condition at all. A pronoun or a
        # long question means that something was not understood.
        everything = (
            not _HE_OR_SHE.search(text)
            and n_left == 0
            and ask.heads
            and catalogue_question.explicit
            and len(text.split()) <= 10
        )
        return (
            build_catalogue_intent(text, "it asks for all papers", catalogue_question, library)
            if everything
            else None
        )
    if n_left == 0 and (ask.heads or catalogue_question.explicit or strong):
        return build_catalogue_intent(
            text, "it asks for papers under exact conditions", catalogue_question, library
        )
    # "papers about drones from 2024" is a list; "which paper from 2024 is the funniest?" asks for
    # one and is left to the content.
    several = ask.heads and not _ONE_OF.search(text)
    if strong and several and n_left <= _MAX_TOPIC_WORDS and not has_second_question(text):
        return build_catalogue_intent(
            text,
            "it asks for papers under exact conditions and on a topic",
            catalogue_question,
            library,
        )
    return None
