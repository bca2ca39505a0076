"""Parts a printed name into given and family name, as references need it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.library.name_forms import PARTICLES
from rag.types import Authorship

_SUFFIX = re.compile(r",? (?P<suffix>jr|sr|snr|jnr|ii|iii|iv|2nd|3rd)\.?$", re.IGNORECASE)
_NUMBER = re.compile(r" 0\d{3}$")
_PARTICLE = re.compile(rf" (?=(?:{'|'.join(sorted(PARTICLES))}) )")
_GROUP = re.compile(
    r"\b(?:collaboration|consortium|group|team|network|committee|society|association|organi[sz]ation|project|"
    r"investigators|initiative|institute|foundation|council|agency|department|university|working party)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name's parts; a group has a family name alone."""

    family: str
    given: str = ""
    suffix: str = ""


def split_name(person: Authorship) -> NameParts:
    """The parts of an author's name: the family as its source gave it, else from the first particle on."""
    name = _NUMBER.sub("", person.name)
    if person.family == name or (not person.family and _GROUP.search(name)):
        return NameParts(name)
    match = _SUFFIX.search(name)
    suffix = match.group().strip(" ,") if match else ""
    bare = name[: match.start()] if match else name
    if person.family and bare.endswith(f" {person.family}"):
        return NameParts(person.family, bare[: -len(person.family) - 1], suffix)
    particle = _PARTICLE.search(bare)
    if particle:
        return NameParts(bare[particle.end() :], bare[: particle.start()], suffix)
    given_names, _, family = bare.rpartition(" ")
    return NameParts(family, given_names, suffix)
