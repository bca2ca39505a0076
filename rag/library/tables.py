"""The library's tables as SQLAlchemy Core knows them; `rag.library.schema` creates them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

METADATA = MetaData()


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, Text, primary_key=key, nullable=null)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, primary_key=key, nullable=null)


def _real(name: str) -> Column[Any]:
    return Column(name, Double)


def _paper(*, key: bool = True) -> Column[Any]:
    return Column("paper_id", Text, ForeignKey("papers.paper_id"), primary_key=key, nullable=False)


def _document() -> Column[Any]:
    return Column("document_id", BigInteger, ForeignKey("documents.document_id"), primary_key=True)


META = Table("meta", METADATA, _text("key", key=True), _text("value"))

DOCUMENTS = Table(
    "documents", METADATA,
    _number("document_id", key=True), _text("name"), _text("path"), _text("sha256"),
    _text("format"), _text("institution", null=True), _text("rejections"), _number("n_kept"),
    _text("ingested_at"),
)  # fmt: skip

PAGES = Table(
    "pages", METADATA,
    _document(), _text("person"), _text("category", null=True), _number("h_index", null=True),
    _number("n_papers", null=True), _number("n_citations", null=True), _real("novelty"),
    _real("ai_score"), _text("folded"), _text("searched"),
)  # fmt: skip

PAPERS = Table(
    "papers", METADATA,
    _text("paper_id", key=True), _text("document"), _number("line"), _text("title", null=True),
    _text("label"), _text("text"), _number("authors_complete"), _number("year", null=True),
    _number("month", null=True), _number("day", null=True), _text("category", null=True),
    _number("code", null=True), _real("score"), _text("url", null=True), _text("doi", null=True),
    _text("venue", null=True), _text("digest"), _text("page_starts"), _text("details"), _text("searched_text"),
    *(_text(f"{form}_{name}", null=True) for name in ("title", "category", "doi", "venue")
      for form in ("folded", "searched")),
    _number("n_title_chars"), _number("n_words"), _number("n_authors"), _number("n_places"),
    _text("arxiv", null=True), _text("pmid", null=True), _number("retracted", null=True),
)  # fmt: skip


def _part(name: str, value: str, *columns: Column[Any]) -> Table:
    """A table of values that a paper has any number of, in their order."""
    forms = (_text(value), _text("folded"), _text("searched"))
    return Table(name, METADATA, _paper(), _number("ordinal", key=True), *forms, *columns)


PLACES = _part("paper_places", "document", _number("line"))
AFFILIATIONS = _part("paper_affiliations", "name")
LINKS = _part("paper_links", "url", _text("address"))
TITLE_WORDS = _part("paper_title_words", "word")
KEYWORDS = _part("paper_keywords", "name")
AUTHORSHIPS = _part(
    "authorships", "name", _text("role"), _number("position", null=True), _text("family")
)

ENTRIES = Table(
    "entries", METADATA,
    _document(), _number("ordinal", key=True), _number("line"), _paper(key=False), _text("digest"),
    Column("packed", LargeBinary, nullable=False),
)  # fmt: skip

ENTRY_KEYS = Table(
    "entry_keys", METADATA,
    _document(), _number("ordinal", key=True), _text("key", key=True),
)  # fmt: skip

APART = Table("apart", METADATA, _text("digest", key=True))

CHUNKS = Table(
    "chunks", METADATA,
    _text("chunk_id", key=True), _paper(key=False), _number("start"), _number("end"),
    _text("heading"), Column("sentences", LargeBinary), Column("roles", LargeBinary),
)  # fmt: skip

VECTORS = Table(
    "vectors", METADATA,
    _text("chunk_id", key=True), _text("embedder", key=True),
    Column("vector", LargeBinary, nullable=False), Column("tokens", LargeBinary),
)  # fmt: skip

OUTBOX = Table("outbox", METADATA, _text("chunk_id", key=True))

CHANGES = Table("changes", METADATA, _number("version", key=True), _text("chunk_id", key=True))

IS_SEARCHED = text("(length(vector) & 1) = 0")
"""SQL test that a vector is searched by, and no gist (`rag.library.token_vector_store`); as its index has it."""

INGESTS = Table(
    "ingests", METADATA,
    _number("ingest_id", key=True), _text("started_at"), _text("finished_at", null=True),
    _text("counts"),
)  # fmt: skip

LEFT_OUT = Table("left_out", METADATA, _text("path", key=True))

CORRECTIONS = Table(
    "corrections", METADATA,
    _text("sha256", key=True), _number("line", key=True), _text("field", key=True), _text("value"),
)  # fmt: skip

ALIASES = Table(
    "aliases", METADATA,
    _text("name", key=True), _text("shown"), _text("folded"), _text("searched"),
)  # fmt: skip

NAMES = Table(
    "names", METADATA,
    _text("name", key=True), _text("joined"), _text("turned"), _text("shortened"),
    _text("unsuffixed"),
    _text("initials"), _text("short_initials"),
)  # fmt: skip

NAME_PARTS = Table(
    "name_parts", METADATA,
    _text("part", key=True), Column("name", Text, ForeignKey("names.name"), primary_key=True),
)  # fmt: skip

PAPER_NAMES = Table(
    "paper_names", METADATA,
    _paper(), _number("ordinal", key=True), _text("name"), _text("folded"), _text("start"),
)  # fmt: skip

PAPER_WORDS = Table(
    "paper_words",
    METADATA,
    _text("word", key=True),
    _text("kind", key=True),
    _text("paper_id", key=True),
    _number("n"),
)

VOCABULARY = Table(
    "vocabulary", METADATA, _text("kind", key=True), _text("word", key=True), _number("n_papers")
)

PARTS_OF_PAPERS = (
    PLACES, AFFILIATIONS, LINKS, KEYWORDS, TITLE_WORDS, AUTHORSHIPS, PAPER_NAMES
)  # fmt: skip
"""Tables whose rows are derived from one paper, and go with it; ``paper_words`` is kept by word alone."""


class _Listed(FunctionElement[Any]):
    """The values of a list bound as one JSON text, so that no list is too long to be bound."""

    inherit_cache = True


@compiles(_Listed, "sqlite")
def _compile_for_sqlite(element: _Listed, compiler: Any, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"


@compiles(_Listed, "postgresql")
def _compile_for_postgresql(element: _Listed, compiler: Any, **options: Any) -> str:
    bound = compiler.process(element.clauses, **options)
    return f"(SELECT jsonb_array_elements_text(CAST({bound} AS JSONB)))"


class has_part(FunctionElement[bool]):
    """SQL test whether a text contains another, letter by letter."""

    type = Boolean()
    inherit_cache = True


@compiles(has_part, "sqlite")
def _find_for_sqlite(element: has_part, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)}) > 0"


@compiles(has_part, "postgresql")
def _find_for_postgresql(element: has_part, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)}) > 0"


def is_listed(
    column: ColumnElement[Any], values: Iterable[str] | None = None, *, name: str = "ids"
) -> ColumnElement[bool]:
    """SQL test whether a column's text is one of any number of values.

    Without ``values``, those of the parameter ``name``, made by `encode_list`: so a statement can be
    built once.
    """
    bound = bindparam(name, type_=Text) if values is None else literal(encode_list(values), Text)
    return column.bool_op("IN")(_Listed(bound))


def encode_list(values: Iterable[str]) -> str:
    """Values as one text, for the parameter of `is_listed`."""
    return json.dumps(list(values))


def build_insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that can say what is to be done with a row that is there already."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def build_upsert(dialect: str, table: Table, columns: Iterable[str]) -> Any:
    """An insertion of ``columns``; a row whose key is there already takes the new values."""
    keys = [column.name for column in table.primary_key]
    inserted = build_insert(dialect, table)
    changes = {c: inserted.excluded[c] for c in columns if c not in keys}
    return inserted.on_conflict_do_update(index_elements=keys, set_=changes)


class hex_of(FunctionElement[str]):
    """Bytes as hexadecimal digits, in capitals, so that they can be searched."""

    type = Text()
    inherit_cache = True


@compiles(hex_of, "sqlite")
def _write_for_sqlite(element: hex_of, compiler: Any, **options: Any) -> str:
    return f"hex({compiler.process(element.clauses, **options)})"


@compiles(hex_of, "postgresql")
def _write_for_postgresql(element: hex_of, compiler: Any, **options: Any) -> str:
    return f"upper(encode({compiler.process(element.clauses, **options)}, 'hex'))"
