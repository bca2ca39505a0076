"""What the server for programs takes and answers, as its OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from rag.types.query import ReadAs
from rag.types.query_json import build_schema

MAX_EARLIER = 200
MAX_PAPERS_A_PAGE = 1_000
QuestionText = Annotated[str, Field(min_length=1, examples=["What is bridge distillation?"])]
QueryBody = Annotated[dict[str, Any], WithJsonSchema(build_schema(strict=False))]
"""A `Query` as JSON."""


class AskRequest(BaseModel):
    """A question, and the conversation before it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    question: QuestionText
    earlier: list[QuestionText] = Field(
        [], max_length=MAX_EARLIER, description="the questions before it, oldest first"
    )
    filters: str = Field(
        "",
        description="conditions on papers, as in a query's `where`",
        examples=["year >= 2023 and code"],
    )
    read_as: ReadAs | None = Field(None, description="read it in this way, whatever its words say")
    model: str = Field("", description="one of /v1/models; empty for the one of the settings")
    stream: bool = Field(False, description="server-sent events: step, delta, answer or error")


class CitationRecord(BaseModel):
    """The link from a marker in the text to a place in a paper."""

    marker: int
    paper: str
    source: str
    also_at: list[str]
    title: str | None
    label: str
    quote: str
    span: list[int]


class ScoredPaperRecord(BaseModel):
    """One paper of the ranking behind an answer."""

    paper: str
    source: str
    score: float
    also_at: list[str]


class ExpertRecord(BaseModel):
    """A person, with the papers that say so."""

    name: str
    score: float
    papers: list[str]
    roles: dict[str, Literal["first", "listed", "page"]]


class AnswerRecord(BaseModel):
    """One answer; see docs/CONTRACT.md."""

    model_config = ConfigDict(extra="allow")

    question: str
    status: Literal["answered", "abstained", "failed"]
    route: Literal["content", "experts", "person", "catalogue", "smalltalk", "unsupported"]
    text: str = Field(description="Markdown with markers such as [1]")
    citations: list[CitationRecord]
    papers: list[ScoredPaperRecord]
    experts: list[ExpertRecord]
    value: float | str | list[str] | None
    model: str
    library: str
    latency_ms: float
    usage: dict[str, Any]
    warnings: list[str]
    query: str | None = Field(description="how it was read, as a query's line")


class PaperRecord(BaseModel):
    """One paper, whole."""

    model_config = ConfigDict(extra="allow")

    paper: str
    source: str
    also_at: list[str]
    title: str | None
    label: str
    text: str
    authors: list[str]
    authors_complete: bool
    affiliations: list[str]
    year: int | None
    month: int | None
    day: int | None
    category: str | None
    code: bool | None
    links: list[str]
    url: str | None
    doi: str | None
    venue: str | None


class PaperPage(BaseModel):
    """A part of the papers that meet the conditions."""

    n_papers: int = Field(description="how many meet the conditions")
    papers: list[PaperRecord]
    warnings: list[str]


class ErrorDetail(BaseModel):
    """What was wrong."""

    message: str = Field(description="one sentence: what, where, what next")
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """An error, in the form that OpenAI's clients read."""

    error: ErrorDetail


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "failing"]
    problems: list[str]
    answering: int
    waiting: int


# --- chat completions -----------------------------------------------------------------------


class ContentPart(BaseModel):
    """A part of a message; only text can be read."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """OpenAI's request for a chat completion; what steers a model's sampling is passed over."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=2 * MAX_EARLIER + 1)
    model: str = "paperfolk"
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    tools: list[dict[str, Any]] | None = None
    functions: list[dict[str, Any]] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None


class ModelCard(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["paperfolk"] = "paperfolk"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class ChatCompletion(BaseModel):
    """OpenAI's answer; `paperfolk` holds the answer record with its citations."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]
    paperfolk: AnswerRecord
