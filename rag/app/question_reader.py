"""Reads the next question of a conversation: its language, its slips, by words or by a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.adapters.weights import load_whole_words
from rag.app.look_ups import is_planned
from rag.app.search_engine import SearchEngine
from rag.config.settings import Settings
from rag.generation.model_pool import ModelPool
from rag.generation.model_session import ModelSession
from rag.library.view import LibraryView
from rag.search.spelling import process_spelling
from rag.types import ReadAs, Reading, Thread
from rag.types.cancellation import heed
from rag.types.errors import ModelError
from rag.understanding.languages import convert_to_english

if TYPE_CHECKING:
    from rag.generation.earlier import EarlierTurns


@dataclass(frozen=True, slots=True)
class TurnReading:
    """How the next question of a conversation is read.

    Attributes:
        reading: By words or by a model.
        notes: What of the question was changed or could not be done, for the reader.
        earlier: What a model was shown of the turns before; None where none read.
    """

    reading: Reading
    notes: tuple[str, ...] = ()
    earlier: EarlierTurns | None = None


class QuestionReader:
    """Reads questions.

    Args:
        settings: What a model may be shown, and whether it may plan.
        models: Has the prompt.
        engine: Has the library, and the embedded model, on which the heads stand.
    """

    def __init__(self, settings: Settings, models: ModelPool, engine: SearchEngine) -> None:
        self._settings, self._models, self._engine = settings, models, engine

    def read_turn(
        self,
        text: str,
        thread: Thread,
        library: LibraryView,
        voice: ModelSession | None,
        read_as: ReadAs | None,
    ) -> TurnReading:
        """How a question is read that is to be answered.

        Args:
            text: As typed, of bounded length.
            thread: The conversation before it.
            library: Whose names and words are known.
            voice: The model that is asked where words are unsure.
            read_as: The reading that is wanted; None to choose it from the words.
        """
        heed()
        english, notes = convert_to_english(text, library)
        was_translated = bool(notes)
        if not notes:
            spelt = process_spelling(english, library, load_whole_words(self._settings))
            english, notes = spelt.text, spelt.notes
        heed()
        reading = self.read_by_words(english, thread, library, read_as)
        if (
            voice is None
            or voice.is_small
            or read_as is not None
            # What was put into English word by word tells too little of what is to be planned.
            or (not was_translated and is_planned(reading, thread, library, self._settings))
        ):
            return TurnReading(reading, notes)
        turn = self._read_with_model(
            text, thread, reading, library, voice, was_translated=was_translated
        )
        # A model reads the question as it was typed: nothing was translated or spelt for it.
        kept_notes = () if turn.reading.by == "model" else notes
        return TurnReading(turn.reading, (*kept_notes, *turn.notes), turn.earlier)

    def read_by_words(
        self, question: str, thread: Thread, library: LibraryView, read_as: ReadAs | None = None
    ) -> Reading:
        """The reading of a question in English, without a model."""
        from rag.understanding.reading import read_question

        with self._engine.library.open_snapshot():
            return read_question(question, thread, library, self._engine.encode_question, read_as)

    def _read_with_model(
        self,
        question: str,
        thread: Thread,
        by_words: Reading,
        library: LibraryView,
        voice: ModelSession,
        *,
        was_translated: bool,
    ) -> TurnReading:
        """The reading by words, or the model's where words are unsure; its failure is a note."""
        from rag.generation.model_reading import is_unsure, read_with_model

        follows = bool(thread.turns)
        if not is_unsure(by_words, question, was_translated=was_translated, is_follow_up=follows):
            return TurnReading(by_words)
        try:
            prompt = self._models.load_prompts().read
            by_model = read_with_model(
                question,
                thread,
                by_words,
                voice,
                prompt,
                self._settings.thread_tokens,
                lambda word: library.vocabulary.any.get(word) > 0,
            )
        except ModelError as exc:
            return TurnReading(by_words, (f"the question was read without the model: {exc}",))
        note = by_model.earlier.note
        return TurnReading(by_model.reading, (note,) if note else (), by_model.earlier)
