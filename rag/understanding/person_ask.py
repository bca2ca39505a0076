"""What a question about a person asks for."""

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
            for their common papers; ``unheld`` for something no seed document says; ``authors``
            for the people of the papers in focus, ``common`` for those whom these have in common.
        what: The thing asked for in ``unheld``; ``first`` where only the first author is wanted;
            ``most`` where the most frequent co-author is, ``each`` where those of several people are.
    """

    form: PersonForm
    what: str = ""
