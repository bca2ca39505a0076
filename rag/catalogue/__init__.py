"""How many and which: exact, complete answers computed over the whole library."""

from rag.catalogue.answering import answer
from rag.catalogue.ask import Ask, Asked
from rag.catalogue.fields import said_all
from rag.catalogue.reading import read
from rag.catalogue.select import select

__all__ = ["Ask", "Asked", "answer", "read", "said_all", "select"]
