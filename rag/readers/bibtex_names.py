"""Names in BibTeX's ``author`` fields: its three forms, BibLaTeX's extended one, and lists by commas."""

from __future__ import annotations

import re

from rag.readers import latex
from rag.readers.names import (
    Byline,
    Name,
    build_name,
    is_two_names,
    parse_author_field,
    parse_author_names,
    parse_name,
)

_EXTENDED = re.compile(r"(?:^|,)\s*(?:family|given|prefix|suffix)(?:-i)?\s*=")
_PART = re.compile(
    r"(?<![\s\w-])\s{0,3}([a-z-]{1,20})\s{0,3}=\s{0,3}(\"[^\"]{0,200}\"|\{(?:[^{}]|\{[^{}]{0,80}\}){0,200}\}|[^,]{0,200})(?:,|$)"
)
_LETTER = r"(?:\{\\?[A-Za-z]\}|\\?[A-Za-z])"
_SPECIAL = re.compile(
    rf"\{{\\[^{{}}\s]{{1,12}}(?:\s?\{{?[A-Za-z]\}})?\}}?|\\[~^'\"`=.]\s?{_LETTER}|\\[uvHcdbkr]\s?\{{[A-Za-z]\}}"
)


def parse_byline(field: str) -> Byline:
    """The authors of a field; ``others`` for the last says that there are more."""
    from bibtexparser.middlewares import names

    # bibtexparser takes ``Pe\\~na`` for two words and ``{\\DJ}or{\\dj}e`` for a particle.
    field = _SPECIAL.sub(lambda match: _convert_letter(match.group()), field)
    pieces = [" ".join(name.split()) for name in names.split_multiple_persons_names(field)]
    if any(map(_is_list, pieces)) or _mixes_commas(pieces):
        return parse_author_field(" ".join(field.split()))
    return parse_author_names([_parse_name(piece) for piece in pieces])


def _convert_letter(command: str) -> str:
    letter = latex.to_text(command)
    return letter if len(letter) <= 3 and letter.isalpha() else command


def _is_list(piece: str) -> bool:
    """Whether a piece holds several names: ``Moss, I.; Fern, P.`` or ``Inga Moss, Paul Fern, Olga Reed``."""
    if piece.startswith("{") and piece.endswith("}"):
        return False
    bare = re.sub(r"\{[^{}]*\}", "", piece)
    if _EXTENDED.search(bare):
        return False
    if ";" in bare or " & " in bare or r" \& " in bare:
        return True
    return bare.count(",") > 1 and not parse_name(piece).text.endswith(("r", "r.", "I", "V", "d"))


def _mixes_commas(pieces: list[str]) -> bool:
    """``Inga Moss, Paul Fern and Olga Reed``: the last stands alone, the others in a list."""
    real = [piece for piece in pieces if piece != "others"]
    return (
        len(real) > 1
        and "," not in real[-1]
        and any(piece.count(",") == 1 and is_two_names(piece) for piece in real[:-1])
    )


def _parse_name(piece: str) -> str | Name:
    from bibtexparser.middlewares import names

    if piece == "others":
        return piece
    if _EXTENDED.search(piece):
        return _parse_extended(piece)
    if piece.startswith("{") and piece.endswith("}"):
        return Name(piece, piece)  # a group's name, which stays whole
    if piece.count(",") > 1:
        return parse_name(piece)
    try:
        parts = names.parse_single_name_into_parts(piece, strict=False)
    except names.InvalidNameError:
        return parse_name(piece)
    first_names, particle, family, suffix = (
        " ".join(words) for words in (parts.first, parts.von, parts.last, parts.jr)
    )
    if "," in piece and not particle:
        return parse_name(f"{family}, {first_names}" if first_names else family)
    if not first_names and not particle:
        return Name(family, family)
    return build_name(first_names, family, particle=particle, suffix=suffix)


def _parse_extended(piece: str) -> Name:
    """BibLaTeX's ``family=Berg, given=Jana, prefix=van den, useprefix=true``."""
    parts = {key: value.strip().strip('"{}') for key, value in _PART.findall(piece)}
    return build_name(
        parts.get("given", parts.get("given-i", "")),
        parts.get("family", ""),
        particle=parts.get("prefix", ""),
        suffix=parts.get("suffix", ""),
    )
