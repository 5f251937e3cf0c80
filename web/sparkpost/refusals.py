"""Refusals as SparkPost has them: `{"errors": [{"message", "code"?, "description"?, "param"?, "value"?}]}`.

`message` and `code` are SparkPost's, for programs; `description` is the sentence that says what to do.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.refusals import KINDS, Refused, refused

_WORDS: Final[Mapping[HTTPStatus, tuple[str, str]]] = {
    HTTPStatus.BAD_REQUEST: ("invalid params", "1200"),
    HTTPStatus.UNAUTHORIZED: ("Unauthorized.", ""),
    HTTPStatus.FORBIDDEN: ("Forbidden.", ""),
    HTTPStatus.NOT_FOUND: ("resource not found", "1600"),
    HTTPStatus.CONFLICT: ("resource conflict", "1602"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("invalid data format/type", "1300"),
}
"""Message and code of a status; those of others are the phrase of HTTP, and none."""

_MISSING: Final = ("required field is missing", "1400")
_MUST_BE: Final = {"bool": "a boolean", "string": "a string", "int": "a number", "model": "an object"}


class Refusal(Exception):
    """What is refused here. `message` and `code` are left out where the status has its own."""

    def __init__(
        self,
        status: HTTPStatus,
        description: str,
        *,
        message: str = "",
        code: str = "",
        param: str = "",
        value: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        own_message, own_code = _WORDS.get(status, (status.phrase, ""))
        self.status = status
        self.headers = headers
        told_of = {"param": param, "value": value} if param else {}
        words = {"message": message or own_message, "code": code or own_code, "description": description}
        self.error = {name: text for name, text in words.items() if text} | told_of

    def response(self) -> Response:
        """Return it as HTTP has it."""
        return errors_response(self.status, [self.error], self.headers)


def nothing_to_change(description: str) -> Refusal:
    """Return the refusal of a change without any field of ours, which must not look as if it were made."""
    return Refusal(HTTPStatus.BAD_REQUEST, description, message="no valid fields in body")


def results(value: Any) -> Response:
    """Return the answer to what went well."""
    return _json(HTTPStatus.OK, {"results": value}, None)


def errors_response(
    status: HTTPStatus, errors: Sequence[Mapping[str, Any]], headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer to what did not."""
    return _json(status, {"errors": [*errors]}, headers)


def answer_as_sparkpost(app: FastAPI) -> None:
    """Have every refusal answered so."""
    for kind in KINDS:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(Refusal, _own)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def _json(status: HTTPStatus, body: Any, headers: Mapping[str, str] | None) -> Response:
    # In ASCII: what a caller sent is sent back in `value`, and may hold what UTF-8 cannot, lone surrogates.
    return Response(json.dumps(body), status, headers, "application/json")


def refuse(refusal: Refused) -> Response:
    """Answer a refusal of what stands before the application."""
    return Refusal(refusal.status, str(refusal), headers=refusal.headers).response()


def _refused(_: Request, error: Exception) -> Response:
    return refuse(refused(error))


def _own(_: Request, error: Any) -> Response:
    refusal: Refusal = error
    return refusal.response()


def _http(_: Request, error: Any) -> Response:
    status = HTTPStatus(error.status_code)
    return Refusal(
        status, _HTTP.get(status, "docs/sparkpost.md shows how to ask"), headers=error.headers
    ).response()


_HTTP: Final = {
    HTTPStatus.NOT_FOUND: "nothing is here; docs/sparkpost.md lists what is",
    HTTPStatus.METHOD_NOT_ALLOWED: "use a method that the Allow header names",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is too long; send less",
    HTTPStatus.BAD_REQUEST: "the body cannot be read; send JSON as UTF-8",
}


def _invalid(request: Request, error: Any) -> Response:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    found = error.errors()
    in_body = found[0]["loc"][0] == "body"
    if in_body and kind != "application/json":
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as application/json").response()
    if any(each["type"] == "json_invalid" for each in found):
        return Refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON").response()
    status = HTTPStatus.UNPROCESSABLE_ENTITY if in_body else HTTPStatus.BAD_REQUEST
    return errors_response(status, [_field(each) for each in found])


def _field(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a place of the request that is wrong, in the form that SparkPost has for those."""
    place = str(found["loc"][-1])
    kind = str(found["type"])
    if kind == "missing":
        message, code = _MISSING
        return {"message": message, "code": code, "description": f"{place} is required", "param": place}
    wanted = _MUST_BE.get(kind.partition("_")[0])
    message = (
        f"{place} must be {wanted}"
        if wanted and kind.endswith(("_type", "_parsing"))
        else f"{place} must be valid"
    )
    return {"message": message, "code": "1300", "description": found["msg"], "param": place}


def _fault(_: Request, error: Exception) -> Response:
    # The server logs it with its traceback.
    detail = "something went wrong here; the operator's log has the details"
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()
