"""How a turn hangs together with the conversation: the head's relation, and words that point."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

from rag.library.view import LibraryView
from rag.text import STOP_WORDS, split_terms
from rag.understanding.dialogue_merging import get_set
from rag.understanding.dialogue_state import (
    AUTHOR_OF,
    CONTENT,
    OTHER,
    SETS,
    DialogueState,
    find_called,
    find_ordinal,
    list_others,
    list_terms,
)
from rag.understanding.entities import Entities
from rag.understanding.frame_types import Frame, Link, Slot
from rag.understanding.head_features import split_words
from rag.understanding.heads import load_heads
from rag.understanding.slots import is_topical, list_free_words


def tag_rest(frame: Frame, library: LibraryView) -> Frame:
    """The frame with a topic where the tagger has none: ``just type 2``, ``which of these are few-shot?``."""
    link = frame.links[0][0]
    sets = link in ("narrow", "refine", "correct") or (link == "all_of" and frame.want in SETS)
    # "anything on other sports?", and not "anything else on this topic?"
    is_on_more = link == "more" and _ANY_ON.match(frame.question) is not None
    sets = sets or (is_on_more and not _THAT.search(frame.question))
    if not sets or any(slot.kind not in ("preamble", "form") for slot in frame.slots):
        return frame
    start = max((slot.end for slot in frame.slots if slot.start == 0), default=0)
    about = _ABOUT.match(frame.question) or _ANY_ON.match(frame.question)
    about = about or SOME_WITH.match(frame.question)
    asking: frozenset[str] = frozenset() if about else load_heads().asking_words
    start = about.end() if about else start

    def asks(word: tuple[int, int]) -> bool:
        text = frame.question[slice(*word)].lower()
        return text in _LIMITING or not is_topical(text, asking)

    words = [(a, b) for a, b in split_words(frame.question) if a >= start]
    words = [span for span in words if frame.question[span[0]].isalnum()]
    while words and asks(words[0]):
        words.pop(0)
    while words and asks(words[-1]):
        words.pop()
    # "just type 2": a number may end it.
    texts = [frame.question[a:b].lower() for a, b in words]
    if (
        not 0 < len(words) < 5
        or not is_on_more
        and not any(w in library.vocabulary.any for text in texts for w in re.findall(r"\w+", text))
    ):
        return frame
    negative = bool(_NOT.match(frame.question[start:]))
    first, last = words[0][0], words[-1][1]
    rest = Slot(first, last, "topic", frame.question[first:last], negative, 0.5)
    return replace(frame, slots=(*frame.slots, rest))


_ABOUT = re.compile(r"\W*(?:(?:and|ok|so)\W+)*(?:what|how) about\s+", re.IGNORECASE)
_ANY_ON = re.compile(
    r"\W*(?:(?:and|ok|so|is there|do you have)\W+)*(?:anything|something|any papers?) (?:on|about) (?:(?:any |the )?other )?",
    re.IGNORECASE,
)
_THAT = re.compile(r"\b(?:this|that|it|these|those|them)\b", re.IGNORECASE)
_LIMITING = frozenset("only just please ones without minus except not".split())


def choose_link(
    frame: Frame, entities: Entities, state: DialogueState, library: LibraryView
) -> Link:
    """The relation of the head, unless words point at what was shown, whatever it makes of the rest."""
    link = cast("Link", frame.links[0][0] if frame.links else "new")
    question = frame.question
    if ANEW.match(question):
        return "new"
    # "which trackers were tested in 2024? / same question for 2025"
    if SAME_FOR.match(question):
        return "refine"
    # "papers on tides / ok and the oldest of them, who wrote it": not the one quoted last
    if frame.want not in SETS and len(state.listed) > 1 and _AGED_OF.search(question):
        return "one_of"
    # "what benchmarks are there? / is there a leaderboard?": no further ones
    is_of_list = len(state.papers) > 1 or state.query.about is not None
    if link == "more" and is_of_list and not _MORE.search(question):
        if any(is_topical(w.lower(), frozenset()) for w in list_free_words(question, frame.slots)):
            return "all_of" if len(state.papers) > 1 else "narrow"
    # "What is DuetFace? / VISA?"
    names = [e for e in entities.spans if e.kind == "paper" and e.is_certain]
    if link == "same_paper" and len(names) == 1:
        if not re.search(r"\w", question[: names[0].start] + question[names[0].end :]):
            return "refine"
    # "who is Ana Prieto? / in 2012": her papers
    if link in ("refine", "narrow") and state.shown == "person" and frame.want in SETS:
        return link if any(slot.kind == "person" for slot in frame.slots) else "those_people"
    # "what is X? / is Chidi Nwosu a co-author?"
    is_of_one = len([e for e in entities.spans if e.kind == "person" and e.is_certain]) == 1
    if link == "new" and state.people and COAUTHOR.search(question) and is_of_one:
        return "those_people"
    # "The tracking one, what is its dataset called?", "What data does the second use?"
    if link != "recap" and not _NOT.match(question):
        shown = dict.fromkeys((*state.papers, *state.earlier_papers))
        if len(shown) > 1 and find_called(question, state, library):
            return "one_of"
    if frame.want not in SETS and OTHER.search(question) and len(list_others(state)) == 1:
        return "one_of"
    # "compare A and B / do both have code", "what does each contribute?"
    is_several = len(state.papers) > 1 or (state.shown == "paper" and bool(state.earlier_papers))
    # "are they from the same group? / which of both is older?"
    is_of_people = link == "those_people" and len(state.query.papers) < 2
    is_of_all = link not in ("narrow", "recap") and not is_of_people
    if is_several and is_of_all and EACH.search(question):
        return "all_of"
    # "what is there on privacy? / why do they need a teacher?": of all that the answer quotes; "who
    # wrote them?" of a list or a count, though the head takes it for one paper's authors
    is_of_all = len(state.papers) > 1 or (state.query.want in SETS and not state.query.papers)
    # "papers on tides / do they have code", "who works on X? / what losses do they use?": papers do
    is_of_papers = state.shown == "papers" and any(s.kind == "flag" for s in frame.slots)
    is_of_papers = is_of_papers or (state.shown == "people" and frame.want in CONTENT)
    if link == "those_people" and len(state.papers) > 1 and is_of_papers and THEM.search(question):
        return "all_of"
    if link == "same_paper" and is_of_all and THEM.search(question):
        return "all_of"
    # "papers on longevity / anything with mice?", "is there also work on it for video?"
    is_list = state.topic is not None or bool(state.query.about)
    if is_list and link in ("new", "refine", "same_paper", "more") and SOME_WITH.match(question):
        return "narrow"
    if state.paper and AUTHOR_OF.search(question):
        return "those_people"
    if link in ("new", "refine") and state.paper and points(frame, POINTER):
        return "same_paper"
    is_loose = link in ("new", "refine", "same_paper")
    if (is_loose or link == "more") and state.people and points(frame, PERSON_POINTER):
        return "those_people"
    # "what happens on depletion" after an answer about one paper names nothing that is shown elsewhere.
    names_nothing = not any(e.is_certain for e in entities.spans)
    is_about_one = len(state.papers) == 1 and state.query.want in (*CONTENT, "values")
    if link in ("same_paper", "one_of") or (link == "refine" and is_about_one):
        if is_about_others(frame, state, library):
            return "new"
    if link in ("new", "refine") and is_about_one and names_nothing and frame.want in CONTENT:
        topics = " ".join(slot.text for slot in frame.slots if slot.kind == "topic")
        words = {word for word in split_terms(topics or question) if word not in STOP_WORDS}
        paper = library.get_paper(state.paper)
        is_of_paper = paper is not None and words <= list_terms(paper)
        if link == "refine" or (is_of_paper and frame.links[0][1] < SURE):
            return "same_paper"
    return link


def points(frame: Frame, pattern: re.Pattern[str]) -> bool:
    """Whether a word points at what was shown, and not at what the turn itself names before it.

    "how does RPG-Palm make its fake palms?" was asked of the first paper of the list before.
    """
    named = [slot.end for slot in frame.slots if slot.kind in ("paper", "person")]
    match = pattern.search(frame.question)
    return match is not None and match.start() < min(named, default=len(frame.question))


def is_about_others(frame: Frame, state: DialogueState, library: LibraryView) -> bool:
    """Whether a turn's topic is in no paper that was shown, and in others: ``and the cancer one?``.

    "What is SlerpFace? / hm, and emotions?" asked SlerpFace about emotions.
    """
    topics = [slot for slot in frame.slots if slot.kind == "topic" and not slot.is_negative]
    if not topics or frame.want not in CONTENT:
        return False
    if points(frame, POINTER) or points(frame, THEM):
        return False
    words = {w for slot in topics for w in split_terms(slot.text) if w not in STOP_WORDS}
    shown = [words & list_terms(paper) for paper in library.list_papers(state.papers)]
    if not words or not all(word in library.vocabulary.terms for word in words) or words in shown:
        return False
    # "cloth-changing people / what does it mask / ok and unsupervised reid?": other titles have all of its words
    is_loose = len(words) > 1 and frame.links[0][1] < SURE
    return not any(shown) or (is_loose and bool(library.find_described(words)))


_OF_THEM = re.compile(
    r"(?:(?:and|so|ok|okay|but)[\s,]+)?(?:how many|which(?: ones?)?) (?:are|is|have|has|use|uses|were|was|deal|mention|come)\b",
    re.IGNORECASE,
)


def is_of_set(frame: Frame, state: DialogueState) -> bool:
    """Whether a turn that names nothing asks of the last list or topic, not of a paper shown for it.

    "papers on faces from 2021" shows one paper; "and in 2022?", "who works on that?" are of faces.
    """
    last, (link, share), question = state.query, frame.links[0], frame.question
    several = ("overview",) if len(state.papers) > 1 else ()
    if get_set(state) is None or frame.wants[0][0] not in (*SETS, "people", *several):
        return False
    # "papers by Shikun Li / how many are about noisy labels?" names no papers of its own
    if last.want in SETS and frame.want in ("papers", "count") and _OF_THEM.match(question):
        return True
    if any(slot.kind in ("topic", "person", "paper") for slot in frame.slots):
        return False
    # "what is catastrophic forgetting? / which papers address it?"
    is_on_topic = last.want in CONTENT and not last.papers and frame.want in ("papers", "count")
    is_of_one = points(frame, POINTER) and not is_on_topic
    if (
        is_of_one
        or LIKE.search(question)
        or _OTHER.search(question)
        or find_ordinal(question, 1) is not None
    ):
        return False
    kinds = {slot.kind for slot in frame.slots} - {"preamble"}
    if last.want in SETS:
        is_overview = link == "all_of" and frame.want == "overview"
        # "how many papers are from 2023? / what share has code"
        is_part = frame.want == "share" and link == "new" and share < SURE
        is_of_last = link in ("same_paper", "one_of") and "order" not in kinds
        return is_overview or is_part or is_of_last
    if last.want == "people":
        is_of_people = link == "those_people" and frame.want == "people"
        return is_of_people or link == "same_paper"
    # "which attack needs fewest queries?" has a subject of its own
    asking = load_heads().asking_words
    free = [w.lower() for w in list_free_words(question, frame.slots)]
    if link == "new" and any(is_topical(word, asking) for word in free):
        return False
    return link in ("same_paper", "one_of", "refine", "all_of") or (link == "new" and share < SURE)


LIKE = re.compile(r"\b(?:similar|like|alike|related|resembl\w+|closest)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:other|another|else)\b", re.IGNORECASE)


COAUTHOR = re.compile(r"\bco-?authors?\b|\bcollaborators?\b|\bcoauthor\b", re.IGNORECASE)
SOME_WITH = re.compile(
    r"\W*(?:(?:and|but|is there|are there|also|any|other|more)\s+)*"
    r"(?:any(?:thing)?|some(?:thing)?|those|the ones|ones?|work|papers|research|studies)"
    r"(?:\s+(?:on|about|of) (?:it|this|that|them))?\s+(?:with|in|using|from|for|by)\b",
    re.IGNORECASE,
)
ANEW = re.compile(
    r"\W*(?:(?:ok|no|well|now|and)\W+)*(?:forget (?:that|it|this|about (?:that|it|this))|never ?mind(?: that)?"
    r"|(?:new|different|another) (?:question|topic|subject)|change of (?:topic|subject))\b",
    re.IGNORECASE,
)
"""Words that end what was spoken of."""
SAME_FOR = re.compile(
    r"\W*(?:(?:and|or|but|ok|okay|so|now|then|thanks|please)\W+)*(?:the )?same(?: question| thing)?\W+(?:for|of|with|about|in)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:more|other|others|else|further|another|similar|like|next|additional|rest|remaining|older|newer|earlier|later|too|also)\b",
    re.IGNORECASE,
)
_AGED_OF = re.compile(
    r"\bthe (?:oldest|newest|latest|earliest|most recent)(?: (?:one|paper|study))? of (?:them|these|those)\b",
    re.IGNORECASE,
)
EACH = re.compile(
    r"\b(?:both\b(?!.{0,60}\band\b)|each\b|(?:all|any) (?:of )?(?:these|those|them)\b|all (?:two|three|four|five)\b"
    r"|the (?:two|three)(?= (?:papers|methods|differ|share)|\W*$))",
    re.IGNORECASE,
)
"""Several of those shown, all alike."""
THEM = re.compile(r"\b(?:them|they|these|those)\b", re.IGNORECASE)
SURE = 0.9
_NOT = re.compile(r"\W*(?:no|not|nope|other than|except|but not|without)\b", re.IGNORECASE)
POINTER = re.compile(
    r"\b(?:it|its|itself)\b|\b(?:this|that|the same|the) (?:paper|method|approach|work|model|study|framework|system|article)\b",
    re.IGNORECASE,
)
PERSON_POINTER = re.compile(
    r"\b(?:he|she|him|her|his|hers)\b|\b(?:this|that|the same) (?:person|researcher|author|scientist|guy|woman|man|expert|professor)\b"
    r"|\b(?:these|those|that|this|the same|his|her|their) (?:people|authors|researchers|guys|group|team)\b",
    re.IGNORECASE,
)
"""Words that point at what was shown, whatever the head makes of the rest."""
