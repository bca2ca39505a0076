"""The citation gate: between a model's words and the reader.

A reply streams in with opaque keys such as ``[E1]`` and goes out sentence by sentence with markers
such as ``[1]``. On the way every sentence is checked by code:

- a key that was not given to the model goes, and any other kind of reference; a valid one becomes
  the marker of the sentence in the paper that says it best;
- images, links, HTML, code marks and addresses that are in no paper go;
- quotation marks stay only around words that stand in a paper;
- a sentence with a number, a person or a title that its papers do not have is left out, and so is
  one that gives the prompt away or follows a planted order; one whose other names or words they do
  not have is shown with ``(unverified)`` after it, or left out by setting; so is one that is about
  neither the question nor what its papers state; an uncited one is given the marker of the passage
  that says the same, if there is one.

Nothing goes out before the first sentence that cites and answers, so that a reply without any can
be replaced as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from rag.answers.citations import Citations
from rag.generation import markup
from rag.generation.claim_checker import DECLINES, ClaimChecker, Judge, is_stating
from rag.generation.claim_parser import Claim, ClaimReader
from rag.generation.evidence import apart_of, list_papers
from rag.generation.relevance import Near
from rag.generation.support import Ground, find_best_sentence
from rag.text.markdown import markers
from rag.types import Citation, Evidence, SaidSentence, Verdict

UNVERIFIED = "(unverified)"
MAX_REPLY_CHARS = 20_000

Unsupported = Literal["mark", "remove"]
"""Treatment of sentences that the cited papers do not support."""

_GAPS = ("", " ", "\n", "\n\n")


class CitationGate:
    """Takes one reply in pieces and passes on what may be shown.

    Args:
        evidence: The evidence that the model was given; its keys are the valid ones.
        refusal: The word by which the model says that the evidence does not contain the answer.
        unsupported: Treatment of sentences that the cited papers do not support.
        private: The prompt's words, which are never shown.
        question: As typed.
        judge: A second opinion on cited sentences.
        nearest: Similarity of texts, by the embedded model.

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
        judge: Judge | None = None,
        nearest: Near | None = None,
    ) -> None:
        self.refused = False
        self.counts: Counter[str] = Counter()
        self._evidence = {item.key: item for item in evidence}
        self._refusal = refusal
        self._unsupported = unsupported
        self._citations = Citations()
        self._said: list[SaidSentence] = []
        ground = Ground(list_papers(evidence), apart_of(evidence))
        self._reader = ClaimReader(evidence, ground, self.counts)
        self._bench = ClaimChecker(
            evidence,
            ground,
            self._reader,
            self.counts,
            private=private,
            question=question,
            judge=judge,
            nearest=nearest,
        )
        self._buffer, self._scanned = "", 0
        self._n_chars = 0
        self._line_start = True
        self._held = ""
        self._gap = ""
        self._last = ""
        self._open = False
        self._began = False
        self._claim = ""

    @property
    def is_open(self) -> bool:
        """Whether something with a valid citation went out."""
        return self._open

    @property
    def is_full(self) -> bool:
        """Whether the reply is over, by refusal or by length, whatever may still come."""
        return self.refused or self._n_chars >= MAX_REPLY_CHARS

    @property
    def marks(self) -> Citations:
        """The markers handed out so far, for what is put behind the reply."""
        return self._citations

    @property
    def sentences(self) -> tuple[SaidSentence, ...]:
        """The sentences that went out, in order, with how each is supported."""
        return tuple(self._said)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self._citations.list_citations()

    def process_piece(self, piece: str) -> str:
        """Take the next piece of the reply; what may be shown now, perhaps nothing."""
        piece = piece[: MAX_REPLY_CHARS - self._n_chars].replace("\r", "")
        self._n_chars += len(piece)
        self._buffer += piece
        return self._take_checked_text(final=False)

    def close(self) -> str:
        """The reply is over; what is left to show."""
        text = self._take_checked_text(final=True)
        if not self._open and self._began and DECLINES.search(self._held):
            self.refused = True
        return text

    def _take_checked_text(self, *, final: bool) -> str:
        while not self.refused:
            end, self._scanned = markup.find_boundary(self._buffer, self._scanned, final=final)
            if end is None:
                break
            line, self._buffer, self._scanned = self._buffer[:end], self._buffer[end:], 0
            self._process_sentence(line)
        if not self._open or self.refused:
            return ""
        output, self._held = self._held, ""
        return output

    # --- one sentence -----------------------------------------------------------------------

    def _process_sentence(self, line: str) -> None:
        """Check one sentence with the white space behind it, and hold what may be shown of it."""
        body = line.rstrip()
        space = line[len(body) :]
        gap = _GAPS[min(space.count("\n"), 2) + 1] if space else ""
        at_start, self._line_start = self._line_start, "\n" in space
        if self._is_refusal(body):
            self.refused = not self._open
        elif body and not (at_start and markup.is_rule(body)):
            self._add_output(self._check_sentence(body, at_start))
        self._add_gap(gap)

    def _is_refusal(self, body: str) -> bool:
        text = re.sub(r"^\W+|\W+$", "", body)
        return text.startswith(self._refusal) or text.casefold() == self._refusal.casefold()

    def _add_gap(self, gap: str) -> None:
        if _GAPS.index(gap) > _GAPS.index(self._gap):
            self._gap = gap

    def _add_output(self, text: str) -> None:
        if not text:
            return
        gap = self._gap
        if not gap and not (self._last in markup.CJK and text[0].isalnum()):
            gap = " "  # what met without a space could make markup together
        self._held += (gap if self._began else "") + text
        self._gap, self._last, self._began = "", text[-1], True

    def _check_sentence(self, body: str, at_start: bool) -> str:
        """The sentence as it may be shown; empty if it may not."""
        if at_start and markup.TABLE_RULE.match(body):
            return body
        claim = self._reader.read(body, at_start)
        if not re.search(r"\w", claim.words):
            return (
                self._render_with_markers(claim, self._claim) if claim.keys and self._claim else ""
            )
        ruling = self._bench.check_claim(claim)
        claim, verdict = ruling.claim, ruling.verdict
        if not ruling.answers and claim.keys and not self._open:
            self.counts["off_question_left_out"] += 1
            verdict = None
        if verdict == "not_found" and self._unsupported == "remove":
            self.counts["sentences_removed"] += 1
            verdict = None
        self._claim = claim.words if verdict else ""
        if verdict is None:
            return ""
        text = self._render_with_markers(claim, claim.words)
        self._add_to_record(claim, text, verdict)
        if verdict == "not_found":
            row = text.endswith(" |")
            text = f"{text.removesuffix(' |') if row else text} {UNVERIFIED}{' |' if row else ''}"
        if claim.keys and ruling.answers and not DECLINES.search(claim.words):
            self._open = True
        return text

    def _add_to_record(self, claim: Claim, text: str, verdict: Verdict) -> None:
        """Keep the sentence for the record, if it states something."""
        if claim.keys or verdict == "not_found" or is_stating(claim.words):
            cited = tuple(dict.fromkeys(markers(text)))
            self._said.append(SaidSentence(claim.words, verdict, cited))

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


WARNINGS: Mapping[str, str] = {
    "sentences_left_out": "{n} sentence{s} of the model {were} left out: a number in it is in no paper cited for it",
    "sources_left_out": "{n} sentence{s} of the model {were} left out: a person or a title in it is in no paper cited for it",
    "sentences_removed": "{n} sentence{s} of the model {were} left out: the cited papers do not say so in these words",
    "orders_left_out": "{n} sentence{s} that followed an order planted in a paper or in the question {were} left out",
    "off_question_left_out": "{n} sentence{s} about neither the question nor what the papers state {were} left out",
    "prompt_removed": "{n} sentence{s} that gave away how the model was asked {were} left out",
    "sentences_not_found": "{n} sentence{s} {were} marked (unverified): the cited papers do not say so in these words",
    "quotes_removed": "{n} quotation{s} {were} in no paper and lost the quotation marks",
    "keys_removed": "{n} reference{s} to passages that do not exist {were} removed",
    "markup_removed": "markup that leads elsewhere (links, images, HTML) was removed {n} time{s}",
}
