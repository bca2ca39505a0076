"""Reads a question about people: its form, and its topic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot
from rag.text import split_terms
from rag.understanding.catalogue_reading import drop_empty_ends, list_telling_words
from rag.understanding.person_ask import PersonAsk
from rag.understanding.scan import FILLER, put_people_marks

_WORKS_NOUN = r"(?:papers?|works?|publications?|articles?|entries|entry|research|stud(?:y|ies)|preprints?|contributions?|output|bibliography)"
_UNHELD = re.compile(
    r"\b(?P<what>e-?mails?(?:\s+address(?:es)?)?|(?:phone|telephone)(?:\s+numbers?)?|(?:home\s?page|web\s?site|web\s?page)|(?:postal\s+|office\s+)?address|universit(?:y|ies)|"
    r"institut(?:e|ion)s?|employers?|compan(?:y|ies)|affiliations?|affiliated|departments?|job|position|how\s+old|country|nationality|ethnicity|gender|age|born|birthday|birthplace|salary|"
    r"supervis(?:or|ors|ed|es|ing)|advis(?:or|er|ors|ed|es|ing)|ph\.?d\.?|degrees?|students?|alma mater|orcid|google scholar|twitter|linkedin|photo|picture|spouse|married|wife|husband|awards?|"
    r"contact(?:\s+(?:details|information|info|data))?|where\b.{0,200}\b(?:work|based|live|from|study|studied)|based|lives?\b|located|(?:full\s+|associate\s+|assistant\s+)?professor(?:ship)?|post-?doc\w*|ph\.?d\.?\s+student|engineer|employees?|manager|male|female|woman|alive|retired|famous|rich|"
    r"(?:is|are|was|were)\b.{0,200}\b(?:better|worse|smarter|cleverer|nicer|greater|superior|trustworthy|brilliant|any good))\b",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"\b(?:one|a\s+single|two|different|distinct)\s+(?:different\s+)?(?:persons?|people|authors?|researchers?|human\w*|guys?)\b|\bsame\s+(?:as|person|author|researcher|one|people|guy|human)\b|\bthe\s+same\b\W*$|\bidentical\b|\bone\s+and\s+the\s+same\b|\bcompare\b|\bdifferen(?:ce|t)\b|\bversus\b|\bvs\b|\bconfus",
    re.IGNORECASE,
)
_CO = re.compile(
    r"\bco-?(?:authors?|authored|writers?|workers?|operates?)\b|\bcollaborat\w*|\b(?:works?|worked|working|publish(?:es|ed)?|writes?|wrote|written)\s+(?:together\s+|papers?\s+|most\s+|often\s+){0,4}(?:together\s+)?(?:with|alongside)\b|\btogether\b|\bco-?publish\w*|\b(?:by|from|of)\s+both\b|\bwith\s+whom\b|\bwhom\b.{0,200}\bwith\b|\bjoint(?:ly)?\b|\bteam(?:s|ed)?\s+up\b|\bpartners?\b|\bshared?\b|\bin common\b|\bconnect(?:ed|ion)\b|\brelat(?:ed\s+to|ionship)\b|\blink(?:ed|s)?\s+(?:between|to)\b|\bknow each other\b",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:most|main|closest|often|frequent(?:ly)?|favou?rite|top|biggest|usual(?:ly)?)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:other than|except(?:\s+for)?|besides|beside|apart from|aside from|beyond|outside(?:\s+of)?|unrelated to|anything but|excluding|(?:not|\w+n't)\s+(?:about|on|related to|involving|concerning|dealing with)|instead of)\b",
    re.IGNORECASE,
)
_PRESENCE = re.compile(
    r"^\W*(?:(?:so|and|ok|please|tell me)\W+)*(?:is|are|do|does|did|has|have|can|was|were)\b.*@\d",
    re.IGNORECASE,
)
_FRAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_WORKS_NOUN}|anything|something|stuff|everything|written|authored|co-?authored|published|done|wrote)\s+(?:[\w-]+\s+){{0,4}}?(?:by|of|from|with|for)\s+(?:@\d)",
        rf"@\d(?:'s?)?\s+(?:[\w-]+\s+){{0,4}}?{_WORKS_NOUN}\b",
        r"^\W*(?:(?:and|so|ok|but)\s+)*(?:did|does|do|has|have|is|are|was|were)\s+(?:the\s+)?@\d",
        r"^\W*@\d(?:'s)?\s*(?:[+:,;?.!–—-]|$|and\s+@\d\W*$|(?:on|about)\b)",
        r"\b(?:tell|summari[sz]e|summary|describe|overview|introduce|profile|know|information|info|details|look up|search(?: for)?|show|find|list|give)\b.{0,200}@\d",
        r"\bwho(?:'s|\s+is|\s+was|\s+are)\s+@\d",
        rf"\b(?:what|which)\b(?:\s+(?:else|topics?|areas?|fields?|subjects?|themes?|problems?|things?|kind\s+of\s+\w+|{_WORKS_NOUN})){{0,6}}\s+(?:\w+\s+){{0,2}}?(?:does|do|did|has|have|is|was|are)\s+@\d(?:\s+and\s+@\d)?\s+(?:\w+\s+){{0,2}}?(?:work|do|doing|done|stud|research|publish|writ|wrote|have|has|into|about|focus|known|interested|contribut|authored|cover|address|tackle|explor|here)",
        r"\bis there (?:an?|any(?:one|body)?|some(?:one|body)?)\s+(?:\w+\s+){0,2}?@\d",
        r"\b(?:what|which)\s+(?:of\s+)?(?:are|is|were)?\s*(?:the\s+)?@\d(?:'s)\b",
        r"\bby\s+@\d\W*$",
        r"\b(?:what|which)\b.{0,200}\bby\s+@\d",
        r"@\d(?:\s+(?:and|&|\+|,)\s*@\d){1,8}\W*$",
        r"^\W*@\d(?:'s)?(?:\s+(?!(?:is|was|are|has|have|does|did|do|and|or|vs|how|what|why)\b)[\w-]+){1,3}\W*$",
    )
)
_ASKING_CLAUSE = re.compile(
    r"(?:^|[,:;–—-]\s*|\band\s+)(?P<wh>what|how|why|where|when|which|who)\b(?P<rest>[^,:;]*)",
    re.IGNORECASE,
)
_DULL = FILLER | frozenset(
    """
did does do has have been was is are were work works worked working write writes wrote written writing
publish publishes published publishing study studies studied research researches researching researched
author authored authors coauthor coauthored person people researcher guy professor dr prof mr ms
tell summary summarize summarise summarises overview profile bio biography describe introduce
introduction information info details know known look up search interests interest interested
topics topic areas area fields field subjects subject themes theme focus focuses focused
do doing done so far main mainly mostly what who which contribution contributions output bibliography
full complete quick short brief please anything something stuff else other another more further also
about deal dealing related concerning regarding relevant involving contributed contribute
present included appear appears include say they're they he she his her same compare
list lists give cover covers covered collection corpus library here about's briefly currently recently ever kind sort
often frequently usually regularly closely closest things thing problem problems together joint shared share with collaborate collaborates collaborated
collaborators collaborator co-author co-authors coauthors collaboration collaborations co partners
""".split()
)


@dataclass(frozen=True, slots=True)
class PersonReading:
    """A question read as one about people; ``sure`` if it matches a pattern of such questions."""

    ask: PersonAsk
    topic: str | None
    sure: bool


def read_person(
    question: str, people: Sequence[Mention], library: LibrarySnapshot
) -> PersonReading:
    """Form and topic of a question about people."""
    text = put_people_marks(question, people)
    # "did Daichi Zhang work on anything other than forgery detection?": the topic stands behind
    # it.
    except_ = _EXCEPT.search(text)
    topic = _extract_person_topic(text[except_.end() :] if except_ else text)
    form = _find_form(text, people, topic, except_ is not None, library)
    if form.form in ("same", "coauthors", "shared", "unheld"):
        topic = None
    framed = any(pattern.search(text) for pattern in _FRAMES) or form.form in (
        "unheld",
        "same",
        "coauthors",
        "shared",
    )
    sure = framed and not _has_another_question(text)
    return PersonReading(form, topic, sure)


_WITH_EACH = re.compile(
    r"^\W*(?:who|whom|(?:which|what)\s+(?:people|authors?|researchers?))\b(?!.*\bhow\b)[^,;?]*\bwith\s+both\s+(?:of\s+)?@\d+\s*(?:and|&)\s*@\d+\W*$",
    re.IGNORECASE,
)
"""``who has worked with both A and B``: people are asked for, not papers."""


def _find_form(
    text: str, people: Sequence[Mention], topic: str | None, negated: bool, library: LibrarySnapshot
) -> PersonAsk:
    if _CO.search(text) and not _SAME.search(text):
        # "Who has worked with both Ann Mao and Bo Li?" asks for people, "papers by both" for
        # papers.
        if len(people) > 1 and _WITH_EACH.match(text):
            return PersonAsk("coauthors", "each")
        if len(people) > 1:
            return PersonAsk("shared")
        # "what has X published with transformers" has a topic and no company; "collaborates with"
        # has.
        if not negated and (
            topic is None or re.search(r"\bco-?author|\bcollaborat|\bwith\s+@", text, re.IGNORECASE)
        ):
            return PersonAsk("coauthors", "most" if _MOST.search(text) else "")
    if _SAME.search(text) and len(people) > 1:
        return PersonAsk("same")
    unheld = _UNHELD.search(text)
    # "Ann Mao's email address" is not in any paper; the word may be part of a topic of hers,
    # though.
    if unheld and people and not _is_topic(unheld["what"], topic, people, library):
        return PersonAsk("unheld", _get_noun(unheld["what"]))
    if negated and topic:
        return PersonAsk("except")
    if topic:
        return PersonAsk("papers")
    # "is Siwei Lyu in here?" is to be answered by yes or no.
    if _PRESENCE.match(text):
        return PersonAsk("presence")
    return PersonAsk("summary")


def _get_noun(what: str) -> str:
    word = what.lower()
    if word.startswith("supervis") or word.startswith("advis"):
        return "supervisor"
    if word.startswith("how"):
        return "age"
    if word.startswith(("phd", "ph.d")):
        return "PhD"
    if re.match(r"full|associate|assistant|professor|post-?doc|engineer|employee|manager", word):
        return "position"
    if word in ("male", "female", "woman"):
        return "gender"
    if word.startswith("where") or word in ("based", "located") or word.startswith("live"):
        return "place of work"
    if word.startswith(("is ", "are ", "was ", "were ")):
        return "standing beside others"
    return "affiliation" if word == "affiliated" else "birth" if word == "born" else word


def _is_topic(
    what: str, topic: str | None, people: Sequence[Mention], library: LibrarySnapshot
) -> bool:
    """Whether the word belongs to a longer topic that the person's papers speak of."""
    # The word is part of a topic only together with other words of the person's papers.
    words = set(split_terms(topic or "")) - set(split_terms(what))
    person_terms = {
        t
        for m in people
        for n in m.names
        for p in library.list_papers_of(n)
        for t in library.get_terms(p)
    }
    return bool(words) and words <= person_terms and set(split_terms(what)) <= person_terms


def _extract_person_topic(text: str) -> str | None:
    """The longest run of words that are about a subject."""
    pieces = re.split(r"@\d+(?:'s?)?|[?!;:+]|,|\s[-–—]\s|\.(?=\s|$)", text)
    best = max(
        (drop_empty_ends(piece, _list_telling) for piece in pieces),
        key=lambda p: len(_list_telling(p)),
    )
    return best or None


def _list_telling(piece: str) -> list[str]:
    return list_telling_words(piece, _DULL)


def _has_another_question(text: str) -> bool:
    """Whether a further clause asks what a paper says: ``in X's paper, what is sent ...``."""
    clauses = list(_ASKING_CLAUSE.finditer(text))
    for match in clauses:
        # "who is Yuxi Mi?": the clause is about the person.
        if "@" in match["rest"] or not _list_telling(match["rest"]):
            continue
        # "In Yuxi Mi's splitting paper, what is sent to the server?"
        if match.start() > 0 or match["wh"].lower() in ("how", "why", "where", "when"):
            return True
    return False
