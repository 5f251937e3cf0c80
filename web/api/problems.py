"""Refusals as `application/problem+json` [RFC 9457]: a code for programs, a sentence for people, the place.

What a caller sent is never sent back but in the sentences of the use cases, and never logged.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from domains.claims import ProofNeeded
from web.api.dns_records import DnsRecordOut, record_out
from web.refusals import KINDS, Refused, refused

_TYPE: Final = "application/problem+json"


class FieldError(BaseModel):
    """A place in the request, and what is wrong with it."""

    pointer: str = Field(description="JSON Pointer into the body, or the name of a query parameter")
    detail: str


class ProblemOut(BaseModel):
    """Why a request was refused. Nothing was changed."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="for programs")
    detail: str = Field(description="for people: what to do")
    errors: list[FieldError] = []
    record: DnsRecordOut | None = Field(default=None, description="of proof_needed: what proves the name")


class Problem(Refused):
    """A refusal of the API itself, with the places that are wrong."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, detail, headers=headers)
        self.errors = errors

    def response(self, record: DnsRecordOut | None = None) -> JSONResponse:
        """Return it as HTTP has it."""
        body = ProblemOut(
            title=self.status.phrase,
            status=self.status,
            code=self.code,
            detail=str(self),
            errors=list(self.errors),
            record=record,
        )
        return JSONResponse(
            body.model_dump(exclude_none=True), self.status, headers=self.headers, media_type=_TYPE
        )


def as_problem(refusal: Refused) -> Problem:
    """Return what a refusal is here."""
    return Problem(refusal.status, refusal.code, str(refusal), headers=refusal.headers)


def refuse(refusal: Refused) -> JSONResponse:
    """Answer a refusal of what stands before the API."""
    return as_problem(refusal).response()


def answer_with_problems(app: FastAPI) -> None:
    """Have every refusal answered so."""
    for kind in KINDS:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def _refused(_: Request, error: Exception) -> JSONResponse:
    record = record_out(error.record) if isinstance(error, ProofNeeded) else None
    return as_problem(refused(error)).response(record)


def _problem(_: Request, error: Any) -> JSONResponse:
    problem: Problem = error
    return problem.response()


def _http(request: Request, error: Any) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        error.headers = {"Allow": _allowed(request)}
    code, detail = _HTTP.get(status, ("refused", f"{status.phrase}; docs/api.md shows how to ask"))
    return Problem(status, code, detail, headers=error.headers).response()


def _allowed(request: Request) -> str:
    """Return all methods of a path; the router knows those of its first route for it alone."""
    paths: dict[str, Any] = request.app.openapi()["paths"]
    found = (methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path))
    return ", ".join(sorted(method.upper() for method in next(found, {})))


_HTTP: Final = {
    HTTPStatus.NOT_FOUND: ("not_found", "nothing is here; /api/v1/openapi.json lists what is"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "use a method that the Allow header names"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too_large", "the body is too long; send less"),
    HTTPStatus.BAD_REQUEST: ("bad_request", "the body cannot be read; send JSON as UTF-8"),
}


_MOST_PLACES: Final = 100  # an answer is never much longer than its question


def _invalid(request: Request, error: Any) -> JSONResponse:
    found = error.errors()
    if (unreadable := _unreadable(request, found[0])) is not None:
        return unreadable.response()
    unknown = all(each["type"] == "extra_forbidden" for each in found)
    places = [FieldError(pointer=_place(each["loc"]), detail=_told(each)) for each in found[:_MOST_PLACES]]
    listed = "; ".join(f"{place.pointer}: {place.detail}" for place in places)
    code = "unknown_field" if unknown else "invalid_request"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, listed, errors=places).response()


def _unreadable(request: Request, found: Mapping[str, Any]) -> Problem | None:
    """Return why the body is no JSON at all, None where it is: then its fields are wrong."""
    if found["type"] == "json_invalid":
        why, at = found["ctx"]["error"], found["loc"][-1]
        sentence = f"the body is no JSON: {why} at character {at}"
        return Problem(HTTPStatus.BAD_REQUEST, "bad_request", sentence)
    if found["loc"] == ("body",) and isinstance(found["input"], bytes):  # of another type, it is not parsed
        kind = request.headers.get("content-type", "none")[:100]
        sentence = f"the body is of the type {kind}; send it as JSON, with Content-Type: application/json"
        return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", sentence)
    return None


def _told(found: Mapping[str, Any]) -> str:
    return "is not known here" if found["type"] == "extra_forbidden" else str(found["msg"])


def _place(location: Sequence[Any]) -> str:
    """Return a JSON Pointer [RFC 6901] for a place in the body, else the parameter's name."""
    where, *path = location
    if where != "body":
        return str(path[0]) if path else str(where)
    if path and isinstance(path[0], int):
        return "#"  # where the JSON ends to be JSON
    return "#" + "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in path)


def _fault(_: Request, error: Exception) -> JSONResponse:
    # The server logs it with its traceback.
    detail = "something went wrong here; the operator's log has the details"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail).response()
