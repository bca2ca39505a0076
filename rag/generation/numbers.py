"""Reads the figures of a text: value, unit, sign, and the words that follow.

All ways of writing one quantity are equal: ``1,000`` and ``1000``, ``0.15MB`` and ``0.15 MB``,
``80B`` and ``80 billion``, ``8x`` and ``8 times``, ``two dozen`` and ``24``. ``92.5 ms`` is not
``92.5%``, nor ``-3`` a ``3``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from rag.text import STOP_WORDS, fold, iter_words, stem

N_AFTER = 4
"""Words of content behind a figure that are taken to say what it counts or measures."""
COUNT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORD_VALUES = {word: Decimal(n) for n, word in enumerate(COUNT_WORDS)}
_WORD_VALUES |= {word: Decimal(n) for n, word in zip(range(20, 100, 10), _TENS, strict=True)}
_MULTIPLES = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_TIMES = {
    "twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twofold": 2, "thrice": 3, "triple": 3,
    "tripled": 3, "threefold": 3, "quadruple": 4, "quadrupled": 4, "fourfold": 4, "fivefold": 5,
    "tenfold": 10, "hundredfold": 100,
}  # fmt: skip
_SHARES = {"half": 50, "halves": 50, "halved": 50, "third": 33, "quarter": 25, "quarters": 25}
_MAGNITUDES = (
    (3, r"k\b|thousands?\b|tausend\b|mille\b|тысяч\w*"),
    (6, r"m\b|mio\b|mln\b|mill?i[oóõ]n\w*\b|milh\w+\b|миллион\w*|百万"),
    (9, r"b\b|bn\b|g\b|billions?\b|milliard\w*\b|miliard\w*\b|mrd\b|миллиард\w*"),
    (12, r"t\b|trillions?\b"),
    (4, r"万"),
    (8, r"亿|億"),
)
_UNITS = (
    ("percent", r"%|‰|per ?cent\b|percentage\b|pct\b|prozent\w*\b|pour ?cent\b|por ?ciento\b|(?:percentage |accuracy )?points?\b|pp\b"),
    ("times", r"[×x](?!\w)|times\b|-?\s?fold\b|fois\b|veces\b|[- ]?mal\b|倍"),
    ("rate", r"fps\b|frames per second|frames/s|[kmg]?hz\b|(?:images|bilder|cuadros|im[aá]genes) (?:par|pro|por) se[cgk]\w+"),
    ("operations", r"[mgtp]?flops?\b|floating[- ]point operations\b"),
    ("milliseconds", r"ms\b|milliseconds?\b"),
    ("seconds", r"s\b|secs?\b|seconds?\b"),
    ("minutes", r"mins?\b|minutes?\b"),
    ("hours", r"h\b|hrs?\b|hours?\b"),
    ("days", r"days?\b"),
    ("weeks", r"weeks?\b"),
    ("months", r"months?\b"),
    ("years", r"years?\b"),
    ("decibels", r"db\b"),
    ("millimetres", r"mm\b"),
    ("centimetres", r"cm\b"),
    ("kilometres", r"km\b"),
    ("kilograms", r"kg\b"),
    ("bits", r"bits?\b"),
    ("bytes", r"[kmgt]i?b\b|(?-i:[kKMG]o\b)|(?:kilo|mega|giga)?(?:bytes?|octets?)\b"),
)  # fmt: skip
_PREFIXED = re.compile(
    r"[\s\u00a0\u202f-]*(?:(k|kilo)|(m|mega)|(g|giga)|(t)|(p))(?:i?b|o|hz|flops?|bytes?|octets?)$",
    re.IGNORECASE,
)
_CONVERTED = {
    "milliseconds": ("seconds", "0.001"), "minutes": ("seconds", "60"), "hours": ("seconds", "3600"),
    "days": ("seconds", "86400"), "weeks": ("seconds", "604800"), "millimetres": ("metres", "0.001"),
    "centimetres": ("metres", "0.01"), "kilometres": ("metres", "1000"),
}  # fmt: skip
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SCRIPT_CHANGE = re.compile(rf"(?<=[{_CJK}])(?=[A-Za-z\d])|(?<=[A-Za-z\d])(?=[{_CJK}])")
_GAP = r"[\s\u00a0\u202f]*-?"
_MAGNITUDE = re.compile(
    _GAP + "(?:" + "|".join(f"(?P<e{n}>{p})" for n, p in _MAGNITUDES) + ")", re.IGNORECASE
)
_UNIT = re.compile(_GAP + "(?:" + "|".join(f"(?P<{n}>{p})" for n, p in _UNITS) + ")", re.IGNORECASE)
_HALF_A_UNIT = re.compile(r"(?: an? |-)(?:" + "|".join(f"(?P<{n}>{p})" for n, p in _UNITS[4:12]) + ")", re.IGNORECASE)  # fmt: skip
# Digits behind a word's hyphen are part of a name: WebUAV-3M, GPT-4.
_DIGITS = re.compile(
    r"(?<![^\W_])(?<!\d[.,])(?<![^\W\d_]-)(?:\d{1,3}(?:[\s\u00a0\u202f]\d{3})+(?![\d.,])|\d+(?:[.,]\d+)*|\.\d+)"
)
_SIGN = re.compile(r"(?:^|[\s(\[|=:~])([-−–+])\s?$")
_HEDGE = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|nearly|almost|some|over|above|at least|up to|close to|more than"
    r"|circa|ca\.?|etwa|rund|fast|über|mehr als|knapp|environ|plus de|près de|alrededor de|más de|casi|unos"
    r"|oltre|più di|mais de|cerca de|более|около)|[~≈]|超过|約|约|以上)\s*(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:(?P<upper>less|fewer|lower|smaller|shorter|under|below|at most|not even|weniger|unter|moins|menos|meno)"
    r"|(?P<lower>more|greater|larger|higher|over|above|beyond|at least|mehr|über|plus|más|più|mais))"
    r"(?: (?:than|als|de|que|di|do que))?\s*(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
"""*Less than 1 MB* is said of 0.68 MB: a bound is no figure of the paper's own."""
_OR_SO = re.compile(r"(?:\s+[a-z]+)?\s+or so\b")
_COMPARED = re.compile(
    r"\b(?:more|less|fewer|better|worse|ahead|behind|differ(?:s|ed|ence)?|gap|above|below|beyond|apart|as (?:many|much|fast|large|big|high)|than"
    r"|(?:high|low|fast|slow|larg|small|bigg|short|long|great|light|heavi)er|mehr|weniger|besser|schneller|kleiner|größer"
    r"|plus|moins|más|menos)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:f[ae]ll\w*|drop\w*|ris\w*|rose|gain\w*|improv\w*|increas\w*|decreas\w*|reduc\w*|cuts?|lower\w*|gr[eo]w\w*|up|down|and|leads?|ahead|beats?|wins?|outperform\w*|exceed\w*|surpass\w*|trail\w*)"
    r"\s+(?:[\w-]+\s+){0,3}?by\s+(?:about\s+|roughly\s+|some\s+)?$",
    re.IGNORECASE,
)
LOOSEST_BOUND = 2
"""A bound so many times the figure, or more, no longer says it."""
_MAGNITUDE_ORDER = re.compile(r"orders? of magnitude", re.IGNORECASE)
_ORDERS = re.compile(r"\b(?P<n>\w+)\s+$")
_SIZE = re.compile(r"(?<![\w.,])(\d{1,6})\s?(?:[x×]|by(?=\s\d+\s?-?pixel))\s?(\d{1,6})(?![\w.,]*\d|\s?[x×=≈])(?:\s?p(?:ixels?|x)\b)?", re.IGNORECASE)  # fmt: skip
"""*256x256* and *256 × 256 pixels* are one figure, of two sides."""
_LISTED = re.compile(r"(?:[\s,~+&/-]|and|or)*", re.IGNORECASE)
"""Between figures of one list, which are all of what follows the last: *14,705, 934 and 763 faces*."""
_SHARED_UNIT = re.compile(r"[\s,/–-]+(?:(?:against|versus|vs|to|and|or)\s+)?", re.IGNORECASE)
LIST_CHARS = 200
_LIST_END = re.compile(r"[.;:!?(](?=\s|$)|,?\s+respectively\b")
_PAIR_JOINT = re.compile(r",?\s+and\s+")
_LIST_JOINT = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_PREPOSITION = re.compile(r".*\b(?:on|under|for|in|with|at|of|to)\s")
_CLAUSE_END = re.compile(r"[,;:.!?()|](?=\s|$)|\b(?:and|while|whereas|but|with|than|und|et|y)\b", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity in a text.

    Attributes:
        text: As written.
        values: What it can be read as: ``4.500`` is 4.5 here and 4500 elsewhere, ``1.2.3`` nothing.
        unit: Kind of its unit; empty if there is none.
        negative: Whether it has a minus sign.
        hedged: Whether a word such as *about* or *over* stands before it.
        bound: -1 where it is the least that is claimed, 1 where the most, else 0.
        vague: Whether it names a size alone, as *millions of* does.
        compares: Whether a word such as *more* or *faster* stands beside it.
        after: Stems of the words of content behind it, within its clause.
        at: Where it begins.
        end: Where it ends, its unit included.
    """

    text: str
    values: frozenset[Decimal]
    unit: str
    negative: bool
    hedged: bool
    bound: int
    vague: bool
    compares: bool
    after: tuple[str, ...]
    at: int
    end: int

    @property
    def is_small_count(self) -> bool:
        """Whether it may count what a sentence lists itself, as *two modules, A and B* does."""
        return not self.unit and not self.negative and any(2 <= v <= 10 and v % 1 == 0 for v in self.values)  # fmt: skip

    def matches(self, printed: Figure) -> bool:
        """Whether this figure of a claim is that of a paper."""
        if self.negative and not printed.negative:
            return False
        if self.vague:
            size = max(self.values)
            return any(size <= value < size * 1000 for value in printed.values)
        if self.unit and printed.unit and self.unit != printed.unit:
            return False
        if self.unit == "percent" and not printed.unit and _counts_things(printed):
            return False
        if self.values & printed.values:
            return True
        if self.bound and any(self._bounds(a, b) for a in self.values for b in printed.values):
            return self.unit == printed.unit
        return self.hedged and any(_is_rounded(a, b) for a in self.values for b in printed.values)

    def is_result(self, exact: Decimal) -> bool:
        """Whether a number worked out is this figure, to its last digit or on the side it says."""
        for claimed in self.values:
            step = Decimal(10) ** Decimal(claimed.normalize().as_tuple().exponent)
            is_beyond = self.bound * (claimed - exact) >= 0 if self.bound else self.hedged
            if abs(claimed - exact) * (1 if is_beyond and claimed else 2) <= step:
                return True
        return False

    def _bounds(self, claimed: Decimal, printed: Decimal) -> bool:
        """Whether a round bound is on the right side of a printed value, and not far from it."""
        if len(claimed.normalize().as_tuple().digits) > 2:
            return False
        low, high = (claimed, printed) if self.bound < 0 else (printed, claimed)
        return 0 < low < high <= LOOSEST_BOUND * low


def _counts_things(printed: Figure) -> bool:
    """Whether a figure without a unit counts: *8 different generators* is no 8%, as +9.5 may be."""
    return bool(printed.after) and all(v % 1 == 0 for v in printed.values)


def _is_rounded(claimed: Decimal, printed: Decimal) -> bool:
    if not claimed or not printed or abs(claimed - printed) > abs(printed) * Decimal("0.15"):
        return False
    step = Decimal(10) ** Decimal(claimed.normalize().as_tuple().exponent)
    return abs(claimed - printed) < step


def normalize_figures(text: str) -> str:
    """The text with figures in their plain form: ``63. 53%``, ``4{,}500`` and ``٩٧`` mended."""
    text = split_scripts(re.sub(r"\{([,.])\}", r"\1", text))
    text = re.sub(r"(?<=\d)\. (?=\d+\s?%)", ".", text)
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(c)) if c.isdecimal() and not c.isascii() else c for c in text
    )


def split_scripts(text: str) -> str:
    """The text with a space where a script without spaces meets a name or a number."""
    return _SCRIPT_CHANGE.sub(" ", text)


def extract_figures(text: str) -> list[Figure]:
    """Every figure of a text, in digits and in English words, in order."""
    figures = sorted([*_iter_digits(text), *_iter_words_of_number(text)], key=lambda f: f.at)
    run: list[int] = []
    for n in range(len(figures) - 1, -1, -1):
        if n + 1 < len(figures) and _SHARED_UNIT.fullmatch(text, figures[n].end, figures[n + 1].at):
            figures[n] = _take_unit(figures[n], figures[n + 1])
        joins = n + 1 < len(figures) and _LISTED.fullmatch(text, figures[n].end, figures[n + 1].at)
        if joins and not figures[n].after:
            figures[n] = replace(figures[n], after=figures[n + 1].after)
            run.insert(0, n)
        else:
            _align_list(text, figures, run)
            run = [n]
    _align_list(text, figures, run)
    return figures


def _take_unit(figure: Figure, following: Figure) -> Figure:
    """A bare number with the unit of the next one, if that changes its size: *4.7 against 1.8 GFLOPs*."""
    suffix = following.text.lstrip("0123456789.,")
    if figure.unit or not suffix or not _DIGITS.fullmatch(figure.text):
        return figure
    full_figures = _iter_digits(figure.text + suffix)
    if (
        len(full_figures) != 1
        or not full_figures[0].values
        or full_figures[0].values == figure.values
    ):
        return figure
    return replace(figure, values=full_figures[0].values, unit=full_figures[0].unit)


def _align_list(text: str, figures: list[Figure], run: Sequence[int]) -> None:
    """Give each figure of a list its own thing of the list that follows, if there are as many.

    *14,705, 934 and 763 faces per second on GPU, CPU and mobile phone*: 934 is of the CPU.
    """
    if len(run) < 2:
        return
    last = run[-1]
    until = figures[last + 1].at if last + 1 < len(figures) else len(text)
    rest = text[figures[last].end : until][:LIST_CHARS]
    rest = _LIST_END.split(rest, maxsplit=1)[0]
    parts = (_PAIR_JOINT if len(run) == 2 else _LIST_JOINT).split(rest)
    if len(parts) != len(run):
        return
    lead = _PREPOSITION.match(parts[0])
    shared, parts[0] = (lead[0], parts[0][lead.end() :]) if lead else ("", parts[0])
    things = [_list_stems(part) for part in parts]
    if not all(things):
        return
    for n, thing in zip(run, things, strict=True):
        stems = [*_list_stems(shared), *thing]
        figures[n] = replace(figures[n], after=tuple(stems[: 2 * N_AFTER]))


def _list_stems(text: str) -> list[str]:
    words = [word for word, _ in iter_words(text) if not word[0].isdigit()]
    return [_stem_name(word) for word in words if fold(word) not in {*STOP_WORDS, *_WORD_VALUES}]


def _stem_name(word: str) -> str:
    """The stem of a word; initials lose their plural, as *GPUs* does."""
    single = word.removesuffix("s")
    return fold(single) if len(single) > 1 and single.isupper() else stem(fold(word))


def _iter_digits(text: str) -> list[Figure]:
    figures = [
        _build_figure(text, frozenset({Decimal(f"{s[1]}e6") + Decimal(s[2])}), "size", *s.span())
        for s in _SIZE.finditer(text)
    ]
    in_sizes = {at for figure in figures for at in range(figure.at, figure.end)}
    for match in _DIGITS.finditer(text):
        number, end = match[0], match.end()
        if match.start() in in_sizes:
            continue
        values = _read_values(number)
        unit = _UNIT.match(text, end)
        size = None if unit else _MAGNITUDE.match(text, end)
        if size is not None:
            exponent = int(str(size.lastgroup)[1:])
            values = frozenset(value * 10**exponent for value in values)
            end = size.end()
            unit = _UNIT.match(text, end)
        if unit is not None:
            end = unit.end()
        if unit is not None or not re.match(r"[^\W\d_]", text[end : end + 1]):
            kind, values = _convert_unit(unit, values)
            figures.append(_build_figure(text, values, kind, match.start(), end))
    return figures


def _convert_unit(
    unit: re.Match[str] | None, values: frozenset[Decimal]
) -> tuple[str, frozenset[Decimal]]:
    """The kind of a unit and the values in its plain one: ``57 kB`` are 57,000 bytes."""
    if unit is None:
        return "", values
    kind, factor = _CONVERTED.get(str(unit.lastgroup), (str(unit.lastgroup), "1"))
    if prefixed := _PREFIXED.match(unit[0]):
        factor = f"1e{3 * int(prefixed.lastindex or 0)}"
    return kind, frozenset((value * Decimal(factor)).normalize() for value in values)


def _read_values(number: str) -> frozenset[Decimal]:
    plain = re.sub(r"[\s\u00a0\u202f]", "", number)
    forms = (
        {plain.replace(",", "")}
        if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", plain)
        else set()
    )
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", plain):
        forms.add(plain.replace(".", "").replace(",", "."))
    if plain.count(",") + plain.count(".") < 2 and not (forms and "," in plain):
        forms.add(plain.replace(",", "."))
    values = set()
    for form in forms:
        try:
            values.add(Decimal(form).normalize())
        except InvalidOperation:
            continue
    return frozenset(values)


def _iter_words_of_number(text: str) -> list[Figure]:
    """Numbers in words: ``two dozen``, ``ninety-seven``, ``three million``, ``twice``, ``half``."""
    figures = []
    run: list[tuple[str, int, int]] = []
    for word, (start, end) in [*iter_words(text), ("", (len(text), len(text)))]:
        folded = fold(word)
        singular = folded.removesuffix("s")
        joins = not run or text[run[-1][2] : start].strip() in ("", "-")
        if run and not (joins and (folded in _WORD_VALUES or singular in _MULTIPLES)):
            figures += _build_word_figure(text, run)
            run = []
        if folded in _WORD_VALUES or singular in _MULTIPLES:
            run.append((singular if singular in _MULTIPLES else folded, start, end))
        elif folded in ("order", "orders") and (size := _MAGNITUDE_ORDER.match(text, start)):
            n_orders = _ORDERS.search(text[max(0, start - 15) : start])
            factor = Decimal(10) ** _WORD_VALUES.get(fold(n_orders["n"]) if n_orders else "", 1)
            figures.append(_build_figure(text, frozenset({factor}), "times", start, size.end()))
        elif folded == "half" and (unit := _HALF_A_UNIT.match(text, end)):
            kind, values = _convert_unit(unit, frozenset({Decimal("0.5")}))
            figures.append(_build_figure(text, values, kind, start, unit.end()))
        elif folded in _TIMES:
            figures.append(_build_figure(text, frozenset({Decimal(_TIMES[folded])}), "times", start, end))  # fmt: skip
    return figures


def _build_word_figure(text: str, run: list[tuple[str, int, int]]) -> list[Figure]:
    names = [name for name, _, _ in run]
    if names == ["one"] or names == ["hundred"]:
        return []
    total, part = Decimal(0), Decimal(0)
    for name in names:
        if name in _MULTIPLES:
            part = (part or Decimal(1)) * _MULTIPLES[name]
            if name != "hundred":
                total, part = total + part, Decimal(0)
        else:
            part += _WORD_VALUES[name]
    at, end = run[0][1], run[-1][2]
    before = text[max(0, at - 30) : at]
    if re.search(r"\d[\s-]*$", before) and _MAGNITUDE.match(text, at):
        return []  # the digits before it were read with it
    if half := _AND_A_HALF.match(text, end):
        total, end = total + Decimal("0.5"), half.end()
    vague = all(name in _MULTIPLES for name in names) and not re.search(r"\ban?\s+$", before)
    unit = _UNIT.match(text, end)
    kind, values = _convert_unit(unit, frozenset({(total + part).normalize()}))
    return [_build_figure(text, values, kind, at, unit.end() if unit else end, vague=vague)]


def _build_figure(
    text: str, values: frozenset[Decimal], unit: str, at: int, end: int, *, vague: bool = False
) -> Figure:
    before = text[max(0, at - 30) : at]
    sign = _SIGN.search(before)
    negative = sign is not None and sign[1] != "+"
    is_short = re.search(
        r"\d\.\d+[\s-]?(?:k|m|thousand|million|billion)$", text[at:end], re.IGNORECASE
    )
    is_loose = is_short is not None or _OR_SO.match(text, end) is not None
    hedged = _HEDGE.search(before) is not None or is_loose  # 14.7 thousand for 14,705
    bound = _BOUND.search(before)
    return Figure(
        text[at:end],
        values,
        unit,
        negative,
        hedged,
        (1 if bound["upper"] else -1) if bound else 0,
        vague,
        _COMPARED.search(text[max(0, at - 30) : end + 60]) is not None
        or _BY.search(before) is not None,
        _list_after(text[end:]),
        at,
        end,
    )


def _list_after(rest: str) -> tuple[str, ...]:
    """Stems of the words of content that follow, as far as the next figure or the clause's end."""
    clause_end = _CLAUSE_END.search(rest)
    stems: list[str] = []
    for word, _ in iter_words(rest[: clause_end.start()] if clause_end else rest[:200]):
        folded = fold(word)
        if folded[0].isdigit() or folded in _WORD_VALUES:
            break
        if folded not in STOP_WORDS:
            stems.append(_stem_name(word))
        if len(stems) == N_AFTER:
            break
    return tuple(stems)


_AND_A_HALF = re.compile(r"\s+and\s+a\s+half\b", re.IGNORECASE)


def read_share(word: str) -> int | None:
    """The percentage that a word such as *half* stands for."""
    return _SHARES.get(fold(word))


def is_mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
