"""The citation gate: between a model's words and the reader.

A reply streams in with opaque keys such as ``[E1]`` and goes out sentence by sentence with markers
such as ``[1]``. On the way every sentence is checked by code:

- a key that was not given to the model goes; a valid one becomes the marker of the sentence in the
  paper that says it best;
- images, links, HTML, code marks and addresses that are in no paper go;
- quotation marks stay only around words that stand in a paper;
- a sentence with a number that its papers do not have is left out; one whose names or words they do
  not have is shown with ``(unverified)`` after it; an uncited one is given the marker of the
  passage that says the same, if there is one.

Nothing goes out before the first sentence that cites, so that a reply without any valid citation
can be replaced as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answering import markup
from rag.answering.citations import Citations
from rag.answering.support import Ground, Verdict, assess, best_sentence, quotations
from rag.text import terms
from rag.types import Citation, Evidence, Paper

UNVERIFIED = "(unverified)"
ATTACHED_SHARE = 0.6
"""Share of an uncited sentence's words that one sentence of a paper must say to be cited for it."""
STATING_TERMS = 3
"""Content words from which a sentence states something and needs a citation."""
LONGEST_REPLY_CHARS = 20_000

_FIRST_SEAT = 0xE100
_SEATS = re.compile("[\ue100-\uf0ff]")
_CITED = re.compile(r"[\[【(]\s*(" + markup.KEYS.pattern + r")\s*[\]】)]")
_FOREIGN = re.compile(
    r"\s*(?:[\[【]\s*\^?\d+(?:\s*[,;–-]\s*\d+)*(?:†[^\]】]*)?\s*[\]】]|[\[【]\s*[A-Za-z]{1,2}\d+\s*[\]】])"
)
_BARE_KEY = re.compile(r"\bE\d{1,4}\b")
_NO = r"(?:\bnot|n['’]t|\bno|\bnothing|\bneither|\bnone)\b"
_SAY = "stat|mention|specif|provid|contain|includ|discuss|report|answer|say|giv|address|describ"
_DECLINES = re.compile(
    r"\b(?:passages?|papers?|abstracts?|excerpts?|evidence|context|documents?|sources?|texts?)\b"
    rf".{{0,40}}{_NO}.{{0,60}}\b(?:{_SAY})"
    r"|\b(?:is|are|was|were) not \w{0,12} ?(?:stated|mentioned|specified|provided|given|reported)"
    r"|\b(?:cannot|can['’]t|could not|unable to) (?:answer|determine|find|tell|say)"
    r"|\b(?:no|not enough|insufficient) information",
    re.IGNORECASE,
)
_GAPS = ("", " ", "\n", "\n\n")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence or line on its way out; ``text`` holds a private character for each marker."""

    opening: str
    text: str
    keys: tuple[str, ...]

    @property
    def claim(self) -> str:
        """Its words alone, for the checks."""
        return " ".join(_SEATS.sub(" ", self.text).replace(markup.BOLD, "").split())


class Gate:
    """Takes one reply in pieces and lets out what may be shown.

    Args:
        evidence: What the model was given; its keys are the valid ones.
        refusal: The word by which the model says that the passages do not hold the answer.

    Attributes:
        refused: The model said that the passages do not hold the answer.
        counts: What was checked and changed, by name.
    """

    def __init__(self, evidence: Sequence[Evidence], refusal: str) -> None:
        self.refused = False
        self.counts: Counter[str] = Counter()
        self._evidence = {item.key: item for item in evidence}
        self._order = list(self._evidence)
        self._refusal = refusal
        self._citations = Citations()
        self._all = Ground(_papers(evidence))
        self._ground = lru_cache(maxsize=256)(self._make_ground)
        self._buffer = ""
        self._n_chars = 0
        self._line_start = True
        self._held = ""
        self._gap = ""
        self._last = ""
        self._open = False
        self._began = False
        self._claim = ""
        self._list_number = 0

    @property
    def is_open(self) -> bool:
        """Whether something with a valid citation went out."""
        return self._open

    @property
    def is_full(self) -> bool:
        """Whether the reply is over, by refusal or by length, whatever may still come."""
        return self.refused or self._n_chars >= LONGEST_REPLY_CHARS

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self._citations.listed()

    def feed(self, piece: str) -> str:
        """Take the next piece of the reply; what may be shown now, perhaps nothing."""
        piece = piece[: LONGEST_REPLY_CHARS - self._n_chars].replace("\r", "")
        self._n_chars += len(piece)
        self._buffer += piece
        return self._drain(final=False)

    def close(self) -> str:
        """The reply is over; what is left to show."""
        shown = self._drain(final=True)
        if not self._open and self._began and _DECLINES.search(self._held):
            self.refused = True
        return shown

    def _drain(self, *, final: bool) -> str:
        while not self.refused:
            end = markup.boundary(self._buffer, final=final)
            if end is None:
                break
            line, self._buffer = self._buffer[:end], self._buffer[end:]
            self._pass(line)
        if not self._open or self.refused:
            return ""
        shown, self._held = self._held, ""
        return shown

    # --- one sentence -----------------------------------------------------------------------

    def _pass(self, line: str) -> None:
        """Check one sentence with the white space behind it, and hold what may be shown of it."""
        body = line.rstrip()
        space = line[len(body) :]
        gap = _GAPS[min(space.count("\n"), 2) + 1] if space else ""
        at_start, self._line_start = self._line_start, "\n" in space
        if self._is_refusal(body):
            self.refused = not self._open
        elif body and not (at_start and markup.is_rule(body)):
            self._emit(self._checked(body, at_start))
        self._widen(gap)

    def _is_refusal(self, body: str) -> bool:
        said = re.sub(r"^\W+|\W+$", "", body)
        return said.startswith(self._refusal) or said.casefold() == self._refusal.casefold()

    def _widen(self, gap: str) -> None:
        if _GAPS.index(gap) > _GAPS.index(self._gap):
            self._gap = gap

    def _emit(self, text: str) -> None:
        if not text:
            return
        gap = self._gap
        if not gap and not (self._last in markup.CJK and text[0].isalnum()):
            gap = " "  # what met without a space could make markup together
        self._held += (gap if self._began else "") + text
        self._gap, self._last, self._began = "", text[-1], True

    def _checked(self, body: str, at_start: bool) -> str:
        """The sentence as it may be shown; empty if it may not."""
        if at_start and markup.TABLE_RULE.match(body):
            return body
        sentence = self._read(body, at_start)
        if not re.search(r"\w", sentence.claim):
            return self._seated(sentence, self._claim) if sentence.keys and self._claim else ""
        sentence, verdict = self._judge(sentence)
        self._claim = sentence.claim if verdict else ""
        if verdict is None:
            return ""
        shown = self._seated(sentence, sentence.claim)
        if verdict == "not_found":
            row = shown.endswith(" |")
            shown = (
                f"{shown.removesuffix(' |') if row else shown} {UNVERIFIED}{' |' if row else ''}"
            )
        if sentence.keys and not _DECLINES.search(sentence.claim):
            self._open = True
        return shown

    def _read(self, body: str, at_start: bool) -> _Sentence:
        """Words and keys of a sentence, everything else gone."""
        opening, rest = markup.opening(body) if at_start else ("", body.strip())
        opening = self._counted(opening)
        rest, n_removed = markup.bare(rest, self._known)
        self.counts["markup_removed"] += n_removed
        keys: list[str] = []
        rest = _CITED.sub(lambda match: self._seats(match, keys), rest)
        rest = _BARE_KEY.sub(lambda match: self._bare_seat(match, keys), rest)
        rest, n_foreign = _FOREIGN.subn("", rest)
        self.counts["keys_removed"] += n_foreign
        rest = self._unquoted(re.sub(r"\s+([.,;:!?])(?=\s|$)", r"\1", rest))
        return _Sentence(opening, rest, tuple(dict.fromkeys(keys)))

    def _counted(self, opening: str) -> str:
        """A list counts on from 1; any other number that opens a line becomes a bullet."""
        if not opening[:1].isdigit():
            return opening
        number = int(opening.rstrip(". "))
        if number not in (1, self._list_number + 1):
            return "- "
        self._list_number = number
        return opening

    def _known(self, address: str) -> bool:
        whole = rf"(?<![\w.-]){re.escape(address)}(?![\w-]|\.\w)"
        return re.search(whole, self._all.text) is not None

    def _seats(self, match: re.Match[str], keys: list[str]) -> str:
        found = [key.upper() for key in re.findall(r"[Ee]\d+", match[1])]
        if match[0][0] == "(" and not all(self._is_key(key) for key in found):
            return match[0]
        valid = [key for key in found if key in self._evidence]
        self.counts["keys_removed"] += len(found) - len(valid)
        keys.extend(valid)
        return "".join(self._seat(key) for key in dict.fromkeys(valid))

    def _bare_seat(self, match: re.Match[str], keys: list[str]) -> str:
        if not self._is_key(match[0]):
            return match[0]
        keys.append(match[0])
        return self._seat(match[0])

    def _is_key(self, text: str) -> bool:
        """Whether it is a given key and no word of the papers as well."""
        return text in self._evidence and not self._all.has_word(text)

    def _seat(self, key: str) -> str:
        return chr(_FIRST_SEAT + self._order.index(key))

    def _unquoted(self, text: str) -> str:
        """The text with quotation marks only around what a paper says."""
        for quoted, (start, end) in reversed(quotations(text)):
            if not self._all.quotes(_SEATS.sub("", quoted).replace(markup.BOLD, "")):
                self.counts["quotes_removed"] += 1
                text = text[:start] + quoted + text[end:]
        return text

    def _judge(self, sentence: _Sentence) -> tuple[_Sentence, Verdict | None]:
        """The sentence, perhaps with a citation that it lacked, and how it is supported.

        The verdict is None if it must not be shown.
        """
        claim = sentence.claim
        stating = len(terms(claim)) >= STATING_TERMS and claim[-1] not in ":?|"
        if not sentence.keys and stating:
            sentence = self._attached(sentence)
        ground = self._ground(sentence.keys) if sentence.keys else self._all
        support = assess(claim, ground, len(sentence.keys) or len(self._evidence))
        if support.numbers:
            self.counts["sentences_left_out"] += 1
            return sentence, None
        verdict = support.verdict
        if not sentence.keys:
            verdict = "not_found" if stating or support.names else "supported"
        if stating or sentence.keys or verdict == "not_found":
            self.counts[f"sentences_{verdict}"] += 1
        return sentence, verdict

    def _attached(self, sentence: _Sentence) -> _Sentence:
        """An uncited sentence with the key of the passage that says the same, if there is one."""
        shares = {k: best_sentence(sentence.claim, e)[1] for k, e in self._evidence.items()}
        key = max(shares, key=lambda k: shares[k], default="")
        if not key or shares[key] < ATTACHED_SHARE:
            return sentence
        if assess(sentence.claim, self._ground((key,)), 1).verdict != "supported":
            return sentence
        self.counts["keys_attached"] += 1
        body = sentence.text.rstrip()
        ending = re.search(r"[.!?。！？]*$", body)
        cut = ending.start() if ending else len(body)
        return _Sentence(sentence.opening, f"{body[:cut]} {self._seat(key)}{body[cut:]}", (key,))

    def _make_ground(self, keys: tuple[str, ...]) -> Ground:
        return Ground(_papers([self._evidence[key] for key in keys]))

    # --- out ----------------------------------------------------------------------------------

    def _seated(self, sentence: _Sentence, claim: str) -> str:
        """Safe Markdown with markers in place of keys; they lead to what says most of the claim."""
        marker = {
            self._seat(key): self._marker(claim, self._evidence[key]) for key in sentence.keys
        }
        text = markup.safe(sentence.text)
        text = _SEATS.sub(lambda match: f"[{marker[match[0]]}]", text)
        text = re.sub(r"(\[\d+\])(?:\s*\1)+", r"\1", text)
        text = re.sub(r"([.!?。！？]+)\s*((?:\[\d+\]\s*)+)$", r" \2\1", text)
        text = re.sub(r"(?<=[\w.,;%)])(?=\[\d+\])", " ", text)
        text = re.sub(r"!(?=\[)", "! ", text)
        text = re.sub(r"(\[\d+\])(?=[(:\w]|\[(?!\d+\]))", r"\1 ", text)
        if sentence.opening == "#":
            return f"**{text.replace('**', '')}**"
        return sentence.opening + text

    def _marker(self, claim: str, evidence: Evidence) -> int:
        span, _ = best_sentence(claim, evidence)
        return self._citations.mark(evidence.paper, span)

    def warnings(self) -> tuple[str, ...]:
        """What the reader should know of the checks, one sentence each."""
        return tuple(
            template.format(n=n, s="" if n == 1 else "s", were="was" if n == 1 else "were")
            for name, template in WARNINGS.items()
            if (n := self.counts[name])
        )


WARNINGS: Mapping[str, str] = {
    "sentences_left_out": "{n} sentence{s} of the model {were} left out: a number in it is in no paper cited for it",
    "sentences_not_found": "{n} sentence{s} {were} marked (unverified): the cited papers do not say so in these words",
    "quotes_removed": "{n} quotation{s} {were} in no paper and lost the quotation marks",
    "keys_removed": "{n} reference{s} to passages that do not exist {were} removed",
    "markup_removed": "markup that leads elsewhere (links, images, HTML) was removed {n} time{s}",
}


def _papers(evidence: Sequence[Evidence]) -> list[Paper]:
    return list({item.paper.paper_id: item.paper for item in evidence}.values())
