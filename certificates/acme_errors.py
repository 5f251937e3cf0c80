"""Whatever goes wrong in a conversation with an ACME server, as an `AuthorityError`."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import josepy
import requests
from acme import errors
from acme.messages import Error

from certificates.errors import AuthorityError

_PREFIX: Final = "urn:ietf:params:acme:error:"
_OBJECT: Final = re.compile(r"<[^<>]* object at 0x[0-9a-f]+>:? ?|^\w+\([^()]*\): ")
_DETAIL_CHARACTERS: Final = 1_000  # an authority may quote whatever the host answered


@contextmanager
def translated(refused_until: Callable[[], datetime | None]) -> Iterator[None]:
    """Raise what the block raises as an `AuthorityError`, with the time that the refusal named."""
    try:
        yield
    except Error as error:
        raise of_problem(error, refused_until()) from error
    except errors.ConflictError as error:
        raise AuthorityError("unexpected", "the authority answered with HTTP status 409") from error
    except errors.ClientError as error:
        raise _of_answer(error, refused_until()) from error
    except requests.exceptions.SSLError as error:
        raise AuthorityError("untrusted", _reason(error)) from error
    except requests.exceptions.InvalidJSONError as error:
        raise AuthorityError("unexpected", "the answer is no JSON") from error
    except requests.exceptions.RequestException as error:
        raise AuthorityError("unreachable", _reason(error)) from error
    except (errors.Error, josepy.errors.Error, ValueError) as error:
        raise AuthorityError("unexpected", _bounded(str(error))) from error


def of_problem(error: Error, until: datetime | None = None) -> AuthorityError:
    """Return a problem document [RFC 7807] of the authority, with its sub-problems' details."""
    cause, subproblems = error, error.subproblems or ()
    if short_type(error) == "compound" and subproblems:
        cause = subproblems[0]
    details = [part.detail or part.title for part in (error, *subproblems)]
    detail = "; ".join(dict.fromkeys(text for text in details if text))
    return AuthorityError(short_type(cause), _bounded(detail), until)


def short_type(error: Error) -> str:
    """Return the type without the prefix of RFC 8555, whole where it has another."""
    return str(error.typ).removeprefix(_PREFIX)


def _of_answer(error: errors.ClientError, until: datetime | None) -> AuthorityError:
    """The library gives an answer that is no problem document as the error's first argument."""
    response = error.args[0] if error.args else None
    if not isinstance(response, requests.Response):
        return AuthorityError("unexpected", _bounded(str(error)))
    type = "rateLimited" if response.status_code == 429 else "unexpected"
    if response.status_code >= 500:
        type = "serverInternal"
    return AuthorityError(type, f"the authority answered with HTTP status {response.status_code}", until)


def _reason(error: BaseException) -> str:
    """Return the innermost reason: the outer ones hold object names and the request's path."""
    cause = error.args[0] if error.args else error
    return _bounded(_OBJECT.sub("", str(getattr(cause, "reason", cause))))


def _bounded(text: str) -> str:
    """Return it on one line, without control characters: it is shown in terminals and logs."""
    return "".join(each if each.isprintable() else " " for each in text)[:_DETAIL_CHARACTERS]
