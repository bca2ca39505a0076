"""The operation of a question about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PersonForm = Literal[
    "summary",
    "papers",
    "except",
    "coauthors",
    "presence",
    "same",
    "shared",
    "unheld",
    "authors",
    "common",
]


@dataclass(frozen=True, slots=True)
class PersonAsk:
    """The form of a person question.

    Attributes:
        form: ``except`` is papers not on the topic; ``same`` compares two people; ``shared`` asks
            for their common papers; ``unheld`` for something that no seed document states;
            ``authors`` for the people of the papers in focus, ``common`` for their common authors.
        what: For ``unheld``, what is asked for; ``first`` if only the first author is wanted,
            ``most`` the most frequent co-author, ``each`` the common co-authors of several people.
    """

    form: PersonForm
    what: str = ""
