"""Takes a reasoning model's chain of thought out of its streamed reply.

Open models write it before the answer, as ``<think>…</think>``; some servers leave out the opening
tag, which their template put into the prompt, and a reply that is cut may lack the closing one.
"""

from __future__ import annotations

import re

_NAMES = r"(?:think(?:ing)?|thought|reasoning|reflection|analysis|scratchpad)"
_OPEN = re.compile(rf"<\|?(?:\w{{1,12}}:)?{_NAMES}\|?>|\[THINK\]|◁think▷|<\|channel\|>analysis<\|message\|>", re.IGNORECASE)  # fmt: skip
_CLOSE = re.compile(
    rf"</\|?(?:\w{{1,12}}:)?{_NAMES}\|?>|<\|/?end_of_{_NAMES}\|>|\[/THINK\]|◁/think▷"
    r"|<\|channel\|>final<\|message\|>",
    re.IGNORECASE,
)
_LONGEST_TAG = 40
_TAG_BEGINS = re.compile(
    r"(?:<\|channel\|>[a-z]{0,10}(?:<[^<>]{0,10})?|<[^<>\s]{0,38}|\[/?[A-Z]{0,6}|◁[^▷]{0,8})$"
)
_ALOUD = re.compile(
    r"\s*(?:ok(?:ay)?\b|alright\b|hmm+\b|let me\b|let's\b|the user\b|we need\b|i need\b|first, i\b|i should\b"
    r"|so,? (?:the user|i)\b|looking at\b|好的|嗯|首先)",
    re.IGNORECASE,
)
"""How thoughts begin that have lost their opening tag."""
_TITLED = re.compile(
    r"[*_#\s]{0,20}(?:thinking|reasoning|thoughts?|thought process|chain of thought|analysis)\s{0,4}[*_]{0,4}:",
    re.IGNORECASE,
)
_ANSWER_TITLE = re.compile(
    r"\n[*_#\s]{0,20}(?:final )?(?:answer|response)\s{0,4}[*_]{0,4}:[*_\s]{0,20}(?=[^*_\s])",
    re.IGNORECASE,
)
"""The title that ends a model's written-out thoughts and begins its answer."""
_ALOUD_LETTERS = 16


class ThoughtFilter:
    """Passes on a reply without its thoughts.

    Attributes:
        restarted: Whether what was passed on turned out to be thought, when its closing tag came.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._passed = False
        self._is_thinking = False
        self._looked_at = 0  # an open thought may be long: its end is sought in what is new of it
        self.restarted = False

    def process_piece(self, piece: str) -> str:
        """What of the reply so far can be passed on."""
        self._buffer += piece
        return self._take(final=False)

    def close(self) -> str:
        """The remaining text; if thoughts were still open, only what follows the title of the answer."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        text = ""
        while True:
            if self._is_thinking:
                closing = _CLOSE.search(self._buffer, max(0, self._looked_at - _LONGEST_TAG))
                self._looked_at = 0 if closing else len(self._buffer)
                if closing is None:
                    answer = _ANSWER_TITLE.search(self._buffer) if final else None
                    return text + self._buffer[answer.end() :] if answer else text
                self._buffer, self._is_thinking = self._buffer[closing.end() :], False
                continue
            opening, closing = _OPEN.search(self._buffer), _CLOSE.search(self._buffer)
            if closing is not None and (opening is None or closing.start() < opening.start()):
                self.restarted = self.restarted or self._passed
                text, self._buffer = "", self._buffer[closing.end() :]
                continue
            if opening is None:
                break
            text += self._buffer[: opening.start()]
            self._buffer, self._is_thinking = self._buffer[opening.end() :], True
        if not self._passed and _TITLED.match(self._buffer) and (title := _ANSWER_TITLE.search(self._buffer)):  # fmt: skip
            self._buffer = self._buffer[title.end() :]
        elif not final and self._may_be_thought():
            return text
        cut = None if final else _TAG_BEGINS.search(self._buffer)
        end = cut.start() if cut else len(self._buffer)
        text, self._buffer = text + self._buffer[:end], self._buffer[end:]
        self._passed = self._passed or bool(text.strip())
        return text

    def _may_be_thought(self) -> bool:
        """Whether nothing was passed on, and what is there begins as thoughts do, or may yet."""
        if self._passed:
            return False
        head = self._buffer.lstrip()
        return len(head) < _ALOUD_LETTERS or bool(_ALOUD.match(head) or _TITLED.match(head))
