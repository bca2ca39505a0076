"""Parses lines and fields of author names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag.readers import latex
from rag.readers.columns import is_blank

_ET_AL_ENDING = re.compile(
    r"(?:\b(?:and\s+others|et\s+al\.?|u\.\s?a\.)|\.\.\.|…|\b(?:and|&)\s+\d+\s+(?:more|others))$",
    re.IGNORECASE,
)
_AND_OTHERS = re.compile(
    r"(?:and\s+)?others|et\s+al\.?|\.\.\.|…|(?:and\s+)?\d+\s+(?:more|others)", re.IGNORECASE
)
_AFFILIATIONS = re.compile(r"(?<!\s)\s+·\s+")
_AND = re.compile(r"(?<!\s)(?:\s*+,)?\s++(?:and|&)\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|snr|jnr|ii|iii|iv|2nd|3rd)\.?", re.IGNORECASE)
_DEGREE = re.compile(
    r"(?:(?:dr|prof|professor|doctor)\.?|(?:ph\.?\s?d|m\.?d|m\.?sc|b\.?sc|m\.?a|mph|msc|rn|dphil)\.?)",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"^(?:(?:Dr|Prof|Professor|Ph\.?D|M\.?D|M\.?Sc)\.?\s{1,3}){1,4}|(?<![\s,])[\s,]{1,3}(?:Ph\.?D|M\.?D|M\.?Sc|M\.?P\.?H)\.?$"
)
_INITIALS = re.compile(r"(?:[^\W\d_a-zß-öø-ÿ]\.?[-‐ ]?){1,4}")
_MARKS = re.compile(r"(?<=[^\W\d_.])[\d*†‡§¶∗✉♯#,\s]*[\d*†‡§¶∗✉♯#]$|^[\d*†‡§¶∗]+\s*")
_PARTED_HYPHEN = re.compile(r"(?<=\w\.) -(?=\w)")
"""``X. -Y. Li``, as IEEE prints it."""
_NUMBERED = re.compile(r" 0\d{3}$")
_PARTICLES = frozenset(
    "van von der den de del della di da do dos das du des la le el al bin ibn ten ter te zu zur zum "
    "af av y e 't op vom d'".split()
)


@dataclass(frozen=True, slots=True)
class Byline:
    """The printed authors. Without any, the list is incomplete: unknown, not empty.

    ``families`` has each author's family name, empty where the document does not part it.
    """

    authors: tuple[str, ...] = ()
    complete: bool = False
    affiliations: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """One name as it is shown, and its family part where that is known."""

    text: str
    family: str = ""


def build_name(given: str, family: str, *, particle: str = "", suffix: str = "") -> Name:
    """``Jan``, ``Berg``, ``van den`` as Jan van den Berg, of the family van den Berg."""
    full = " ".join(filter(None, (particle.strip(), family.strip())))
    return Name(" ".join(filter(None, (given.strip(), full, suffix.strip()))), full)


def parse_author_line(line: str) -> Byline:
    """``First Author, Second Author et al. · tencent-ai, tsinghua``."""
    printed, *rest = _AFFILIATIONS.split(line.strip(), maxsplit=1)
    names_text, cut = _without_et_al(printed)
    parts = (part for piece in _AND.split(names_text) for part in piece.split(","))
    byline = _build_byline(map(Name, parts), cut=cut)
    if not rest:
        return byline
    affiliations = (latex.to_text(name).strip(" ,;·") for name in rest[0].split(","))
    return replace(byline, affiliations=tuple(dict.fromkeys(filter(None, affiliations))))


def _without_et_al(line: str) -> tuple[str, bool]:
    """The line without a last *et al.*, *and others* or dots, and whether there was one."""
    line = line.rstrip()
    match = _ET_AL_ENDING.search(line)
    return (line[: match.start()].rstrip(" ,;&"), True) if match else (line, False)


def is_author_line(line: str) -> bool:
    """Whether a line reads as names and not as a sentence."""
    printed = _AFFILIATIONS.split(line.strip(), maxsplit=1)[0]
    names_text, cut = _without_et_al(printed)
    if cut:
        return True
    names = [name.strip() for piece in _AND.split(names_text) for name in piece.split(",")]
    return all(_is_name(name) for name in names)


def _is_name(name: str) -> bool:
    parts = name.split()
    if not 1 <= len(parts) <= 6 or len(name) > 60 or re.search(r"[!?:;]|\w{3}\.$", name):
        return False
    return not parts[0][0].islower() and not parts[-1][0].islower()


def parse_author_names(names: Sequence[str | Name]) -> Byline:
    """Names already parted; ``others`` or ``et al.`` for the last says that there are more."""
    real_names = [n for n in names if not (isinstance(n, str) and _AND_OTHERS.fullmatch(n.strip()))]
    parsed = [n if isinstance(n, Name) else parse_name(n) for n in real_names]
    return _build_byline(parsed, cut=len(real_names) < len(names))


def parse_author_field(field: str) -> Byline:
    """A field of several names: parted by ``;``, lines, ``and``, or by commas; ``Last, First`` is turned.

    What stands in brackets behind a name, as in arXiv's listing, is an affiliation.
    """
    field, affiliations = _take_out_brackets(field)
    names_text, cut = _without_et_al(field)
    names_text = names_text.strip().rstrip(";,")
    names: list[Name]
    if separator := next((s for s in (";", "|", "\n", "\t") if s in names_text), ""):
        names = [parse_name(name) for name in names_text.split(separator)]
    else:
        names = _parse_comma_list(names_text)
    return replace(_build_byline(names, cut=cut), affiliations=affiliations)


def _parse_comma_list(names_text: str) -> list[Name]:
    pieces = _AND.split(names_text)
    commas = [piece.count(",") for piece in pieces]
    if len(pieces) > 1 and all(n <= 1 for n in commas):
        return [name for piece in pieces for name in _parse_pair(piece)]
    parts = [part.strip() for piece in pieces for part in piece.split(",") if part.strip()]
    if len(parts) == 2 and len(pieces) == 1:
        return _parse_pair(names_text)
    if _is_paired(parts):
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return [build_name(_space_initials(initials), family) for family, initials in pairs]
    if len(pieces) == 1 and len(parts) == 3 and any(map(_SUFFIX.fullmatch, parts[1:])):
        return [parse_name(names_text)]
    return [parse_name(part) for part in _join_suffixes(parts)]


def _is_paired(parts: Sequence[str]) -> bool:
    """Whether each family name is followed by its initials: ``Moss, I., Fern, Paul B.``."""
    families, initials = parts[::2], parts[1::2]
    return (
        len(families) == len(initials)
        and all(_is_initials(name.rpartition(" ")[2]) for name in initials)
        and all(not _is_initials(name.rpartition(" ")[2]) for name in families)
    )


def _is_initials(text: str) -> bool:
    return len(text) <= 12 and _INITIALS.fullmatch(text.strip()) is not None


def _join_suffixes(parts: Sequence[str]) -> list[str]:
    """Parts in which ``Jr.`` or ``PhD`` stands with the name that it follows."""
    joined: list[str] = []
    for part in parts:
        if joined and _SUFFIX.fullmatch(part):
            joined[-1] += f" {part}"
        elif not (joined and _DEGREE.fullmatch(part)):
            joined.append(part)
    return joined


def _parse_pair(piece: str) -> list[Name]:
    """One ``Last, First``, or two names that stand each for themselves."""
    halves = [half.strip() for half in piece.split(",")]
    if len(halves) != 2 or not all(halves):
        return [parse_name(half) for half in halves]
    if _SUFFIX.fullmatch(halves[1]) or _DEGREE.fullmatch(halves[1]):
        return [parse_name(piece)]
    return [parse_name(half) for half in halves] if is_two_names(piece) else [parse_name(piece)]


def is_two_names(piece: str) -> bool:
    """Whether what stands on either side of a comma reads as a whole name: ``Inga Moss, Paul Fern``."""
    halves = [half.strip() for half in piece.split(",")]
    return all(map(_has_given_name, halves)) and (
        _is_initials(halves[0]) or not _is_initials(halves[-1])
    )


def _has_given_name(half: str) -> bool:
    """Whether it reads as a whole name: ``Jana Doe``, not ``van den Berg``."""
    words = half.split()
    return len(words) > 1 and words[0].lower() not in _PARTICLES


def parse_name(name: str) -> Name:
    """One name: ``Last, First``, ``Last, Jr, First``, ``Last, First, Jr``, ``Last FM`` or as read."""
    name = name.strip()
    if name.startswith("{") and name.endswith("}") and "," not in name:
        return Name(name, name)  # a group, which has no given name
    parts = [part.strip() for part in name.split(",")]
    parts = [part for part in parts if part and not (parts[0] != part and _DEGREE.fullmatch(part))]
    if len(parts) < 2:
        return _parse_bare(parts[0] if parts else "")
    suffixes = [part for part in parts[1:] if _SUFFIX.fullmatch(part)]
    first_names = " ".join(part for part in parts[1:] if part not in suffixes)
    given, _, last = first_names.rpartition(" ")
    if given and not suffixes and _SUFFIX.fullmatch(last):  # PubMed's ``Lee, Ann B Jr``
        first_names, suffixes = given, [last]
    suffix = " ".join(suffixes)
    first_names = _space_initials(first_names)
    words = first_names.split()
    at = next((i for i, word in enumerate(words) if word in _PARTICLES), len(words))
    if 0 < at and all(word in _PARTICLES for word in words[at:]):
        # ``Berg, Jan van den``: the particle stands behind the given name.
        return build_name(
            " ".join(words[:at]), parts[0], particle=" ".join(words[at:]), suffix=suffix
        )
    number = _NUMBERED.search(parts[0]) or _NUMBERED.search(f" {first_names}")
    family = _NUMBERED.sub("", parts[0])
    if number:
        first_names = _NUMBERED.sub("", f" {first_names}").strip()
        suffix = f"{suffix} {number.group().strip()}".strip()
    return build_name(first_names, family, suffix=suffix)


def _parse_bare(name: str) -> Name:
    """A name without a comma; ``Doe JA`` and ``Doe J.`` have the family first."""
    words = name.split()
    if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) and _is_initials(words[-2]):
        # PubMed's ``Ng WK Jr``; ``Robin Smit V`` has no initials before its last word.
        turned = _parse_bare(" ".join(words[:-1]))
        return Name(f"{turned.text} {words[-1]}", turned.family) if turned.family else Name(name)
    if len(words) > 1 and len(words[-1].replace(".", "")) <= 3 and _is_initials(words[-1]):
        rest = words[:-1]
        if not any(map(_is_initials, rest)) and all(
            w[:1].isupper() or w in _PARTICLES for w in rest
        ):
            if not _SUFFIX.fullmatch(words[-1]):
                return build_name(_space_initials(words[-1]), " ".join(rest))
    return Name(name)


def _space_initials(piece: str) -> str:
    """``JA``, ``J.A.`` and ``J A`` as ``J. A.``; anything else as it is."""
    if not _is_initials(piece) or (len(piece) > 3 and "." not in piece and " " not in piece):
        return piece
    letters = re.findall(r"([^\W\d_])\.?([-‐]?)", piece)
    return "".join(f"{letter}.{hyphen or ' '}" for letter, hyphen in letters).strip(" -‐")


def _take_out_brackets(field: str) -> tuple[str, tuple[str, ...]]:
    """The field without bracketed text after names, and the bracketed texts."""
    if not any(sign in field for sign in "(["):
        return field, ()
    chars: list[str] = []
    inner: list[str] = []
    depth, start = 0, 0
    for at, char in enumerate(field):
        if char in "([":
            depth += 1
            start = at + 1 if depth == 1 else start
        elif char in ")]" and depth:
            depth -= 1
            if not depth and not field[at + 1 :][:2].strip().isalpha():  # no nickname
                inner.append(field[start:at])
        elif not depth:
            chars.append(char)
    if depth:
        return field, ()
    plain = (latex.to_text(text).strip() for text in inner)
    return "".join(chars), tuple(dict.fromkeys(t for t in plain if re.search(r"[^\W\d_]{2}", t)))


def _build_byline(names: Iterable[Name], *, cut: bool) -> Byline:
    """Plain text, no empty ones, each once, in order."""
    families: dict[str, str] = {}
    for name in names:
        text = _clean(name.text)
        if text and not is_blank(text):
            families.setdefault(text, _clean(name.family))
    known = tuple(families.values()) if any(families.values()) else ()
    return Byline(tuple(families), bool(families) and not cut, families=known)


def _clean(name: str) -> str:
    """Plain text without titles and the marks of footnotes: ``Rik Roe2*`` is Rik Roe."""
    plain = latex.to_text(name).strip(" ,;·'\"“”")
    plain = _PARTED_HYPHEN.sub("-", plain)
    bare = plain if _NUMBERED.search(plain) else _MARKS.sub("", plain)
    return _TITLED.sub("", bare).strip(" ,;·")
