"""Short answers to small talk, and to questions and remarks about the program itself."""

from __future__ import annotations

import re

from rag.types import Answer, Query
from rag.types.query import NOTHING_SHOWN

_GREETING = (
    "Hello. I answer questions about the papers in this library, quote the sentences that say so, "
    "and can tell who works on a topic, what a person has written, and how many papers there are of "
    "a kind."
)
_CAPABILITIES = (
    "Ask what papers say (*what problem does … solve?*, *how fast is …?*), for papers on a topic or "
    "from a year, for people (*who works on …?*), or compare two papers by name. Each answer quotes "
    "the papers; what they do not state, I say so. I read the documents of this library, not the web; "
    "your own papers (PDF files, BibTeX, RIS, Zotero and others) are added on the *Library* page or by "
    "*paperfolk ingest FOLDER*."
)
_ABOUT = (
    "I am Paperfolk, a program that searches the papers of this library and quotes them. What I say "
    "is found in them or counted from them, with its source behind the number; without a chat model "
    "every sentence about a paper is the paper's own. What they do not state, I say so; to check a sentence, "
    "open the number behind it."
)
_COMPLAINT = (
    "Sorry about that. Say it in other words, name the paper or the method, or press a part under "
    "*Read as* to change how the question was read."
)
_REPLIES = {
    "goodbye": "Goodbye. The library and this conversation stay as they are.",
    "thanks": "You are welcome. Ask on about a topic, a paper or a person.",
    "capabilities": _CAPABILITIES,
    "about_you": _ABOUT,
    NOTHING_SHOWN: "The last answer showed no paper and nobody that this could be asked of. Name the topic, the "
    "paper or the person.",
    "feedback": "All right. Ask on about a topic, a paper or a person.",
}
_COMPLAINS = re.compile(
    r"\b(?:wrong|not|n't|nt|doesnt|didnt|isnt|dont|cant|bad|useless|rubbish|stupid|nonsense|incorrect|"
    r"misunderstood|misread|terrible|awful|boring|false|mistake)\b|n['’]t\b",
    re.IGNORECASE,
)
_UNSUPPORTED = "I answer from these papers and the people behind them; this is not about them"


def answer_aside(query: Query, question: str = "") -> Answer:
    """Small talk is answered; what papers cannot answer is not.

    ``question``: tells a complaint from other feedback.
    """
    if query.route == "smalltalk":
        is_complaint = query.what == "feedback" and _COMPLAINS.search(question)
        text = _COMPLAINT if is_complaint else _REPLIES.get(query.what, _GREETING)
        return Answer("", "answered", "smalltalk", text)
    reason = query.what.partition(": ")[2]
    text = f"{_UNSUPPORTED}{f': {reason}' if reason else ''}."
    return Answer("", "abstained", "unsupported", text)
