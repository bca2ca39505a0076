"""Who a person is, what they wrote, with whom; and who wrote a paper."""

from rag.people.answering import answer

__all__ = ["answer"]
