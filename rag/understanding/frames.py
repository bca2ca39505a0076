"""Question patterns: for experts, for a paper's authors, for papers on a topic, and for no papers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.text import STOP_WORDS
from rag.types import RouteName
from rag.understanding.filler import NUMBER, parse_number
from rag.understanding.small_talk import FAREWELL, THANKS

# --- not for the papers ---------------------------------------------------------------------

_GREETING = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|yo|good (?:morning|afternoon|evening|day)|greetings|thanks?|thank you|thx|"
    r"cheers|great|nice|cool|ok(?:ay)?|bye|goodbye|see you|welcome)"
    r"(?:\s+(?:there|you|so much|very much|a lot|all|everyone|again|bot|paperfolk|for (?:your|the) help|then|work|job))*\W*$",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"^\W*(?:(?:thanks?(?: you)?|thank you|thx|cheers|ok(?:ay)?|wow)(?:\s+(?:a lot|so much|very much))?\W+)?"
    r"(?:(?:that(?:'s| is| was)?|this(?: is| was)?|it(?:'s| is| was))\s+)?(?:(?:a|an|very|really|so|quite|most)\s+)*"
    r"(?:great|nice|good|cool|perfect|excellent|awesome|helpful|useful|amazing|wonderful|brilliant|fantastic|super|well done)"
    r"(?:\s+(?:answer|job|one|reply|response|bot|stuff))?(?:\W+(?:thanks?(?: you)?|thank you|thx|cheers))?\W*$",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|thanks?|thank you)\W+)?(?:bye(?:[ -]bye)?|goodbye|good ?night|see you(?: later| soon)?|farewell|"
    r"ciao|quit|exit)\W*$",
    re.IGNORECASE,
)
_THANKING = re.compile(r"\b(?:thanks?|thank you|thx|cheers)\b", re.IGNORECASE)
_ABOUT_SELF = re.compile(
    r"^\W*(?:(?:hi|hello|hey)\W+)?(?:what (?:can|do|could) (?:you|i|we) (?:do|help|ask|answer)\b.*|what are you\b.*|who (?:are|made|built) you\b.*|"
    r"how (?:are you|do (?:you|i) (?:work|use (?:this|you|it))|does (?:this|it) work)\b.*|help(?: me)?|"
    r"what(?:'s| is) (?:this|paperfolk)|are you (?:there|real|a (?:bot|robot|human|person|chatbot|machine|language model)|an (?:ai|llm)|chat ?gpt|gpt[\w.-]*|claude|gemini|copilot|llama)\b.*|"
    r"(?:what|which) (?:kind of |sort of )?questions can i ask\b.*|tell me about yourself|how can you help\b.*)\W*$",
    re.IGNORECASE,
)
_HOSTILE = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"\b(?:drop|truncate|alter)\s+table\b|\bdelete\s+from\s+\w+|\binsert\s+into\b|\bunion\s+(?:all\s+)?select\b|\bselect\b.{1,80}\bfrom\s+\w+(?:\s+where\b|\s*;|\s*--)|\bor\s+['\"]?1['\"]?\s*=\s*['\"]?1",
        r"<\s*/?\s*(?:script|img|iframe|svg|object|embed|style|link|meta|form|input|body|html|a)\b[^>]*>|\bjavascript:",
        r"\b(?:system|hidden|initial|developer)\s+(?:prompt|message|instructions?)\b",
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines|previous|above)\b",
        r"\b(?:reveal|print|show|repeat|output|leak|dump)\b.{0,40}\b(?:your|the)\s+(?:\w+\s+)?(?:prompt|instructions?|rules|api\s*key|secrets?|password|environment)\b",
        r"\bbase64\b|\brot13\b|\b(?:you are|act as|pretend (?:to be|you))\b.{0,60}\b(?:dan|jailbr\w+|unrestricted|no rules|another ai)\b",
        r"\b(?:rm\s+-rf|os\.system|subprocess|eval\(|exec\(|curl\s+http|wget\s+http|/etc/passwd)|\$\{\w+:",
        r"!\[[^\]]*\]\([^)]*\)|\{\{.*\}\}",
    )
)


def find_aside(question: str) -> tuple[RouteName, str] | None:
    """``smalltalk`` or ``unsupported`` with the reason, for what is no question about papers."""
    if not any(c.isalpha() for c in question):
        return "unsupported", "there is no question in it"
    if _FAREWELL.match(question):
        return "smalltalk", FAREWELL
    if _PRAISE.match(question) or (_GREETING.match(question) and _THANKING.search(question)):
        return "smalltalk", THANKS
    if _GREETING.match(question):
        return "smalltalk", "it is a greeting or thanks"
    if _ABOUT_SELF.match(question):
        return "smalltalk", "it asks about this program"
    if any(pattern.search(question) for pattern in _HOSTILE):
        return "unsupported", "it is a command or markup, no question about the papers"
    return None


# --- experts --------------------------------------------------------------------------------

_EXPERT = r"(?:experts?|specialists?|reviewers?|referees?|researchers?|scientists?|collaborators?|authorit(?:y|ies)|mentors?|advisors?|supervisors?|speakers?|panell?ists?|lecturers?|contacts?|candidates?)"
_PEOPLE_COUNT = rf"(?:(?P<k>{NUMBER})\s+)?"
_SOMEBODY = (
    r"(?:experts?|specialists?|reviewers?|referees?|researchers?|scientists?|authors?|academics?|people|ppl|folks|"
    r"persons?|somebody|someone|anyone|anybody|collaborators?|co-?workers?|supervisors?|mentors?|advisors?|contacts?|candidates?|names|authorit(?:y|ies)|professors?|guys|speakers?|panell?ists?|lecturers?)"
)
_PAPER_KIND = r"(?:(?:the|an?|any|some|other|good|best|top|leading|main|key|potential|possible|suitable|right|most|active|relevant|productive|experienced|known|well-known|go-to|phd|postdoc|senior|junior|external|expert)\s+){0,6}"
_KINDS = rf"{_PAPER_KIND}(?:(?P<k>{NUMBER})\s+{_PAPER_KIND})?"
_WORK_VERB = (
    r"(?:(?:also|actually|currently|now|recently|mainly|mostly|often|here|in here|in this (?:library|corpus|collection)|in the (?:library|corpus|collection)|at the moment|has|have|is|are|been|does|do|did|can|could|would|should|might|may|will|ever|all|else|started|began|begun|first)\s+){0,8}"
    r"(?:work(?:s|ed|ing)?(?:\s+here)?\s+(?:on|in|with|at|around)|(?:does|do|did|doing|done)(?:\s+(?:any\s+)?(?:research|work|anything|something|stuff|things))?(?:\s+(?:on|about|in|with))?|"
    r"stud(?:y|ies|ied|ying)|research(?:es|ed|ing)?(?:\s+(?:on|into|about))?|knows?(?:\s+(?:a lot|most|much|anything|something|stuff))?(?:\s+about)?|"
    r"(?:has |have )?publish(?:es|ed|ing)?(?:\s+(?:the\s+)?(?:most|more|papers|work|anything|something|often|a lot)){0,6}\s+(?:on|about|in)|(?:is|are)?\s*into|speciali[sz](?:es?|ed|ing)\s+in|(?:active|experienced|interested|skilled|knowledgeable|versed|proficient)\s+(?:in|on|with|about)|"
    r"look(?:s|ed|ing)?\s+(?:in|)(?:to|at)|investigat(?:es?|ed|ing)|tackl(?:es?|ed|ing)|address(?:es|ed|ing)?|deal(?:s|t|ing)?\s+with|"
    r"(?:writ(?:es?|ten|ing)|wrote)(?:\s+(?:the\s+)?(?:most|more|papers|anything|something|often|a lot)){0,6}\s+(?:on|about)|ask(?:ed)?\s+(?:about|on)|talk(?:s|ed|ing)?\s+(?:to me )?about|contribut(?:es?|ed|ing)\s+to|focus(?:es|ed|ing)?\s+on|"
    r"(?:is |are )?(?:an? )?(?:good|expert|experts?|specialists?|authority)\s+(?:at|in|on|for)|(?:have|has|with)\s+(?:experience|expertise|a background|papers|work|publications)\s+(?:in|on|with|about)|explor(?:es?|ed|ing)|help(?:s)?\s+(?:me\s+)?with|handl(?:es?|ed|ing)|cover(?:s|ed|ing)?|"
    r"review(?:s|ing)?(?:\s+(?:an?|my|our|the)\s+(?:paper|submission|manuscript))?(?:\s+(?:on|about))?|supervis(?:e|es|ed|ing)(?:\s+(?:an?|my|our|the)\s+(?:\w+\s+)?(?:thesis|project|student))?(?:\s+(?:on|about|in))?|referee(?:s|d|ing)?(?:\s+(?:an?|my|our|the)\s+(?:paper|submission|manuscript))?(?:\s+(?:on|about))?|develop(?:s|ed|ing)?|understand(?:s|ing)?|explain(?:s|ing)?|advise\s+(?:me\s+)?on|"
    r"(?:give|gives|giving|hold|run|lead|write|teach|organi[sz]e)\s+(?:an?|my|our|the)\s+(?:\w+\s+)?(?:talk|lecture|course|class|workshop|tutorial|seminar|keynote|chapter|survey|part|session|section|module|unit)(?:\s+(?:on|about|in))?)"
)
_OPENINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:hi|hello|hey|please|ok|okay|so|well|and|also|but|hm+)\b[\s,!.:]+",
        r"(?:can|could|would|will)\s+you\s+(?:please\s+)?",
        r"(?:do you know|do we have|is there|are there|have you got|i need|i want|i'd like|i am looking for|i'm looking for|we need|we are looking for|looking for|search(?:ing)? for|find(?:\s+me)?|get(?:\s+me)?|give\s+me|point me to|list|name|suggest|recommend|show(?:\s+me)?|tell\s+me|help me find|need|want|which|what|any)\s+",
        r"(?:invite|propose|identify|pick|choose|contact)\s+(?=(?:\S+\s+){0,3}(?:speakers?|reviewers?|referees?|experts?|panell?ists?|lecturers?|candidates?|people|researchers?))",
        r"(?:an?\s+|the\s+)?(?:panel|list|shortlist|handful|couple|group|set|names?)\s+of\s+(?:the\s+)?",
        r"(?:to\s+)?(?:collaborate|cooperate)\s+(?:on|about|in)\s+",
        r"(?:needed|wanted|reviewers?|experts?)\s*:\s*",
        r"(?:is|are|does|do|did|has|have)\s+(?=(?:any|some)(?:one|body)\b|there\b)",
        r"(?:i am|i'm|we are|we're|i|we)\s+(?:need|want|organi[sz](?:e|ing)|writ(?:e|ing)|plan(?:ning)?|prepar(?:e|ing)|run(?:ning)?|edit(?:ing)?|start(?:ing)?)\s+(?:an?\s+)?(?:workshop|session|seminar|survey|proposal|paper|project|talk|panel|tutorial|special issue)\s+(?:on|about)\s+",
    )
)
_HOW_MANY_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:who|who's|whos)\s+(?:(?:is|are)\s+)?(?:the\s+){_KINDS}{_SOMEBODY}\s+(?:behind|in|on|for|of|with|about|working\s+on|active\s+in|to\s+\w+\s+(?:about|on|for))\s+",
        r"whose\s+(?:work|research|papers?|publications?)\s+(?:(?:is|are)\s+)?(?:about|on|deals?\s+with|covers?|address(?:es)?|concerns?|tackles?)\s+",
        rf"{_KINDS}{_EXPERT}\s*[:–—-]\s*",
        rf"{_PAPER_KIND}{_PEOPLE_COUNT}names\s+(?:for|on)\s+",
        rf"(?:the\s+)?(?:best|top)\s+(?P<k>{NUMBER})\s+(?:for|on|in)\s+",
        r"(?:which|what|any)\s+(?:research\s+)?(?:groups?|teams?|labs?)\s+(?:here\s+)?(?:(?:is|are)\s+)?(?:work(?:s|ed|ing)?|(?:do|does|did|doing)\s+research|research(?:es|ing)?)\s+(?:on|in|into)\s+",
        rf"(?:who|whom|who's|whos|who all|who else)\s+(?:here\s+)?{_WORK_VERB}\b\s*",
        rf"{_KINDS}{_SOMEBODY}\s+(?:here\s+|in here\s+)?(?:(?:who|that|which|whom)\s+)?{_WORK_VERB}\b\s*",
        rf"{_KINDS}{_SOMEBODY}\s+(?:(?:who|that|whom|i|we|one|you|to)\s+){{0,6}}(?:can\s+|could\s+|should\s+|would\s+|to\s+){{0,4}}(?:ask|contact|talk to|talk|consult|invite|email|write to|approach|work with|collaborate with|help|review|interview|hire)(?:\s+(?:me|us))?(?:\s+(?:about|on|for|with|regarding|in|to)){{0,6}}\s+",
        rf"{_KINDS}{_EXPERT}\s+(?:in|on|for|of|with|about|regarding|from|at|to)\s+(?:the\s+(?:area|field|topic|subject)\s+of\s+)?",
        r"(?:who|whom)\s+(?:should|could|can|would|do|to)\s+(?:i|we|one|you)?\s*(?:ask|contact|talk to|consult|invite|approach|email|collaborate with|work with|speak to|turn to)(?:\s+(?:to\s+(?:talk|speak|lecture|present|report|teach|give\s+an?\s+(?:\w+\s+)?(?:talk|lecture))|about|on|for|with|regarding|to))*\s+",
        rf"{_KINDS}(?:people|ppl|persons?|folks|names|somebody|someone|anyone|anybody|colleagues|academics)\s+(?:for|on|into|behind)\s+",
        r"(?:who|whom)\s+to\s+(?:ask|contact|invite|consult|approach)(?:\s+(?:about|on|for|with|regarding))*\s+",
    )
)
_TOPIC_LINKS = re.compile(
    r"(?:(?:for|on|about|in|of|with|to)\s+)?(?:an?|my|our|the|this|their)\s+(?:paper|manuscript|submission|project|talk|workshop|thesis|grant|survey|proposal|topic|article|study|question|area|field|panel|session|seminar|lecture|keynote|tutorial|special\s+issue|book|chapter|course|event|podcast|interview|story|jury|committee|summer\s+school)s?\s+(?:on|about|dealing with|of|for|in|that|which|concerning|regarding)\s+|(?:for|on|about|in|of|with|regarding|to|the|an?|papers on|work on|research on|any|some)\s+",
    re.IGNORECASE,
)
_GAP = r"(?:\s*[,:;–—]\s*|\s+-+\s*|\s+)"
_ENDS = tuple(
    re.compile(pattern + r"[\s?!.]*$", re.IGNORECASE)
    for pattern in (
        rf"{_GAP}(?:so\s+|and\s+|now\s+)?(?:who|whom|who's|whos|anyone|anybody|somebody|someone)(?:\s+(?:is|are|to|should|could|can|i|we|here|all|else|{_WORK_VERB}|{_SOMEBODY}|it|this|that|those|these|stuff|about|ask|contact|invite|consult|approach|talk|turn|email|to|on|with|them|please|topic|problem|area|field|you|suggest|recommend|propose|do|would|in|the|library|good|best)\b){{0,24}}+",
        rf"{_GAP}{_KINDS}{_SOMEBODY}(?:\s+(?:please|here|needed|wanted|to (?:contact|ask|invite|talk to|consult|approach)|i (?:can|could|should) (?:ask|contact)|working on (?:it|this|that)|who know(?:s)? (?:it|this|that|about it))){{0,12}}+",
    )
)
_TAILS = re.compile(
    r"(?:(?<![\s,;–—-])[\s,;–—-]++(?:and\s+(?:(?:with\s+)?whom?|what|where|which|how|their|his|her)\b[^,;]*+|(?:ideally|preferably|if possible|best with|with several papers|with many papers)\b[^,;]*+|(?:please|thanks|generally|in general|here|in here|in (?:this|the) (?:library|corpus|collection|dataset|database)|nowadays|these days|right now|now|currently|recently|lately|at the moment|at present|today|(?:the\s+)?(?:most recent|newest|latest)(?:\s+ones?)?\s+first|among (?:these|the|those) (?:papers|people|authors))\b))[\s?!.]*$",
    re.IGNORECASE,
)
_NOUN_TAIL = re.compile(
    r"\s+(?:papers?|research|stuff|topics?|works?|submission|manuscript|area|field)[\s?!.]*$",
    re.IGNORECASE,
)
_RECENT = re.compile(
    r"\b(?:now|nowadays|currently|recently|lately|these days|at the moment|at present|today|recent|active now|newest first|latest first)\b",
    re.IGNORECASE,
)
_AMONG = re.compile(
    r"\s+(?:among|amongst|of)\s+(?:all\s+)?(?:the|these|those|our)\s+(?:authors|people|researchers|scientists)\b\s*",
    re.IGNORECASE,
)
_NO_TOPIC = re.compile(
    r"\b(?:first|second|third|fourth|fifth|last|lead|main|same|other|another|next|without|with|no|exactly|only|of|by|and|or|have|has|as|their|many|which|the|an?|than)$"
    r"|^(?:papers?|entries|entry|abstracts?|titles?)\s+(?:with|without|by|from|that|which|have|of)\b",
    re.IGNORECASE,
)
_WHAT = re.compile(
    r"\bwho\s+(?:does|did|do|uses?|used|proposed?|says?|said)\s+what\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ExpertFrame:
    """A question for people on a topic: the topic, how many are wanted, and whether active now.

    ``sure`` if it opens by asking for people, and does not merely end in a word for them.
    """

    topic: str
    k: int | None
    recent: bool
    sure: bool = True


def parse_experts_frame(question: str) -> ExpertFrame | None:
    """The topic of a question that looks for people; None if it does not."""
    text = question.strip().strip("\"'")
    # "noise matrices in several settings: who does what?" asks what the papers say.
    if _WHAT.search(text):
        return None
    recent = _RECENT.search(text) is not None
    text = _AMONG.sub(" ", text)
    text = _drop_ending(_TAILS, text)
    text, asks_for_people, k = _split_opening(text)
    sure = asks_for_people
    if asks_for_people:
        text = _drop_link(text)
    # "researchers on drones, top people please": also at the end.
    for end in _ENDS:
        if match := end.search(f" {text}"):
            k = k or match.groupdict().get("k")
            text, asks_for_people = f" {text}"[: match.start()].strip(), True
    if not asks_for_people:
        return None
    text = _drop_link(_drop_ending(_TAILS, text)) if text else text
    topic = _NOUN_TAIL.sub("", text).strip(" ,.?!:;–—-*\"'")
    topic = topic.replace("*", "")
    # "papers w/o authors": "papers w/o" is no topic.
    if not _has_topic_word(topic) or _NO_TOPIC.search(topic):
        return None
    return ExpertFrame(topic, parse_number(k) if k else None, recent, sure)


def _split_opening(text: str) -> tuple[str, bool, str | None]:
    """The text after its opening, whether the opening asks for people, and how many."""
    asks_for_people, k = False, None
    moved = True
    while moved and text:
        moved = False
        for pattern in _HOW_MANY_ASKED:
            if match := pattern.match(text):
                k = k or match.groupdict().get("k")
                text, asks_for_people, moved = text[match.end() :], True, True
                break
        if moved:
            continue
        for pattern in _OPENINGS:
            # Openings are peeled off only until people are asked for; after that the words are
            # the topic's.
            if not asks_for_people and (match := pattern.match(text)):
                text, moved = text[match.end() :], True
                break
    return text, asks_for_people, k


def _drop_link(text: str) -> str:
    """The text without ``for a paper on`` and the like before the topic."""
    while (match := _TOPIC_LINKS.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    return text


def _drop_ending(pattern: re.Pattern[str], text: str) -> str:
    while match := pattern.search(text):
        if match.start() == 0:
            break
        text = text[: match.start()]
    return text


def _has_topic_word(topic: str) -> bool:
    return any(w.lower() not in STOP_WORDS for w in re.findall(r"[^\W_]+", topic) if len(w) > 1)


# --- authors of a paper ---------------------------------------------------------------------

_WROTE = re.compile(
    r"\b(?:who|whom)(?:'s|\s+(?:has|have|is|are|was|were|all|else|actually))*\s+(?:(?:wrote|authored|writes?|written|co-?authored|came up with|invented|created|made|built|introduced|proposed|developed|presented|published|behind)|(?:the\s+)?(?P<first>first|lead|main|second|third|last|senior)?\s*authors?\s+(?:of|on|for|behind)|responsible for)\s+(?P<what>.+)"
    r"|^\W*(?:(?:and|so|ok|then|please|can|could|you|tell|list|name|show|give|me|us|what|who|are|is|was|were|do|know|i|need|want|find|names|of|the|all)\s+)*(?P<first2>first|lead|main|second|third|last|senior)?\s*authors?\s+(?:of|on|for|behind)\s+(?P<what2>.+)"
    r"|\b(?:by whom|who)\s+(?:was|were|is)\s+(?P<what3>.{1,300}?)\s+(?:written|authored|proposed|introduced|developed|created|published|made|by)\b"
    r"|\bwhose\s+(?:paper|work|method|idea)\s+(?:is|was)\s+(?P<what4>.+)"
    r"|^\W*+(?!(?:is|are|which|how|any|papers?|what|do|does|did)\b)(?P<what5>[^,;:]+?)(?:'s|\s+paper'?s?)?\s+(?P<first5>first\s+|lead\s+)?authors?\s*\??$",
    re.IGNORECASE,
)
_ON_TOPIC = re.compile(
    r"^(?:(?:papers?|anything|something|works?)\s+)?(?:on|about)\s+|^(?:papers|anything)\b",
    re.IGNORECASE,
)


def parse_authors_frame(question: str) -> tuple[str, str] | None:
    """(description of the paper, ``first`` or nothing) of a question for a paper's authors."""
    match = _WROTE.search(question)
    if match is None:
        return None
    groups = match.groupdict()
    what = next((groups[g] for g in ("what", "what2", "what3", "what4", "what5") if groups[g]), "")
    what = what.strip(" ?.!\"'")
    # "who wrote about label noise?" asks for experts.
    if not what or _ON_TOPIC.match(what):
        return None
    first = any(
        (groups[g] or "").strip().lower() in ("first", "lead", "main")
        for g in ("first", "first2", "first5")
    )
    return what, "first" if first else ""


# --- papers on a topic ----------------------------------------------------------------------

_PAPERS = r"(?:papers|articles|publications|preprints|studies|entries|(?<!what )works)"
_POLITELY = r"(?:(?:please|kindly|can|could|would|will|you|i|we|want|need|like|to|see|have|ok|so|and|now)\s+)*"
_ALL_OF = r"(?:(?:me|us|out|all|every|the|any|some|of|other)\s+)*"
_ASKED_FOR = (
    rf"(?:(?:list|show|give|find|get|name|display|enumerate|print)\s+{_ALL_OF}"
    rf"|(?:which|what)\s+(?:are\s+)?{_ALL_OF}"
    rf"|(?:are\s+there|is\s+there|do\s+(?:you|we)\s+have|have\s+(?:you|we)\s+got)\s+{_ALL_OF}"
    r"|(?:all\s+|the\s+)*)"
)
_HERE = r"(?:(?:(?:are|do)\s+(?:there|you\s+have|we\s+have)|exist|here|in\s+(?:the|this|our|my)\s+(?:library|corpus|collection|set))\s+)?"
_DEALING = (
    r"(?:(?:that|which|who)\s+)?(?:(?:are|is|were|have\s+to|do)\s+)?(?:mainly\s+|all\s+)?"
    r"(?:about|on|regarding|concerning|related\s+to|(?:deal|dealing)\s+with|us(?:e|es|ing)|employ(?:ing)?|"
    r"(?:work|working)\s+(?:on|with)|focus(?:s?ing)?\s+on|based\s+on|cover(?:ing)?|stud(?:y|ying)|address(?:ing)?|"
    r"tackl(?:e|ing)|investigat(?:e|ing)|apply|applying|involv(?:e|ing)|treat(?:ing)?)"
)
_TOPIC_LIST = re.compile(
    rf"^\W*{_POLITELY}{_ASKED_FOR}{_PAPERS}\s+{_HERE}{_DEALING}\s+"
    r"(?P<topic>[^,;:.?!]+?)(?:\s+(?:here|please|in\s+(?:the|this|our|my)\s+(?:library|corpus|collection))){0,3}\W*$",
    re.IGNORECASE,
)
_OF_ITS_OWN = re.compile(
    r"\b(?:that|which|what|when|where|whose|who|whom|how|why|if|they|them|their|these|those|this|it|its|"
    r"do|does|did|is|are|was|were|can|could|should|because|while|than|differ\w*|compar\w*|summari\w*|explain\w*|"
    r"same|other|each|such|one|to)\b",
    re.IGNORECASE,
)
_TOPIC_WORDS = 6


def parse_list_frame(question: str) -> str | None:
    """The topic of a question that asks for papers and for nothing else of them; None for others.

    ``which papers propose X, and how`` asks what papers say, ``the paper that does X`` for one paper.
    """
    match = _TOPIC_LIST.match(question)
    if match is None or _OF_ITS_OWN.search(" ".join(split_excluded(match["topic"]))):
        return None
    topic = re.sub(
        r"^(?:(?:the|a|an|topic|subject|of)\s+)+", "", match["topic"], flags=re.IGNORECASE
    )
    telling = [w for w in topic.split() if w.lower() not in STOP_WORDS]
    return topic if 0 < len(telling) <= _TOPIC_WORDS else None


# --- topics taken apart ---------------------------------------------------------------------

_SHUT_OUT = re.compile(
    r"^(?P<topic>.+?)(?<![\s,])[\s,]++(?:(?:but|and|that|which|who|while)\s+){0,4}(?:(?:is|are|do|does|did)\s+)?"
    r"(?:(?:not|\w+n't|never)\s+(?:(?:work(?:s|ing)?|publish(?:es|ed)?)\s+)?(?:on|about|in|regarding|concerning)"
    r"|but\s+not(?!\s+only)|except(?:\s+for)?|excluding|other\s+than|but\s+(?:without|no))\s+"
    r"(?:(?:(?:those|the|any|papers?|works?|ones|on|about)\s+)*)(?P<out>.+)$",
    re.IGNORECASE,
)
_BOTH_TOPICS = re.compile(
    r"^both\s+(?:on\s+|in\s+)?(?P<one>.+?)\s+and\s+(?:(?:on|in|about|also)\s+)*(?P<two>.+)$",
    re.IGNORECASE,
)


def split_excluded(topic: str) -> tuple[str, str]:
    """``A but not B`` as A and the topic that is not to be; without the latter, the topic itself."""
    match = _SHUT_OUT.match(topic)
    return (match["topic"], match["out"].strip(" ?.!,")) if match else (topic, "")


def split_both(topic: str) -> tuple[str, ...]:
    """The two topics of ``both A and B``; nothing for others."""
    match = _BOTH_TOPICS.match(topic)
    return (match["one"], match["two"].strip(" ?.!,")) if match else ()
