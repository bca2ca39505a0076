"""Errors as other programs read them: one clear sentence in OpenAI's form, with the right status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from rag.types.errors import (
    LibraryEmpty,
    LibraryError,
    ModelError,
    NotFound,
    RagError,
    ReadError,
    Stopped,
    TooBusy,
)
from rag.types.fields import QueryError

BUG = "this is a bug in paperfolk; its log says more"
LIBRARY_EMPTY = 'no papers are here yet; run "paperfolk ingest"'
LIBRARY_UNUSABLE = "the library cannot be used now; the log says why, and so does paperfolk doctor"
RETRY_AFTER_S = 10
_STATUSES: tuple[tuple[type[RagError], int], ...] = (
    (QueryError, 400),
    (ReadError, 400),
    (NotFound, 404),
    (TooBusy, 429),
    (Stopped, 499),
    (LibraryEmpty, 503),
    (ModelError, 502),
)
_TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
_log = logging.getLogger(__name__)


class UnfitRequest(RagError):
    """A request asks for what this server does not offer; ``param`` names the part."""

    def __init__(self, message: str, param: str, *, status: int = 400, code: str = "") -> None:
        super().__init__(message)
        self.param, self.status, self.code = param, status, code or None


def find_status(exc: RagError) -> int:
    """The HTTP status of an error: whose fault it was, and whether a retry makes sense."""
    if isinstance(exc, UnfitRequest):
        return exc.status
    if isinstance(exc, RagError) and exc.retryable and not isinstance(exc, TooBusy):
        return 503
    return next((status for kind, status in _STATUSES if isinstance(exc, kind)), 500)


def say_error(exc: RagError) -> str:
    """The sentence for a program elsewhere; what a library's says may name folders of this machine."""
    if isinstance(exc, LibraryEmpty):
        return LIBRARY_EMPTY
    if isinstance(exc, LibraryError):
        _log.error("%s", exc)
        return LIBRARY_UNUSABLE
    return str(exc)


def build_error_body(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def build_error(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response that says what was wrong."""
    body = build_error_body(status, message, param=param, code=code)
    retry = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else {}
    return JSONResponse(body, status, {**retry, **(headers or {})})


def convert_error(exc: RagError) -> JSONResponse:
    param, code = (exc.param, exc.code) if isinstance(exc, UnfitRequest) else (None, None)
    return build_error(find_status(exc), say_error(exc), param=param, code=code)


def add_error_handlers(app: FastAPI) -> None:
    """Have every error of the application end in the one form."""

    @app.exception_handler(RagError)
    async def _(_: Request, exc: RagError) -> JSONResponse:
        return convert_error(exc)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, exc: RequestValidationError) -> JSONResponse:
        kind = request.headers.get("content-type", "")
        if exc.errors()[0]["loc"] == ("body",) and "json" not in kind:
            sentence = "send the body as JSON, with Content-Type: application/json"
            return build_error(415, sentence)
        message, param = _format_unfit(exc)
        return build_error(400, message, param=param)

    @app.exception_handler(HTTPException)
    async def _(request: Request, exc: HTTPException) -> JSONResponse:
        sentences = {
            404: f"there is nothing at {request.url.path!r}; /openapi.json lists what there is",
            405: f"{request.method} does nothing at {request.url.path!r}; /openapi.json lists what there is",
        }
        message = sentences.get(exc.status_code, str(exc.detail))
        return build_error(exc.status_code, message, headers=exc.headers)

    @app.exception_handler(Exception)
    async def _(_: Request, exc: Exception) -> JSONResponse:
        return build_error(500, BUG)  # the server logs it with its traceback


def _format_unfit(exc: RequestValidationError) -> tuple[str, str | None]:
    """``messages is not given``: the first part of a request that does not fit, and its name."""
    first = exc.errors()[0]
    where, *path = map(str, first["loc"])
    name = ".".join(path)
    if first["type"] == "json_invalid":
        return f"the body is no JSON ({first['ctx']['error']}, character {name})", None
    if first["type"] == "missing":
        return f"{name or 'the body'} is not given", name or None
    reason = first["msg"].removeprefix("Value error, ")
    return f"{name or f'the {where}'} does not fit: {reason[:1].lower()}{reason[1:]}", name or None
