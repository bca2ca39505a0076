"""Resolves follow-ups: what ``it``, ``the second one`` or ``which of those`` point at.

Pointers mean the papers that the last question named, in that order, or else the papers that its
answer cites, in the order of the markers.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.snapshot import LibrarySnapshot, get_short_name, is_headed
from rag.text.markdown import markers
from rag.types import Answer, Condition, Query, Reading, Thread
from rag.understanding.filler import HEADS, SHARE
from rag.understanding.pairing import resolve_both, resolve_comparison
from rag.understanding.pointers import (
    LEAD,
    SINGULAR,
    ConversationFocus,
    ResolvedQuestion,
    format_titles,
    is_asking_other_works,
    is_ranking,
    list_people,
    resolve_both_people,
    resolve_dated,
    resolve_described,
    resolve_first_two,
    resolve_nth_person,
    resolve_ordinal,
    resolve_people,
    resolve_personal,
    resolve_plural,
    resolve_same_author,
    resolve_singular,
)
from rag.understanding.sharing import is_about_shared_authors, list_single_papers, resolve_sharing

_PLURAL = re.compile(
    r"\b(?:which|what|any|all|some|one|both|each|none|most|how many|how much)\s+of\s+(?:these|those|them|the\s+(?:papers|two|three|above))\b"
    r"|\b(?:these|those)(?:\s+(?:papers?|works?|methods?|approaches|entries|ones|studies|models|systems))?\b"
    r"|\b(?:they|them|their|theirs|both)\b|\bthe\s+(?:papers|two|three|others)\b|\bof\s+them\b",
    re.IGNORECASE,
)
_OF_THOSE = re.compile(
    r"\bof\s+(?:these|those|them|the\s+(?:two|three|above))\b|\b(?:these|those)\s+(?:papers?|works?|entries|ones)\b",
    re.IGNORECASE,
)
_OF_THEM_LEFT_OUT = re.compile(
    rf"^\W*(?:(?:and|so|but|ok)\s+)*(?:how\s+many|which|what\s+{SHARE})"
    r"(?=\s+(?:have|has|are|were|is|come|came|carry|bear|print)\s+(?:with|without|from|by|in|on|no|an?|code|since|before|after|posted|published)\b)",
    re.IGNORECASE,
)
"""``how many have code?`` after a list: a condition asked of it, its papers not said again."""
_DUMMY = re.compile(
    r"\b(?:is|are|was)\s+(?:it|that|this)\s+(?:true|possible|the case)\b|\b(?:all|anything|everything|something|one|paper|papers|work|works|method|methods|system|somebody|someone|dataset|model|models)\s+that\b|\bso that\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?)\s+)*(?:what|how)\s+about\s+(?P<what>.+)|^\W*(?:and|but|only|just|same\s+for|same\s+but)\s+(?P<what2>.+)",
    re.IGNORECASE,
)
_WHICH_VERB = re.compile(
    r"^\W*(?:and\s+|so\s+|but\s+)?(?:which|what|who)(?:\s+ones?)?\s+(?P<verb>[a-z]+(?:s|ed))\s+(?!(?:are|is|do|does|did|was|were|have|has|had|can|could|should|would|will|use|used|that|from|by|about|on|of|in)\b)",
)
LIST_THEM = re.compile(
    r"^\W*(?:and\s+|so\s+|ok\s+)?(?:(?:which|what)\s+(?:ones?|papers|are\s+(?:they|those|these))(?:\s+are\s+(?:they|those|these))?"
    r"|(?:please\s+)?(?:list|show|name|give|print)\s+(?:me\s+|us\s+)?(?:all\s+(?:of\s+)?)?(?:them|those|these)(?:\s+all)?(?:\s+please)?)\W*$",
    re.IGNORECASE,
)


HOW_MANY_THERE = re.compile(
    r"^\W*(?:(?:and|so|but|ok)\s+)*how\s+many(?:\s+of\s+(?:them|those|these))?"
    r"(?:(?:\s+(?:are|is|were|there|that|they|those|these|them|in|all|total|altogether|overall|in\s+sum|left|remain|remaining|still))+"
    r"|(?:\s+(?:papers?|works?|entries|publications?))?)\W*$",
    re.IGNORECASE,
)
HOW_MANY_UNDER = re.compile(
    r"^\W*(?:(?:and|so|but|ok)\s+)*how\s+many\s+(?=(?:in|from|as|by|with|without|since|before|after|during|until|between)\s+\S)",
    re.IGNORECASE,
)
"""``how many in 2022?`` after a list or a person: no papers are named, so the last ones are meant."""
_COMPARED = re.compile(
    r"^\W*(?:(?:and|so|but)\s+)*which(?:\s+(?:one|paper|of\s+(?:them|these|those|the\s+two)))?\s+(?:is|was|came|appeared)\s+(?:the\s+)?(?:out\s+)?(?:older|newer|earlier|later|more\s+recent|first)\W*$",
    re.IGNORECASE,
)
_CORRECTED = re.compile(
    r"^\W*(?:(?:no|nope|sorry|wait|oops|actually|oh)\b[\s,.!:;–—-]*)*(?:(?:I|i)\s+(?:meant|mean|wanted)|rather)\b[\s,:]*(?:to\s+(?:ask|say)\s+)?(?P<what>.+)",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"^\W*(?:(?:no|nope|sorry|wait|oops|actually|hm+|oh)\b[\s,.!:;–—-]+)+", re.IGNORECASE
)
_COURTESY = re.compile(
    r"^\W*(?:(?:thanks|thank\s+you|great|nice|cool|good|perfect|right|alright|ok(?:ay)?|sorry|hm+)\s*[,.!;:]+\s*)+(?=\w)",
    re.IGNORECASE,
)
_INSTEAD_OF_IT = re.compile(r"(?<![\s,])[\s,]++(?:instead|rather)\W*$", re.IGNORECASE)
_CORRECTION_LEAD = re.compile(
    r"^(?:[^,]+?)\s*,\s*not\s+\S.*$|^not\s+[^,]+,?\s+but\s+(?P<but>.+)$", re.IGNORECASE
)
_END_OF_THEM = re.compile(
    r"^\W*(?:(?:and|so|but|ok|what\s+about|how\s+about|which(?:\s+one)?\s+is)\s+)*(?:the\s+)?(?:newest|oldest|latest|earliest|most\s+recent)"
    r"(?:\s+(?:ones?|papers?|of\s+(?:them|these|those)))*\W*$",
    re.IGNORECASE,
)
_SORT_BY = re.compile(r"^\W*(?:(?:and|now|please)\s+)*(?:sort|order|arrange)\s+by\b", re.IGNORECASE)


_FRAGMENT = re.compile(
    r"^\W*(?:the\s+)?(?:newest|oldest|latest|earliest|most\s+recent)(?:\s+(?:\d|two|three|four|five|ones?|of\s+(?:them|these|those)))*\W*$"
    r"|^\W*(?:(?:only|just|also|maybe|perhaps|ok|please)\s+)*(?:with|without|by|from|in|since|before|after|during|until|between|on|about|as|for|excluding|exclude|leave\s+out|drop|remove|except|not|recently|lately)\b(?:\s+[^\s?.!]+){0,7}\W*$",
    re.IGNORECASE,
)
"""``with code?``, ``since 2022``, ``the newest``: a condition or an order and nothing else."""


_OWN_ITS = re.compile(
    r"(?<!\bon )(?<!\bin )(?<!\bat )(?<!\bto )(?<!\bfor )(?<!\bwith )(?<!\bover )(?<!\bagainst )"
    r"(?<![\w-])(?:[^\W_]{0,40}[a-z][A-Z]\w*+|[A-Z]{2}\w*+|[^\W_]{0,40}[A-Za-z]\d\w*+)(?:-\w+)*+\s[^?.!,;]{0,200}\bits\b"
)
"""*its* refers to a name in the same question, so it is no pointer to an earlier turn."""


def resolve_question(question: str, thread: Thread, library: LibrarySnapshot) -> ResolvedQuestion:
    """Resolve the question's pointers; without any, or without earlier turns, it stays as it is."""
    if not thread.turns:
        return ResolvedQuestion(question)
    last = thread.turns[-1].answer
    question = _resolve_mark(_extract_correction(question), last)
    focus = _find_focus(thread, library)
    # Only a name that heads its paper stands by itself ("and SlerpFace?"); a word that papers
    # merely mention does not replace a pointer.
    own_names = [
        word
        for word, ids in library.find_papers_called(question)
        if is_headed(word, library.by_id[ids[0]])
    ]
    if resolved_question := resolve_personal(question, last, focus):
        return resolved_question
    # "how many papers from 2024 have code? / which ones?"
    if last.reading is not None and LIST_THEM.match(question) and last.route == "catalogue":
        return ResolvedQuestion(question, instead=last.reading)
    # "papers by Yuxi Mi / how many in all?"
    if last.reading is not None and HOW_MANY_THERE.match(question):
        if resolved_question := _resolve_count(question, last.reading):
            return resolved_question
    # "papers from 2024 / how many without code?"
    if HOW_MANY_UNDER.match(question) and last.route in ("catalogue", "person", "experts"):
        return ResolvedQuestion(question, instead=last.reading)
    if resolved_question := _resolve_end_of_list(question, last, focus):
        return resolved_question
    # "when was DuetFace posted? / and VISA? / which is older?": one paper is in focus, but the
    # two before are compared.
    if len(focus.papers) == 1 and _COMPARED.match(question):
        two = list_single_papers(_list_papers_by_turn(thread, library))
        if len(two) > 1:
            return ResolvedQuestion(question, two, note=format_titles(two, library), several=True)
    if resolved_question := resolve_comparison(question, focus, library):
        return resolved_question
    if resolved_question := resolve_both(question, _list_papers_by_turn(thread, library), library):
        return resolved_question
    if resolved_question := _resolve_more(question, thread, focus, library):
        return resolved_question
    if resolved_question := resolve_first_two(question, last, focus, library) or resolve_nth_person(
        question, last
    ):
        return resolved_question
    if resolved_question := resolve_both_people(question, thread):
        return resolved_question
    # "papers from 2024 / do they share authors?": "they" are papers, unless people were listed.
    they_are_papers = last.route != "experts" and not list_people(last)
    if they_are_papers and is_about_shared_authors(question):
        if resolved_question := resolve_sharing(
            question, _list_papers_by_turn(thread, library), library
        ):
            return resolved_question
    if last.route in ("catalogue", "person") and len(focus.papers) > 1:
        # "papers from 2024 / how many have code?": of them, though it is not said.
        question = _OF_THEM_LEFT_OUT.sub(r"\g<0> of them", question)
    if focus.papers and _OF_THOSE.search(question):
        # "who are the co-authors of Yuxi Mi? / who of them has most papers?": not Yuxi Mi, who is
        # on all of these papers.
        excluded_people = list_people(last) if _is_coauthor_list(last) else ()
        resolved_question = resolve_plural(question, focus, library)
        return replace(
            resolved_question,
            origin=_get_list_conditions(last, focus),
            excluded_people=excluded_people,
        )
    if focus.papers and is_asking_other_works(question, last):
        return resolve_people(focus, library)
    # "who wrote DuetFace? / and SlerpFace?": who names a paper or a person does not point.
    if own_names or library.names.find_mentions(question):
        return ResolvedQuestion(question, instead=_find_replaced_reading(question, last))
    # "face privacy? / who wrote the first one? / and the second one?": "second" counts in the
    # list before.
    if resolved_question := resolve_ordinal(
        question, _find_list_in_focus(thread, focus, library), library
    ):
        return _resolve_same_question(resolved_question, last, library)
    if focus.papers and (resolved_question := resolve_same_author(question, focus, library)):
        return resolved_question
    if resolved_question := resolve_dated(
        question, _find_list_in_focus(thread, focus, library), library
    ):
        return resolved_question
    if focus.papers and (resolved_question := resolve_described(question, focus, library)):
        return resolved_question
    # "it" in "is it possible" and the like points at nothing.
    stripped = _DUMMY.sub(" ", question)
    if focus.papers and _PLURAL.search(stripped):
        return replace(
            resolve_plural(question, focus, library), origin=_get_list_conditions(last, focus)
        )
    # "how does DistilPose-S differ from its heatmap teacher?" after another paper.
    if _OWN_ITS.search(stripped):
        return ResolvedQuestion(question)
    if focus.papers and SINGULAR.search(stripped):
        return resolve_singular(question, focus, library)
    # "..., which papers? / which handles several labels per image?" lacks what it is about.
    if focus.papers and _is_elliptic(question, library):
        if re.match(r"\W*(?:and\s+|so\s+|but\s+)?which\s+one\b", question, re.IGNORECASE):
            focus = _find_list_in_focus(thread, focus, library)
        is_single = focus.is_named and len(focus.papers) == 1
        return ResolvedQuestion(
            question, focus.papers, note=format_titles(focus.papers, library), several=not is_single
        )
    return ResolvedQuestion(question, instead=_find_replaced_reading(question, last))


_WITHOUT = re.compile(
    r"^\W*(?:(?:and|but|or|so|what\s+about|how\s+about|the|ones|those)\s+)*(?P<which>with|without)(?:\s+(?:it|one))?\W*$",
    re.IGNORECASE,
)


def _resolve_mark(question: str, last: Answer) -> str:
    """``and without?`` after papers with code: without code."""
    match = _WITHOUT.match(question)
    query = last.reading.query if match and last.reading else None
    marked = query is not None and any(c.field == "code" for c in (*query.base, *query.where))
    return f"and {match['which'].lower()} code?" if match and marked else question


def _extract_correction(question: str) -> str:
    """``no, I meant X`` becomes ``what about X``; a complete question stays as it is."""
    question = _COURTESY.sub("", question)
    bare = _INSTEAD_OF_IT.sub("", _TAKEN_BACK.sub("", question))
    if bare != question and _FRAGMENT.match(bare):
        return bare
    match = _CORRECTED.match(question)
    if match is None:
        return question
    what = match["what"]
    if lead := _CORRECTION_LEAD.match(what):
        what = lead["but"] or what.partition(",")[0]
    asks = re.match(
        r"(?:who|what|which|how|when|where|why|is|are|does|do|did|list|show)\b", what, re.IGNORECASE
    )
    return what if asks else f"what about {what}"


_ON_A_TOPIC = re.compile(
    rf"\b{HEADS}\s+(?:(?:are|is|that|which|deal|dealing|deals|there)\s+)*(?:on|about|regarding|concerning|with)\s+[^?.!]+",
    re.IGNORECASE,
)


def _resolve_count(question: str, last: Reading) -> ResolvedQuestion | None:
    """``how many are there?``: the last list counted; a list of what papers say, asked as a count."""
    if last.query.route != "content":
        return ResolvedQuestion(question, instead=last)
    # A content answer has no list to count; its question has words for one.
    about = _ON_A_TOPIC.search(last.query.text)
    return ResolvedQuestion(f"how many {about.group()}?") if about else None


def _is_coauthor_list(last: Answer) -> bool:
    """Whether the last answer listed somebody's co-authors: ``of them`` is not that person."""
    relation = last.reading.query.relation if last.reading is not None else None
    return relation in ("coauthors", "top_coauthor", "common_coauthors")


def _resolve_end_of_list(
    question: str, last: Answer, focus: ConversationFocus
) -> ResolvedQuestion | None:
    """``the oldest one?``, ``sort by year``: of the list, or of all papers that were shown."""
    if not (_END_OF_THEM.match(question) or _SORT_BY.match(question)) or len(focus.papers) == 0:
        return None
    if last.reading is not None and _is_about_papers(last.reading.query):
        return ResolvedQuestion(question, instead=last.reading)
    if len(focus.papers) > 1:
        return ResolvedQuestion(
            question,
            focus.papers,
            note=f"read as about the {len(focus.papers)} papers just shown",
            several=True,
        )
    return None


def _is_about_papers(query: Query) -> bool:
    """Whether some papers were listed, counted or grouped, of which there is a newest one."""
    if query.relation is not None:
        return False
    if query.want == "groups":
        return query.measure == "each"
    is_count = query.want == "count" and query.by in ((), ("place",))
    return is_count or query.want in ("papers", "share", "extreme", "profile")


MORE_PEOPLE = re.compile(
    r"^\W*(?:(?:and|so|ok|but|is|are|there|any|do|you|know|show|me|give|list)\s+)*(?:who(?:\s+all)?\s+else|any(?:one|body)\s+else|(?:(?:any|some)\s+)?(?:other|more|further)\s+(?:people|persons|experts|names|researchers|authors|candidates|reviewers)|others|(?:show\s+)?more)"
    r"(?:\s+(?:works?|worked|working|does|is|are|there|on|in|about|it|that|this|them|these|those|the|same|topic|here|please|could|can|i|we|ask|who|active|knows?|studies|could))*\W*$",
    re.IGNORECASE,
)
_LIKE_IT = re.compile(
    r"\b(?:other|more|similar|related|further|comparable|closest|nearest)\s+(?:papers?|works?|studies|articles|research|ones)\b(?:\s+(?:on|about|like|to|in|for|with|of|it|this|that|the|same|topic|subject|problem|area|idea|paper|here|one|there|are))*\W*$"
    r"|\b(?:anything|something|papers?|works?|what\s+else\s+is)\s+(?:else\s+)?(?:similar|like\s+(?:it|this|that))(?:\s+(?:to\s+)?(?:it|this|that|one|paper|here))*\W*$",
    re.IGNORECASE,
)


_REACH = 3
"""How many turns back a list of people may be for ``who else?``."""


def _resolve_more(
    question: str, thread: Thread, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``who else?`` after people, ``similar papers?`` after one paper."""
    last = thread.turns[-1].answer
    latest = [turn.answer for turn in thread.turns[: -_REACH - 1 : -1]]
    is_single = len(focus.papers) == 1 or (last.route == "content" and last.status == "answered")
    if MORE_PEOPLE.match(question) and last.reading is not None:
        # "top 1 expert on faces? / who else? / anyone else?": besides all who were named so far.
        last_list = next((a for a in latest if a.experts and a.route == "experts"), None)
        if last_list is not None and last_list.reading is not None:
            listed_names = tuple(e.name for e in last_list.experts)
            excluded_people = (*last_list.reading.query.besides, *listed_names)
            return ResolvedQuestion(
                question, instead=last_list.reading, excluded_people=excluded_people
            )
        if is_ranking(last.reading.query):
            return ResolvedQuestion(question, instead=last.reading)
        # "What is DuetFace? / who else works on that?": its subject, without its own authors.
        if focus.papers and is_single and re.search(r"\belse\b", question, re.IGNORECASE):
            paper = library.by_id[focus.papers[0]]
            return ResolvedQuestion(f"who works on {get_short_name(paper)}?", (paper.paper_id,),
                         like=paper.paper_id, excluded_people=library.list_people_of(paper), note=format_titles((paper.paper_id,), library))  # fmt: skip
    if focus.papers and is_single and _LIKE_IT.search(question):
        return ResolvedQuestion(question, like=focus.papers[0])
    return None


def _get_list_conditions(last: Answer, focus: ConversationFocus) -> tuple[Condition, ...]:
    """Conditions of the last list, if it was shown in full."""
    if last.reading is None or last.route != "catalogue" or last.reading.query.papers:
        return ()
    is_whole_list = {p.paper_id for p in last.papers} == set(focus.papers)
    query = last.reading.query
    return (*query.base, *query.where) if is_whole_list else ()


def _find_list_in_focus(
    thread: Thread, focus: ConversationFocus, library: LibrarySnapshot
) -> ConversationFocus:
    """What was shown, or the list before it where a single paper of that list was asked about."""
    for n in range(len(thread.turns), 0, -1):
        earlier = _find_focus(Thread(thread.turns[:n]), library)
        if len(earlier.papers) > 1:
            return earlier
        reading = thread.turns[n - 1].answer.reading
        # A turn that left the list ends the search; one about a paper of the list does not.
        if reading is None or not reading.query.papers:
            break
    return focus


def _resolve_same_question(
    resolved_question: ResolvedQuestion, last: Answer, library: LibrarySnapshot
) -> ResolvedQuestion:
    """``and the second one?``: if only a pointer is given, the last question about that paper."""
    name = get_short_name(library.by_id[resolved_question.focus[0]])
    if last.reading is None or resolved_question.question.strip(" ?.!") != name:
        return resolved_question
    query = last.reading.query
    if query.route == "content" and len(query.papers) == 1:
        paper = library.by_id.get(query.papers[0])
        old = get_short_name(paper) if paper else ""
        if old and old in query.text:
            return replace(resolved_question, question=query.text.replace(old, name))
    return replace(resolved_question, instead=last.reading)


# --- what was shown -------------------------------------------------------------------------


def _find_focus(thread: Thread, library: LibrarySnapshot) -> ConversationFocus:
    """What the last turn was about; a turn that failed to answer leaves the one before in view."""
    people: tuple[str, ...] = ()
    for at, turn in reversed(list(enumerate(thread.turns))):
        named_papers = () if _is_list(turn.answer) else _list_named_papers(turn.question, library)
        # A content abstention showed nothing new, so "it" still means what was shown before.
        failed = turn.answer.status == "abstained" and turn.answer.route == "content"
        if at and failed and len(named_papers) < 2:
            continue
        own_people = tuple(e.name for e in turn.answer.experts)
        own_people = tuple(dict.fromkeys((*list_people(turn.answer), *own_people)))
        people = people or own_people or _list_ranked_people(turn.answer)
        if named_papers:
            return ConversationFocus(named_papers, people, True)
        if papers := _list_cited(turn.answer, library):
            focus = turn.answer.reading.query.papers if turn.answer.reading else ()
            if set(focus) == set(papers):
                papers = focus
            return ConversationFocus(papers, people, False)
        if own_people and turn.answer.route != "catalogue":
            return ConversationFocus((), people, False)
    return ConversationFocus((), people, False)


def _is_list(answer: Answer) -> bool:
    """Whether papers or people were listed; then a coined word in the question names no paper."""
    if answer.route != "catalogue" or answer.reading is None:
        return answer.route == "experts"
    query = answer.reading.query
    is_count = query.want == "count" and query.by in ((), ("place",))
    return (is_count or query.want in ("papers", "share")) and not query.like


def _list_ranked_people(answer: Answer) -> tuple[str, ...]:
    """Those whom ``who has most papers`` was answered with, the first one first."""
    if answer.reading is None or not isinstance(answer.value, str):
        return ()
    return tuple(answer.value.split(", ")) if is_ranking(answer.reading.query) else ()


def _list_papers_by_turn(thread: Thread, library: LibrarySnapshot) -> list[tuple[str, ...]]:
    """The papers that each turn was about, the last turn first."""
    return [
        _find_focus(Thread(thread.turns[:n]), library).papers
        for n in range(len(thread.turns), 0, -1)
    ]


def _list_named_papers(question: str, library: LibrarySnapshot) -> tuple[str, ...]:
    """The paper of each coined name in a question, in its order."""
    return tuple(dict.fromkeys(ids[0] for _, ids in library.find_papers_called(question)))


def _list_cited(answer: Answer, library: LibrarySnapshot) -> tuple[str, ...]:
    """Papers in the order of their markers in the text; without citations, the best ranked ones."""
    order = {n: at for at, n in reversed(list(enumerate(markers(answer.text))))}
    cited = sorted(answer.citations, key=lambda c: order.get(c.marker, len(order)))
    ids = [c.paper_id for c in cited]
    if answer.route in ("catalogue", "person") and len(answer.papers) > len(ids):
        ids += [p.paper_id for p in answer.papers]
    if not ids and answer.status == "answered":
        ids = [p.paper_id for p in answer.papers[:5]]
    return tuple(dict.fromkeys(i for i in ids if i in library.by_id))


def _is_elliptic(question: str, library: LibrarySnapshot) -> bool:
    """Whether the question lacks what it is about: ``which handles several labels per image?``."""
    if _WHICH_VERB.match(question):
        return True
    match = _INSTEAD.match(question)
    return match is None and LEAD.match(question) is not None


_WITH_ALSO = re.compile(
    rf"^\W*(?:(?:and|but|so)\s+)*(?:how\s+many|which|what|any|list|show)(?:\s+(?:{HEADS}|of\s+(?:them|those|these)|are|were|written|there|of\s+his|of\s+hers))*\s+(?:together\s+|jointly\s+)?with\s+[^?.!]+\W*$",
    re.IGNORECASE,
)
"""``how many with X?`` after somebody's papers: those on which X stands too."""


def _find_replaced_reading(question: str, last: Answer) -> Reading | None:
    """The last reading where the question only names what is to change in it."""
    match = _INSTEAD.match(question)
    if last.reading is None:
        return None
    if match is None:
        # "papers by Yuxi Mi / which together with Cai Wu?"
        if last.route in ("catalogue", "person") and _WITH_ALSO.match(question):
            return last.reading
        listing = last.route in ("catalogue", "person", "experts")
        return last.reading if listing and _FRAGMENT.match(question) else None
    what = match["what"] or match["what2"]
    # "what about ..." followed by a question word is a new question, not a part to replace.
    asking = re.match(
        r"(?:who|what|which|how|when|where|why|is|are|does|do|did)\b", what.strip(), re.IGNORECASE
    )
    return None if asking else last.reading


def extract_replacement(question: str) -> str:
    """The words of ``what about X`` that say what changes."""
    if counting := HOW_MANY_UNDER.match(question):
        return question[counting.end() :].strip(" ?.!")
    match = _INSTEAD.match(question)
    return ((match["what"] or match["what2"]) if match else question).strip(" ?.!")
