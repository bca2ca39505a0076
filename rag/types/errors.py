"""The errors that users see, as one tree. Each class has one meaning and one retry policy.

RagError                      anything below; ``retryable`` says whether trying again makes sense
├── SettingsError             a setting is unknown or does not fit
├── QueryError                a query cannot be (in `rag.types.fields`)
├── ReadError                 a seed document cannot be read at all
├── LibraryError              the data folder cannot be used
│   ├── LibraryLocked         another process is writing (retryable)
│   ├── LibraryEmpty          nothing was ingested yet
│   ├── EmbedderMismatch      vectors and settings name different embedders
│   ├── IndexUnreadable       vectors or lexical index are broken; they are rebuilt when they can be
│   └── StoreUnreachable      the Chroma server did not answer (retryable)
├── NotFound                  no such paper or person
├── ModelError                a model could not be used
│   ├── WeightsMissing        the embedded model's files are not here
│   ├── WeightsCorrupt        a file's sha256 is not the published one
│   ├── ProviderError         a model server answered with an error (retryable for 429 and 5xx)
│   ├── ProviderUnreachable   a model server did not answer (retryable)
│   ├── MalformedReply        a reply that does not parse
│   └── Stopped               the reader gave the answer up
├── TooBusy                   too many questions wait in line (retryable)
├── PromptError               a prompt file is missing, or its variables do not match
└── MissingExtra              an optional extra is not installed
"""

from __future__ import annotations

from rag.types.masking import mask_secrets


class RagError(Exception):
    """Base of all errors that are reported in one sentence and are not bugs; holds no secrets."""

    retryable = False

    def __str__(self) -> str:
        return mask_secrets(super().__str__())


def say_bug(exc: Exception) -> str:
    """The sentence for what is no RagError, where one question must not cost the others."""
    return mask_secrets(f"this is a bug in paperfolk: {type(exc).__name__}: {exc}")


class SettingsError(RagError):
    """A setting is unknown or does not fit."""


class ReadError(RagError):
    """A seed document cannot be read at all; the message names file, line and reason."""


class LibraryError(RagError):
    """The data folder cannot be used."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library."""

    retryable = True


class LibraryEmpty(LibraryError):
    """Nothing was ingested yet."""


class EmbedderMismatch(LibraryError):
    """The stored vectors and the settings name different embedders."""


class IndexUnreadable(LibraryError):
    """Vectors or lexical index are broken; the library can rebuild them."""


class StoreUnreachable(LibraryError):
    """The Chroma server did not answer."""

    retryable = True


class NotFound(RagError):
    """No such paper or person; the message offers the nearest."""


class ModelError(RagError):
    """A model could not be used."""


class WeightsMissing(ModelError):
    """The embedded model's files are not here."""


class WeightsCorrupt(ModelError):
    """A file's sha256 is not the published one."""


class ProviderError(ModelError):
    """A model server answered with an error.

    Args:
        message: One sentence, no secrets.
        status: The HTTP status, if there was one.
        retry_after_s: What the server asked for, in seconds.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.retryable = status == 429 or (status is not None and status >= 500)


class ProviderUnreachable(ModelError):
    """A model server did not answer."""

    retryable = True


class MalformedReply(ModelError):
    """A model's reply does not parse, or is empty."""


class Stopped(ModelError):
    """The user cancelled the answer while it was being computed."""


class TooBusy(RagError):
    """The queue of questions is full."""

    retryable = True


class PromptError(RagError):
    """A prompt file is missing, or its variables do not match what the code supplies."""


class MissingExtra(RagError):
    """An optional extra is not installed; the message names it."""
