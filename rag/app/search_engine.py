"""The embedder, the indexes and what searches them: opened when a question first needs them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from rag.adapters.index_stores import LocalStores
from rag.adapters.weights import load_whole_words
from rag.app.bounding import bound_question
from rag.config.settings import Settings
from rag.library import Library
from rag.types import Retrieval
from rag.types.retrievals import RANKING

if TYPE_CHECKING:
    from rag.adapters.embedders import Hosted
    from rag.adapters.minilm import MiniLM
    from rag.answers.first_look import FirstLook
    from rag.answers.screening import Screen
    from rag.ingest.indexing import Indexes
    from rag.search.retriever import Retriever
    from rag.types.ports import Reranker
    from rag.types.token_vectors import Encoding


MOST_SCREENED = 2_000
"""Up to this many papers are screened at ingest if a chat model is configured (about 40 ms of processor time each). In
a larger library a paper is screened at the first question about it, or as far as it is quoted."""
_BATCH = 32


class SearchEngine:
    """Searches one library; safe to share between threads.

    Args:
        settings: Name the embedder.
        library: What is searched.
        stores: Where its indexes lie.
    """

    def __init__(self, settings: Settings, library: Library, stores: LocalStores) -> None:
        self.library = library
        self._settings, self._stores = settings, stores
        self._retriever: Retriever | None = None
        self._reranker: Reranker | None = None
        self._screen: Screen | None = None
        self._first_look: FirstLook | None = None
        self._encoder: MiniLM | None = None
        self._is_encoder_sought = False
        self._indexes: Indexes | None = None
        self._opening = threading.Lock()

    def copy_with_settings(self, settings: Settings) -> SearchEngine:
        """A search of the same library, which shares what is open and opens the rest by its own settings."""
        variant = copy.copy(self)
        variant._settings = settings
        return variant

    def close(self) -> None:
        """Close the indexes; the next search opens them again."""
        if self._indexes is not None:
            self._indexes.close()
        self._indexes = self._retriever = self._reranker = None

    def retrieve(
        self, query: str, k: int = RANKING, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query of any length; ``within``: ids to choose from."""
        return self.open_retriever().retrieve(bound_question(query)[0], k, within=within)

    def rerank(self, retrieval: Retrieval) -> Retrieval:
        """The ranking in the order of the second stage; as it is where none is set.

        Raises:
            ModelError: Its model is not here.
        """
        if self._settings.reranker == "none" or len(retrieval.papers) < 2:
            return retrieval
        from rag.search.reranking import rerank

        return rerank(retrieval, self._open_reranker())

    def _open_reranker(self) -> Reranker:
        self.open_retriever()
        with self._opening:
            if self._reranker is None:
                from rag.adapters.mpnet import MPNet
                from rag.library.reranker_encodings import RerankerEncodings
                from rag.search.reranking import LateReranker

                assert self._indexes is not None
                encoder = MPNet(self._settings)
                store = RerankerEncodings(
                    self._settings.data, self._settings.library_url, encoder.name
                )
                self._reranker = LateReranker(self.library, self._indexes.lexical, encoder, store)
            return self._reranker

    def encode_question(self, text: str) -> Encoding | None:
        """A question as the reader's heads see it, whichever embedder searches.

        None without the embedded model: the heads then go by words alone.
        """
        encoder = self.open_encoder()
        return None if encoder is None else encoder.encode_query(text)

    def open_screen(self) -> Screen:
        """What marks sentences that no answer may show; made with the retriever."""
        self.open_retriever()
        assert self._screen is not None
        return self._screen

    def open_encoder(self) -> MiniLM | None:
        """The embedded model, whichever embedder searches; None without its weights."""
        with self._opening:
            return self._open_encoder()

    def open_first_look(self) -> FirstLook | None:
        """What finds quotes that need a screen; None where the papers' vectors are another model's."""
        self.open_retriever()
        return self._first_look

    def screen_papers(self, tell: Callable[[int, int], None]) -> None:
        """Screen the papers of a library that is not too large, before they are asked about.

        Args:
            tell: Told how many are done, and of how many.
        """
        if not 0 < self.library.n_papers <= MOST_SCREENED:
            return
        screen, papers = self.open_screen(), self.library.list_papers()
        for at in range(0, len(papers), _BATCH):
            screen.prepare(papers[at : at + _BATCH])
            tell(min(at + _BATCH, len(papers)), len(papers))

    def open_retriever(self) -> Retriever:
        """What ranks papers, opened once.

        Raises:
            LibraryEmpty: Nothing was ingested yet.
            ModelError: The embedder cannot be used.
        """
        with self._opening:
            if self._retriever is None:
                from rag.adapters.embedders import build_embedder, sentence_embedder
                from rag.answers.first_look import FirstLook
                from rag.answers.screening import Screen
                from rag.ingest.indexing import Indexes
                from rag.library.chunk_rows import read_paper_vectors
                from rag.library.screen_scores import ScreenScores
                from rag.search.retriever import Retriever

                self.library.ensure_not_empty()
                encoder = self._open_encoder()
                chosen: MiniLM | Hosted = build_embedder(self._settings)
                if encoder is not None and chosen.name == encoder.name:
                    chosen = encoder
                self._indexes = Indexes(self.library, self._stores, chosen.name)
                self._retriever = Retriever(self.library, self._indexes, chosen)
                embed = sentence_embedder(self._settings, chosen)
                words = load_whole_words(self._settings)
                scores = ScreenScores(self._settings.data, self._settings.library_url)
                self._screen = Screen(embed, words, scores, chosen.name)
                if embed is None or chosen is encoder:  # the papers' vectors are of the same model
                    read_vectors = partial(read_paper_vectors, self.library)
                    self._first_look = FirstLook(embed, words, read_vectors)
            return self._retriever

    def _open_encoder(self) -> MiniLM | None:
        """The embedded model, loaded once for reading and searching; with the lock held."""
        if not self._is_encoder_sought:
            self._encoder = _find_encoder(self._settings)
            self._is_encoder_sought = True
        return self._encoder


def _find_encoder(settings: Settings) -> MiniLM | None:
    """The embedded model; None where its weights are not here."""
    from rag.adapters.minilm import MiniLM
    from rag.adapters.weights import find_weights
    from rag.types.errors import WeightsMissing

    try:
        find_weights(settings)
    except WeightsMissing:
        return None
    return MiniLM(settings)
