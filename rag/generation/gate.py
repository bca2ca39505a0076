"""The citation gate: between a model's words and the reader.

A reply streams in with opaque keys such as ``[E1]`` and goes out sentence by sentence with markers
such as ``[1]``. On the way every sentence is checked by code:

- a key that was not given to the model goes, and any other kind of reference; a valid one becomes
  the marker of the sentence in the paper that says it best;
- images, links, HTML, code marks and addresses that are in no paper go, and so do thoughts and lists
  of references;
- quotation marks stay only around words that stand in a paper;
- a sentence that names people or titles its papers do not have is left out, and so is one that gives
  the prompt away or follows a planted order; ``[…]`` stands in its place;
- one that the free checks find wrong (`rag.generation.support`) is shown with ``(unverified)`` after
  it, or left out by setting; an uncited one gets the marker of the passage that says the same.

Where the whole reply is verified by a model afterwards, the marks wait for its verdicts: `render`
gives the text with them. Nothing goes out before the first sentence that cites and answers, so that
a reply without any can be replaced as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answers.citations import Citations
from rag.generation import markup
from rag.generation.claim_checker import ClaimChecker
from rag.generation.claim_parser import Claim, ClaimReader
from rag.generation.declining import FEW_WORDS, declines, is_refusal, states_besides
from rag.generation.evidence import apart_of, list_papers
from rag.generation.ground import Ground
from rag.generation.html_blocks import BlockReader
from rag.generation.reasoning import ThoughtFilter
from rag.generation.relevance import Near
from rag.generation.support import find_best_sentence
from rag.generation.unwrapping import Unwrapper
from rag.text.markdown import markers
from rag.types import Citation, Evidence, SaidSentence, Verdict
from rag.types.answers import UNVERIFIED

OMISSION = "[…]"
MAX_REPLY_CHARS = 20_000
REFUSAL_CHARS = 300
"""If a reply begins by declining, this much of it is read to find what it says is missing."""
KEYLESS_CHARS = 1_500
"""A reply that has cited nothing after so many letters is not going to."""

Unsupported = Literal["mark", "remove"]
"""Treatment of sentences that the cited papers do not support."""

_GAPS = ("", " ", "\n", "\n\n")
_REFERENCES = re.compile(
    r"[#*\s]*(?:references|sources|bibliography|works cited|citations|literatur(?:verzeichnis)?|quellen|r[ée]f[ée]rences"
    r"|bibliographie|referencias|fuentes|bibliograf[íi]a|riferimenti|fonti|refer[êe]ncias|参考文献|источники)[*:\s]*",
    re.IGNORECASE,
)
_KEYS_ALONE = re.compile(r"[\s\[【(]*E\d{1,4}(?:[\s\[\]【】(),;]*E\d{1,4}){0,20}[\s\]】)]*[.]?")
_WHOLE = re.compile(
    r"[.!?。！？|][\"'”’»)*_]{0,3}(?:\s?[\[【(][^\[\]【】()]{1,40}[\]】)]){0,6}\s*$"
)
"""How a text ends whose last sentence is whole, keys behind its full stop or not."""
TAIL_CHARS = 400
_PROMPT_LINE = re.compile(r"(?:Title|Authors?|Year|Date|Text|Passage|Question)\s*:")
_ANSWER_LEAD = re.compile(
    r"^(?:\*\*)?(?:Answer|Antwort|Réponse|Respuesta|Risposta)\s*:(?:\*\*)?\s*"
)


@dataclass(slots=True)
class ReplySentence:
    """One sentence that may be shown.

    Attributes:
        words: Without markers.
        keys: Of the passages cited for it.
        verdict: None where there is nothing to support.
        answers: Whether it is about the question.
        declines: Whether it says that the papers do not state something.
        text: As shown, without a mark.
        keyed: Its words with the keys where they stood, for who verifies it.
        gap: White space before it.
        follows_omission: Whether a sentence before it was left out.
    """

    words: str
    keys: tuple[str, ...]
    verdict: Verdict | None
    answers: bool
    declines: bool
    text: str
    keyed: str = ""
    gap: str = ""
    follows_omission: bool = False

    @property
    def stands(self) -> bool:
        """Whether it is a reason to show the reply."""
        return (
            bool(self.keys) and self.answers and not self.declines and self.verdict != "not_found"
        )

    def render(self, *, marked: bool) -> str:
        """With the white space before it, and its mark if there is one."""
        text = self.text
        if marked and self.verdict == "not_found":
            row = text.endswith(" |")
            text = f"{text.removesuffix(' |') if row else text} {UNVERIFIED}{' |' if row else ''}"
        is_inline = not re.match(r"[-|#]|\d+\. ", text) and "\n" not in self.gap
        omission = f"{OMISSION} " if self.follows_omission and is_inline else ""
        return f"{self.gap}{omission}{text}"


@dataclass(frozen=True, slots=True)
class _Uncited:
    """The last sentence as it came, without a key, and the counts before it."""

    body: str
    at_start: bool
    counts: Counter[str]


class CitationGate:
    """Takes one reply in pieces and passes on what may be shown.

    Args:
        evidence: The evidence that the model was given; its keys are the valid ones.
        refusal: The word by which the model says that the evidence does not contain the answer.
        unsupported: Treatment of sentences that the cited papers do not support.
        private: The prompt's words, which are never shown.
        question: As typed.
        verified: Whether verdicts of a model follow, so that marks wait for them.
        nearest: Similarity of texts, by the embedded model.
        citations: Assigns the markers; those it has belong to what stands before the reply.

    Attributes:
        refused: Whether the model said that the evidence does not contain the answer.
        counts: Counts of checks and changes, by name.
    """

    def __init__(
        self,
        evidence: Sequence[Evidence],
        refusal: str,
        *,
        unsupported: Unsupported = "mark",
        private: str = "",
        question: str = "",
        verified: bool = False,
        citations: Citations | None = None,
        nearest: Near | None = None,
    ) -> None:
        self.refused = False
        self.counts: Counter[str] = Counter()
        self._evidence = {item.key: item for item in evidence}
        self._refusal = refusal
        self._unsupported = unsupported
        self._citations = citations or Citations()
        self._verified = verified
        self._waits = verified and unsupported == "remove"
        self._thoughts = ThoughtFilter()
        self._unwrapper = Unwrapper()
        self._blocks = BlockReader()
        ground = Ground(list_papers(evidence), apart_of(evidence))
        self._ground = ground
        self._reader = ClaimReader(evidence, ground, self.counts)
        self._bench = ClaimChecker(
            evidence,
            ground,
            self._reader,
            self.counts,
            private=private,
            question=question,
            nearest=nearest,
        )
        self._n_chars = 0
        self._reply = ""
        self._has_restarted = False
        self._restart()

    def _restart(self) -> None:
        """Forget what was read: it was thought, or nothing yet."""
        self._buffer, self._scanned = "", 0
        self._line_start = True
        self._in_references = False
        self._sentences: list[ReplySentence] = []
        self._n_out = 0
        self._gap = ""
        self._omitted = False
        self._open = False
        self._claim = ""
        self._uncited: _Uncited | None = None

    @property
    def is_open(self) -> bool:
        """Whether something with a valid citation may be shown."""
        return self._open

    @property
    def is_full(self) -> bool:
        """Whether the reply is over, by refusal or by length, whatever may still come."""
        cites = any(sentence.keys for sentence in self._sentences)
        is_idle = not cites and len(self._reply) >= KEYLESS_CHARS
        is_over = self.refused and len(self._reply) >= REFUSAL_CHARS
        return is_over or is_idle or self._n_chars >= MAX_REPLY_CHARS

    @property
    def restarted(self) -> bool:
        """Whether what went out was thought, so that the text of `render` replaces it."""
        return self._thoughts.restarted

    @property
    def shown(self) -> Sequence[ReplySentence]:
        """The sentences of the reply that may be shown, in order."""
        return tuple(self._sentences)

    @property
    def sentences(self) -> tuple[SaidSentence, ...]:
        """Those that state something, each with its verdict, for the record."""
        return tuple(
            SaidSentence(s.words, s.verdict, tuple(dict.fromkeys(markers(s.text))))
            for s in self._sentences
            if s.verdict is not None
        )

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self._citations.list_citations()

    @property
    def refusal_words(self) -> str:
        """What the model itself said is missing, in a form that may be shown; may be empty."""
        is_short = len(self._reply.split()) <= FEW_WORDS
        refusals = [
            s
            for s in self._sentences
            if s.declines or (not s.keys and (is_short or s.verdict is None))
        ]
        return " ".join(re.sub(r"\s*\[\d+\]", "", s.text) for s in refusals[:2])

    @property
    def why_closed(self) -> str:
        """Why nothing of the reply stands."""
        if not self._reply.strip():
            return "held thoughts alone"
        if any(sentence.keys for sentence in self._sentences):
            return "says nothing that stands in the papers it cites"
        return "cited no passage"

    def process_piece(self, piece: str) -> str:
        """Take the next piece of the reply; what may be shown now, perhaps nothing."""
        piece = piece[: MAX_REPLY_CHARS - self._n_chars].replace("\r", "")
        self._n_chars += len(piece)
        words = self._thoughts.process_piece(piece)
        words = self._blocks.process_piece(self._unwrapper.process_piece(words))
        return self._take_words(words, final=False)

    def close(self, *, is_broken: bool = False) -> str:
        """The reply is over; what is left to show.

        Args:
            is_broken: It ended before its end: a sentence that is not whole is left out.
        """
        last = self._unwrapper.process_piece(self._thoughts.close()) + self._unwrapper.close()
        last = self._blocks.process_piece(last) + self._blocks.close()
        if is_broken and not _WHOLE.search((self._buffer + last)[-TAIL_CHARS:]):
            self._buffer, last = "", ""
        text = self._take_words(last, final=True)
        if not self._open and (
            is_refusal(_drop_keys(self._reply), self._refusal)
            or any(s.declines for s in self._sentences[:1])
        ):
            self.refused = True
        return text

    def _take_words(self, words: str, *, final: bool) -> str:
        if self._thoughts.restarted and not self._has_restarted:
            self._has_restarted = True
            self._reply = ""
            self._restart()
        self._reply += words
        self._buffer += words
        while True:
            end, self._scanned = markup.find_boundary(self._buffer, self._scanned, final=final)
            if end is None:
                break
            line, self._buffer, self._scanned = self._buffer[:end], self._buffer[end:], 0
            self._process_sentence(line)
        if not self._open or self.refused or self._waits or self.restarted:
            return ""
        some, self._n_out = self._sentences[self._n_out :], len(self._sentences)
        return "".join(sentence.render(marked=not self._verified) for sentence in some)

    # --- verdicts of a model ------------------------------------------------------------------

    def apply_verdicts(self, verdicts: Mapping[int, bool]) -> None:
        """Take a model's verdicts on `shown`, by place: whether the papers support it.

        A sentence without a verdict keeps that of the free checks. One that only declines is not marked,
        but what it says besides may be: *how long it takes is not stated; it needs a training run*.
        """
        for at, is_supported in verdicts.items():
            sentence = self._sentences[at]
            if is_supported or not sentence.declines or states_besides(sentence.words):
                sentence.verdict = "supported" if is_supported else "not_found"
        for name in ("sentences_checked", "sentences_not_found"):
            self.counts.pop(name, None)
        if self._unsupported == "remove":
            remaining = [s for s in self._sentences if s.verdict != "not_found"]
            self.counts["sentences_removed"] += len(self._sentences) - len(remaining)
            self._sentences = remaining
        self.counts.update(f"sentences_{s.verdict}" for s in self._sentences if s.verdict)
        self._open = self._open and bool(self._sentences) or any(s.stands for s in self._sentences)

    def render(self) -> str:
        """The text of the reply as it is to be kept, with its marks."""
        return "".join(sentence.render(marked=True) for sentence in self._sentences).lstrip()

    # --- one sentence -----------------------------------------------------------------------

    def _process_sentence(self, line: str) -> None:
        """Check one sentence with the white space behind it, and keep what may be shown of it."""
        body = line.rstrip()
        space = line[len(body) :]
        gap = _GAPS[min(space.count("\n"), 2) + 1] if space else ""
        at_start, self._line_start = self._line_start, "\n" in space
        if _KEYS_ALONE.fullmatch(body) and len(self._sentences) > self._n_out and self._uncited:
            self._sentences.pop()  # it was read without the keys that a line of their own gives it
            self.counts.clear()
            self.counts.update(self._uncited.counts)
            body, at_start = f"{self._uncited.body} {body}", self._uncited.at_start
        self._uncited = None
        if self._is_refusal(body):
            self.refused = not self._open
            rest = body[body.find(self._refusal) + len(self._refusal) :].lstrip(" .:,;*_–—-")
            body = rest if self.refused or not rest or rest[0].isupper() else f"Not stated: {rest}"
        if self.refused and not declines(body):
            pass  # what a model says beside its refusal, other than what is missing, is not shown
        elif body and not (at_start and self._is_passed_over(body)):
            before = Counter(self.counts)
            sentence = self._check_sentence(body, at_start)
            self._add_sentence(sentence)
            if sentence is not None and sentence.words and not sentence.keys:
                self._uncited = _Uncited(body, at_start, before)
        self._add_gap(gap)

    def _is_refusal(self, body: str) -> bool:
        text = re.sub(r"^\W+|\W+$", "", body)
        return text.startswith(self._refusal) or text.casefold() == self._refusal.casefold()

    def _is_passed_over(self, body: str) -> bool:
        """Whether a line is no statement: a rule, a list of references, or the prompt's own form."""
        if _REFERENCES.fullmatch(body):
            self._in_references = True
        return (
            self._in_references
            or markup.is_rule(body)
            or bool(_PROMPT_LINE.match(body))
            or self._is_reference(body)
        )

    def _is_reference(self, body: str) -> bool:
        """Whether a line is an entry of a bibliography: a key, then a title that a paper has."""
        entry = re.match(r"[-*]?\s*[\[【(]\s*[Ee]?\d{1,4}\s*[\]】)]\s*[:.-]?\s*(\S.{3,})$", body)
        if entry is None:
            return False
        title = re.split(r",\s*(?:19|20)\d\d|\s*\(|\.\s", entry[1])[0]
        return any(title.strip("*_\"“”'. ") in item.paper.name for item in self._evidence.values())

    def _add_gap(self, gap: str) -> None:
        if _GAPS.index(gap) > _GAPS.index(self._gap):
            self._gap = gap

    def _add_sentence(self, sentence: ReplySentence | None) -> None:
        if sentence is None:
            self._omitted = bool(self._sentences)
            return
        last = self._sentences[-1].text[-1] if self._sentences else ""
        gap = self._gap
        if not gap and not (last in markup.CJK and sentence.text[0].isalnum()):
            gap = " "  # what met without a space could make markup together
        sentence.gap = gap if self._sentences else ""
        sentence.follows_omission, self._omitted = self._omitted, False
        self._gap = ""
        self._sentences.append(sentence)
        self._open = self._open or sentence.stands

    def _check_sentence(self, body: str, at_start: bool) -> ReplySentence | None:
        """The sentence as it may be shown; None if it may not."""
        body = markup.add_bars(_ANSWER_LEAD.sub("", body)) if at_start else body
        if at_start and markup.TABLE_RULE.match(body):
            return ReplySentence("", (), None, True, False, body)
        claim = self._reader.read(body, at_start)
        if not re.search(r"\w", claim.words):
            if not (claim.keys and self._claim):
                return None
            return ReplySentence("", claim.keys, None, False, False, self._render_with_markers(claim, self._claim))  # fmt: skip
        if not claim.keys and not re.search(r"[^\W\d_]|\|", claim.words):
            return None  # a number alone, as the year at the end of a reference
        ruling = self._bench.check_claim(claim)
        claim, verdict, is_shown = ruling.claim, ruling.verdict, ruling.is_shown
        if is_shown and not ruling.answers and claim.keys and not self._open:
            self.counts["off_question_left_out"] += 1
            is_shown = False
        if (
            is_shown
            and verdict == "not_found"
            and self._unsupported == "remove"
            and not self._waits
        ):
            self.counts["sentences_removed"] += 1
            is_shown = False
        self._claim = claim.words if is_shown else ""
        if not is_shown:
            return None
        text = self._render_with_markers(claim, claim.words)
        answers = ruling.answers and ruling.opens
        keyed = self._reader.restore_keys(claim)
        return ReplySentence(
            claim.words, claim.keys, verdict, answers, declines(claim.words), text, keyed
        )

    # --- out ----------------------------------------------------------------------------------

    def _render_with_markers(self, claim: Claim, words: str) -> str:
        """Safe Markdown with markers in place of keys; they lead to what says most of the claim."""
        marker = {
            self._reader.get_placeholder(key): self._get_marker(words, self._evidence[key])
            for key in claim.keys
        }
        text = markup.escape_keeping_bold(claim.text)
        text = markup.SEATS.sub(lambda match: f"[{marker[match[0]]}]", text)
        text = re.sub(r"(\[\d+\])(?:\s*\1)+", r"\1", text)
        text = re.sub(r"(?<![.!?。！？])([.!?。！？]++)\s*((?:\[\d+\]\s*)+)$", r" \2\1", text)
        text = re.sub(r"(?<=[\w.,;%)])(?=\[\d+\])", " ", text)
        text = re.sub(r"!(?=\[)", "! ", text)
        text = re.sub(r"(\[\d+\])(?=[(:\w]|\[(?!\d+\]))", r"\1 ", text)
        if claim.opening == "#":
            return f"**{text.replace('**', '')}**"
        return claim.opening + text

    def _get_marker(self, claim: str, evidence: Evidence) -> int:
        span, _ = find_best_sentence(claim, evidence)
        return self._citations.get_marker(evidence.paper, span)

    def list_warnings(self) -> tuple[str, ...]:
        """What the reader should know of the checks, one sentence each."""
        return tuple(
            template.format(n=n, s="" if n == 1 else "s", were="was" if n == 1 else "were")
            for name, template in WARNINGS.items()
            if (n := self.counts[name])
            and not (name == "sentences_not_found" and self._unsupported == "remove")
        )


def _drop_keys(reply: str) -> str:
    return re.sub(r"[\[【(]\s*E\d{1,4}(?:\s*[,;]\s*E\d{1,4})*\s*[\]】)]", "", reply)


WARNINGS: Mapping[str, str] = {
    "disguises_left_out": "{n} sentence{s} of the model {were} left out: a word in it hides another, or is encoded",
    "sources_left_out": "{n} sentence{s} of the model {were} left out: a person or a title in it is in no paper cited for it",
    "sentences_removed": "{n} sentence{s} of the model {were} left out: the cited papers do not say so",
    "orders_left_out": "{n} sentence{s} that followed an order planted in a paper or in the question {were} left out",
    "off_question_left_out": "{n} sentence{s} about neither the question nor what the papers state {were} left out",
    "prompt_removed": "{n} sentence{s} that gave away how the model was asked {were} left out",
    "sentences_not_found": "{n} sentence{s} {were} marked (unverified): the cited papers do not say so, as far as was checked",
    "quotes_removed": "{n} quotation{s} {were} in no paper and lost the quotation marks",
    "keys_removed": "{n} reference{s} to passages that do not exist {were} removed",
    "markup_removed": "markup that leads elsewhere (links, images, HTML) was removed {n} time{s}",
}
