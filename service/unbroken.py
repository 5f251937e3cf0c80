"""Background work that goes on for ever."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

log = logging.getLogger("waypost.service")

T = TypeVar("T")


async def unbroken(step: Awaitable[T], *, otherwise: T) -> T:
    """Return what a step returns; where it raises, log that and return `otherwise`.

    A task that ends takes no notice of anybody: clicks would be answered and never be counted.
    """
    try:
        return await step
    except Exception:  # whatever it was, the next step may do better
        log.exception("background work failed")
        return otherwise
