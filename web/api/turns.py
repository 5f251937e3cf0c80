"""Turns for the operations of the API that take seconds."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from web.api.callers import Writer
from web.turns import Turns


async def _turn(caller: Writer, request: Request) -> AsyncIterator[None]:
    turns: Turns = request.app.state.turns
    with turns.taken_by(caller.actor.project):
        yield


Turn = Annotated[None, Depends(_turn)]
"""Of an operation that takes seconds."""
