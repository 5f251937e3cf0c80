"""Has a request answered in one thread hop, and what it reads read together."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

from anyio.to_thread import run_sync
from fastapi.routing import APIRoute

from web.api.callers import Caller

Endpoint = Callable[..., Any]


class Resource(APIRoute):
    """The `route_class` of every router here.

    By itself FastAPI runs the function, and the check of what it returns, in a thread each.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        reads = options.get("methods") == ["GET"]
        super().__init__(path, _in_one_hop(endpoint, reads=reads), **options)


def _in_one_hop(endpoint: Endpoint, *, reads: bool) -> Endpoint:
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)  # FastAPI reads its signature
    async def answer(**given: Any) -> Any:
        return await run_sync(partial(_answer, endpoint, given, reads=reads))

    return answer


def _answer(endpoint: Endpoint, given: Mapping[str, Any], *, reads: bool) -> Any:
    caller: Caller = given["caller"]
    with caller.reading() if reads else nullcontext():
        return endpoint(**given)
