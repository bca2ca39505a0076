"""Parses a sentence of a model's reply into its words and evidence keys; drops everything else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rag.answers.confusables import RAISED
from rag.generation import markup
from rag.generation.ground import Ground
from rag.generation.markup import SEATS
from rag.generation.support import find_best_sentence, find_quotations
from rag.text import fold
from rag.types import Evidence

QUOTE_WORDS = 4
_CITED = re.compile(
    rf"(?<![\[【({{⟨⟦〈])[\[【({{⟨⟦〈]++\s*\^?({markup.KEYS.pattern})\s*[\]】)}}⟩⟧〉]++",
    re.IGNORECASE,
)
_CARET = re.compile(r"\$?\^\{?(\d{1,3})\}?\$?|[†‡]\d{1,3}")
_STRAY_REFERENCE = re.compile(r"(?<![^\W_])E?\d{1,4}\s*[\]】]|[\[【]\s*E?\d{1,4}(?![^\W_])")
"""What is left of brackets that do not match."""
_SUPERSCRIPT = re.compile(r"<sup>\s*(\d{1,3})\s*</sup>", re.IGNORECASE)
_ANGLED = re.compile(r"[<⟨〈‹《](E\d{1,4}(?:\s*[,;]\s*E\d{1,4})*)[>⟩〉›》]")
_LATEX_CITED = re.compile(r"\\cite[a-z]*\*?(?:\[[^\[\]]*\])?\{(E\d{1,4}[^{}]{0,80})\}")
_LOOSE_KEYS = re.compile(
    r"(?<=[\[【(（［])\s*(?:[a-z]{3,9}:?\s*)?E\s?\d[^\[\]【】()（）［］]{0,80}(?=[\]】)）］])"
)
"""What some models write between brackets: *E1, 2*, *E1–3*, *E1 to E3*, *E1..E3*, *E 1*, *E1†L4-L7*."""
_NAMED_KEY = re.compile(r"^\s*(E\d{1,4})\s*[:,|–-]\s*(\S.*)$")
_SPACED_SIGN = re.compile(r"[\w»)%][ \u00a0\u202f][:;!?](?=\s|$)")
_RANGE = re.compile(r"[Ee](\d{1,4})\s*[-–—]\s*[Ee]?(\d{1,4})(?!\d)")
LONGEST_RANGE = 20
_BARE_KEY = re.compile(r"(?<![^\W_])E\d{1,4}(?![^\W_])")
_FOREIGN_BRACKET = re.compile(r"\s*(?<![\[【])[\[【]++([^\[\]【】]{0,300})[\]】]+")
_LINKED_KEYS = re.compile(r"\[{1,2}\s*(E\d{1,4}(?:\s*[,;]\s*E\d{1,4})*)\s*\]{1,2}\([^()\s]*\)")
_NUMBERS = re.compile(r"\^?\d{1,2}(?:\s*[,;]\s*\^?\d{1,2}){0,9}")
_LAST_NUMBER = re.compile(r"\((\d{1,2}(?:\s*[,;]\s*\d{1,2}){0,9})\)(?=\s*[.!?]?$)")
_NAME = r"(?<!\w)[A-ZÀ-Þ][\w'’-]{1,40}"
_NAME_YEAR = re.compile(
    rf"({_NAME})(?:\s+et\s+al\.?|(?:,\s+{_NAME}){{0,9}},?\s+(?:and|&)\s+{_NAME})?,?\s*\(?((?:19|20)\d\d)[a-z]?"
)
_CITED_BY_NAME = re.compile(
    rf"\((?:see\s+)?{_NAME_YEAR.pattern}(?:\s*;\s*{_NAME_YEAR.pattern}){{0,9}}\)"
    rf"|{_NAME}(?:\s+et\s+al\.?|\s+(?:and|&)\s+{_NAME})?\s+\((?:19|20)\d\d[a-z]?\)"
)
"""``(Zhang et al., 2022; Li and Gao, 2023)`` and ``Zhang et al. (2022)``."""
_LEADING_SEATS = re.compile(r"^([\ue100-\uf0ff]+)\s*:?\s*(?=\w)")
_LAST_WORD = re.compile(r"[^\W_]{1,60}$")
_FIRST_WORD = re.compile(r"[^\W_]{1,60}")
_BRACKETED_NOTE = re.compile(
    r"\s*\(\s*(?:refs?\.?|references?|sources?|citations?|cited?|footnotes?|notes?)[\s:]*#?\d[\d,;\s–-]*\)",
    re.IGNORECASE,
)
_SEATS_BEFORE_STOP = re.compile(rf"(?: ?{SEATS.pattern}){{1,12}} ?(?=[.,;:!?。、；：]|$)")


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence or line of a reply; ``text`` has a private character for each marker.

    ``misquotes``: whether quotation marks stood around words that are in no paper; ``numbered``: those
    of ``keys`` that were written as numbers alone.
    """

    opening: str
    text: str
    keys: tuple[str, ...]
    misquotes: bool = False
    numbered: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Its words alone, for the checks."""
        text = SEATS.sub(" ", _SEATS_BEFORE_STOP.sub("", self.text))
        return " ".join(text.replace(markup.BOLD_WORDS, "").split())


class ClaimReader:
    """Reads the sentences of one reply, in order.

    Args:
        evidence: The evidence that the model was given.
        ground: The full texts of its papers.
        counts: Counts of what was removed, by name.
    """

    def __init__(self, evidence: Sequence[Evidence], ground: Ground, counts: Counter[str]) -> None:
        self._evidence = tuple(evidence)
        self._keys = {item.key: at for at, item in enumerate(evidence)}
        self._ground = ground
        self._counts = counts
        self._list_number = 0
        self._has_keys = False
        self._numbered: list[str] = []

    def read(self, body: str, at_start: bool) -> Claim:
        """A sentence without links, images, HTML, code, unknown addresses and foreign references."""
        opening, rest = markup.split_opening(body) if at_start else ("", body.strip())
        opening = self._convert_opening_number(opening)
        rest = _SUPERSCRIPT.sub(r"^\1", _LATEX_CITED.sub(r"[\1]", _ANGLED.sub(r"[\1]", rest)))
        rest = _LOOSE_KEYS.sub(_tidy_keys, rest)
        rest = _LINKED_KEYS.sub(r"[\1]", rest)
        rest, n_removed = markup.extract_words(rest, self._is_printed_address)
        self._counts["markup_removed"] += n_removed
        keys: list[str] = []
        self._numbered = []
        rest = _CITED.sub(lambda match: self._convert_keys(match, keys), rest)
        self._has_keys = self._has_keys or bool(keys)
        rest = _FOREIGN_BRACKET.sub(lambda match: self._convert_foreign_bracket(match, keys), rest)
        rest = _BARE_KEY.sub(lambda match: self._convert_bare_keys(match, keys), rest)
        self._has_keys = self._has_keys or len(keys) > len(self._numbered)
        if not keys:
            rest = _CITED_BY_NAME.sub(partial(self._convert_names, text=rest, keys=keys), rest)
            rest = _LAST_NUMBER.sub(lambda match: self._convert_numbers(match, keys), rest)
        rest = _put_last(rest)
        rest, n_stray = _STRAY_REFERENCE.subn("", rest)
        self._counts["keys_removed"] += n_stray
        for raised in (RAISED, _CARET):
            convert = partial(self._convert_superscript, text=rest, keys=keys)
            rest = raised.sub(convert, rest)
        rest, n_notes = _BRACKETED_NOTE.subn("", rest)
        self._counts["keys_removed"] += n_notes
        rest = rest.replace("[", "(").replace("]", ")").replace("【", "(").replace("】", ")")
        # French has a space before some signs; behind a key that went, none is meant
        signs = ".," if _SPACED_SIGN.search(body) else ".,;:!?"
        rest = re.sub(rf"\s+([{signs}])(?=\s|$)", r"\1", rest)
        rest, misquotes = self._drop_false_quotation_marks(rest)
        return Claim(
            opening,
            rest,
            tuple(dict.fromkeys(keys)),
            misquotes,
            tuple(dict.fromkeys(self._numbered)),
        )

    def restore_keys(self, claim: Claim) -> str:
        """The claim's text with its keys in their original places, so that one sees which part cites what."""
        keys = {self.get_placeholder(key): f"[{key}]" for key in claim.keys}
        text = SEATS.sub(lambda match: keys.get(match[0], ""), claim.text)
        return " ".join(text.replace(markup.BOLD_WORDS, "").split())

    def get_placeholder(self, key: str) -> str:
        """The private character in place of a key's marker."""
        return chr(markup.FIRST_SEAT + self._keys[key])

    def _convert_opening_number(self, opening: str) -> str:
        """A list counts on from 1; any other number that opens a line becomes a bullet."""
        if not opening[:1].isdigit():
            return opening
        number = int(opening.rstrip(". "))
        if number not in (1, self._list_number + 1):
            return "- "
        self._list_number = number
        return opening

    def _is_printed_address(self, address: str) -> bool:
        """Whether a paper prints exactly this address; one that carries data never counts."""
        if re.search(r"[?#]|@[^/]*/", address):
            return False
        pattern = rf"(?<![\w.-]){re.escape(address)}(?![\w-]|\.\w)"
        return re.search(pattern, self._ground.text) is not None

    def _convert_keys(self, match: re.Match[str], keys: list[str]) -> str:
        key_list = _RANGE.sub(_expand_range, match[1])
        cited_keys = [key.upper() for key in re.findall(r"[Ee]\d+", key_list)]
        if match[0][0] in "({⟨〈" and not all(self._is_key(key) for key in cited_keys):
            return match[0]
        valid = [key for key in cited_keys if key in self._keys]
        self._counts["keys_removed"] += len(cited_keys) - len(valid)
        keys.extend(valid)
        return "".join(self.get_placeholder(key) for key in dict.fromkeys(valid))

    def _convert_bare_keys(self, match: re.Match[str], keys: list[str]) -> str:
        if match[0] not in self._keys and not self._ground.has_word(match[0]):
            self._counts["keys_removed"] += 1
            return ""
        if not self._is_key(match[0]):
            return match[0]
        keys.append(match[0])
        return self.get_placeholder(match[0])

    def _is_key(self, text: str) -> bool:
        """Whether it is a given key and no word of the papers as well."""
        return text in self._keys and not self._ground.has_word(text)

    def _convert_foreign_bracket(self, match: re.Match[str], keys: list[str]) -> str:
        """Replace brackets that hold no key: keep words that the papers have too, drop references to nothing."""
        words = match[1].strip()
        key_match = _NAMED_KEY.match(words)
        if key_match and key_match[1] in self._keys and self._ground.has_quote(key_match[2]):
            keys.append(key_match[1])
            return self.get_placeholder(key_match[1])
        if len(re.findall(r"[^\W\d_]", words)) > 1 and self._ground.has_quote(words):
            return f" ({words})"
        if SEATS.search(words):
            return "".join(SEATS.findall(words))
        if _NUMBERS.fullmatch(words):
            return self._convert_numbers(match, keys)
        self._counts["keys_removed"] += 1
        return ""

    def _convert_numbers(self, match: re.Match[str], keys: list[str]) -> str:
        """Numbers in place of keys, as long as the model has written no key as it was asked to."""
        numbers = re.findall(r"\d+", match[1])
        wanted = [f"E{int(number)}" for number in numbers if f"E{int(number)}" in self._keys]
        if self._has_keys or len(wanted) < len(numbers):
            self._counts["keys_removed"] += 1
            return "" if match.re is not _LAST_NUMBER else match[0]
        keys += wanted
        self._numbered += wanted
        return "".join(map(self.get_placeholder, wanted))

    def _convert_names(self, match: re.Match[str], text: str, keys: list[str]) -> str:
        """``(Zhang et al., 2022)`` as the key of a paper given that this names; of several, of the one
        that says most of the sentence.
        """
        items_of_names = [
            max(
                (item for item in self._evidence if _is_by(item, name, int(year))),
                key=lambda item: find_best_sentence(text, item)[1],
                default=None,
            )
            for name, year in _NAME_YEAR.findall(match[0])
        ]
        cited_keys = [item.key for item in items_of_names if item is not None]
        if len(cited_keys) < len(items_of_names):
            return match[0]
        keys += cited_keys
        seats = "".join(map(self.get_placeholder, dict.fromkeys(cited_keys)))
        return seats if match[0][0] == "(" else f"{match[0]} {seats}"

    def _convert_superscript(self, match: re.Match[str], text: str, keys: list[str]) -> str:
        """A raised figure, if it is part of a word that the papers have."""
        head = _LAST_WORD.search(text, max(0, match.start() - 60), match.start())
        tail = _FIRST_WORD.match(text, match.end())
        raised = re.sub(r"[^\w]", "", match[0])
        if head and any(
            self._ground.has_word(head[0] + raised + rest) for rest in ("", tail[0] if tail else "")
        ):
            return match[0]
        plain = unicodedata.normalize("NFKC", raised)
        if plain.isdigit() and not self._has_keys and f"E{int(plain)}" in self._keys:
            key = f"E{int(plain)}"
            keys.append(key)
            self._numbered.append(key)
            return self.get_placeholder(key)
        self._counts["keys_removed"] += 1
        return ""

    def _drop_false_quotation_marks(self, text: str) -> tuple[str, bool]:
        """The text with quotation marks only around what a paper says, and whether some misquoted.

        Marks around a word or two may set off a term; around a clause they promise its words.
        """
        misquotes = False
        for quoted, (start, end) in reversed(find_quotations(text)):
            if self._ground.has_quote(SEATS.sub("", quoted).replace(markup.BOLD_WORDS, "")):
                printed = self._ground.find_print(quoted)
                text = text[: start + 1] + printed + text[end - 1 :]
                continue
            self._counts["quotes_removed"] += 1
            text = text[:start] + quoted + text[end:]
            misquotes = misquotes or len(quoted.split()) >= QUOTE_WORDS
        return text, misquotes


def _is_by(item: Evidence, name: str, year: int) -> bool:
    """Whether a paper's first author has a family name, and the paper a year."""
    first = item.paper.authorships[0].name if item.paper.authorships else ""
    return item.paper.year == year and fold(name) in fold(first).split()


def _put_last(text: str) -> str:
    """A sentence that has its keys in front, with them behind."""
    match = _LEADING_SEATS.match(text)
    if match is None or SEATS.search(text, match.end()):
        return text
    words = text[match.end() :].rstrip()
    end = len(words.rstrip(".!?。！？"))
    return f"{words[:end]} {match[1]}{words[end:]}"


def _tidy_keys(match: re.Match[str]) -> str:
    """Keys between brackets as they are to be written, each with its letter, ranges with a dash."""
    keys = re.sub(r"[†‡][^,;]*", "", match[0])
    keys = re.sub(r"\bE\s+(?=\d)", "E", keys)
    keys = re.sub(r"(?<=\d)\s*(?:\.{2,3}|…|\bto\b)\s*(?=E?\d)", "-", keys)
    return re.sub(r"(?<=\d)(\s*(?:[,;&–—-]|\band\b)\s*)(?=\d+(?:\D|$))", r"\1E", keys)


def _expand_range(match: re.Match[str]) -> str:
    """``E1-E3`` as ``E1 E2 E3``."""
    first, last = int(match[1]), int(match[2])
    if not first <= last < first + LONGEST_RANGE:
        return match[0]
    return " ".join(f"E{number}" for number in range(first, last + 1))
