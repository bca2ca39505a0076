"""The library as everything outside opens it: its contents, and how the next question sees them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from rag.library.aliases import ALIASES_FILE, load_aliases
from rag.library.catalogue import Catalogue
from rag.library.conditions import IN_PLACE
from rag.library.locking import open_writer
from rag.library.tables import AUTHORSHIPS, PAPERS
from rag.library.view import LibraryView
from rag.types import Authorship, Person
from rag.types.errors import LibraryError, NotFound

_AUTHORSHIPS = (
    select(AUTHORSHIPS.c.paper_id, AUTHORSHIPS.c.name, AUTHORSHIPS.c.role, AUTHORSHIPS.c.position)
    .join(PAPERS)
    .order_by(*IN_PLACE, AUTHORSHIPS.c.ordinal)
)


class Library(Catalogue):
    """The current contents of the library; another process may write to it meanwhile.

    Use from any thread. Before the first ingest it is empty, not an error.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        super().__init__(folder, url)
        self._view: tuple[tuple[object, ...], LibraryView] | None = None
        self._aliases_stamp: tuple[int, int] | None = None

    @classmethod
    def open(cls, folder: Path, url: str = "") -> Library:
        """For reading alone; nothing is created, and what an older version wrote is brought up to date."""
        return cls(folder, url)

    def close(self) -> None:
        super().close()
        self._view = None

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def view(self) -> LibraryView:
        """The library as the next question sees it."""
        self._update_aliases()
        key = (self.fingerprint, self._aliases_stamp)
        cached = self._view
        if cached is None or cached[0] != key:
            cached = self._view = (key, LibraryView(self))
        return cached[1]

    def find_person(self, name: str) -> Person:
        """By the name exactly as printed.

        Raises:
            NotFound: Nobody has that name; the message offers the nearest.
        """
        with self.open_snapshot():
            page = next((page for page in self.list_pages() if page.person == name), None)
            rows = self.fetch(_AUTHORSHIPS.where(AUTHORSHIPS.c.name == name))
        if rows or page:
            # Two people of one name on one paper cannot be told apart: the first counts.
            authorships: dict[str, Authorship] = {}
            for row in rows:
                authorships.setdefault(row[0], Authorship(*row))
            return Person(name, tuple(authorships.values()), page)
        close = self.view.names.find_similar(name)
        offer = (
            f"did you mean {', '.join(close)}?" if close else "no name in the library is like it"
        )
        raise NotFound(f"nobody named {name!r} in the library; {offer}")

    def _update_aliases(self) -> None:
        """Take over ``aliases.yaml`` where it has changed; where that cannot be, the next time."""
        path = self.folder / ALIASES_FILE
        state = path.stat() if path.is_file() else None
        stamp = (state.st_mtime_ns, state.st_size) if state else (0, 0)
        if stamp == self._aliases_stamp:
            return
        aliases = load_aliases(path)
        if aliases != self.list_aliases() and (
            state or not self.url
        ):  # or the file is on another server
            try:
                with open_writer(self.folder, self.url) as writer:
                    writer.store_aliases(aliases)
            except LibraryError:  # such as during an ingest, or in a folder that cannot be written
                return
        self._aliases_stamp = stamp
