"""The use cases of blocked links: what an operator does about a link that leads to harm.

Blocks hold for all projects. Every refusal is a `domains.errors.DomainError` and changes nothing.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from domains.errors import InvalidBlock, NotBlocked
from links.blocks import Block, BlockKind
from rewriter.url_rules import Destination, destination

MAX_REASON: Final = 200  # characters
_MESSAGE: Final = re.compile(r"[0-9a-f]{24}")


class BlockStore(Protocol):
    """Keeps blocks. Each method is one transaction, and raises `domains.errors.StoreUnavailable`."""

    def version(self) -> int:
        """Return a number that grows with every committed change."""

    def blocks(self) -> list[Block]:
        """Return all of them, the oldest first."""

    def add(self, block: Block) -> Block:
        """Return the one that is there of this kind and value, else keep this one."""

    def remove(self, kind: BlockKind, value: str) -> bool:
        """Return whether it was there."""


class LinkBlocks:
    """Blocks, lists and unblocks."""

    def __init__(self, *, store: BlockStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def block(self, kind: BlockKind, value: str, *, reason: str = "") -> Block:
        """Have clicks answered with a page that says so; what is blocked already stays as it is.

        Raises `InvalidBlock`.
        """
        if len(reason) > MAX_REASON:
            raise InvalidBlock(f"the reason has {len(reason)} characters; {MAX_REASON} are enough")
        block = Block(
            kind=kind, value=stored_value(kind, value), reason=reason.strip(), created_at=self._clock()
        )
        return self._store.add(block)

    def unblock(self, kind: BlockKind, value: str) -> str:
        """Have clicks redirected again; return the value as it was stored.

        Raises `InvalidBlock`, `NotBlocked`.
        """
        stored = stored_value(kind, value)
        if not self._store.remove(kind, stored):
            raise NotBlocked(f"the {kind} {stored} is not blocked; the list of blocks shows what is")
        return stored

    def all(self) -> list[Block]:
        """Return them, the oldest first."""
        return self._store.blocks()


def stored_value(kind: BlockKind, value: str) -> str:
    """Return the spelling that clicks are compared with. Raises `InvalidBlock`."""
    match kind:
        case BlockKind.LINK:
            return _destination(value, value).url
        case BlockKind.HOST:
            return _host(value)
        case BlockKind.MESSAGE:
            message = value.strip().lower()
            if _MESSAGE.fullmatch(message):
                return message
            raise InvalidBlock(f"{value!r} is no message id; it has 24 hex digits, as events show it")
        case BlockKind.PROJECT:
            if value.isascii() and value.isdigit():
                return str(int(value))
            raise InvalidBlock(f"{value!r} is no number of a project")


def _host(value: str) -> str:
    parent = value.removeprefix("*.")
    port = parent.rpartition("]")[2] if parent.startswith("[") else parent
    if not parent or not set("/?#\\@:").isdisjoint(port):
        raise InvalidBlock(
            f"{value!r} is no host; give the name alone, such as shop.example or *.shop.example"
        )
    return value[: -len(parent)] + _destination(f"http://{parent}/", value).host


def _destination(url: str, given: str) -> Destination:
    """Read it as the rewriter does, so that it is spelled as in the tokens."""
    found = destination(url.strip(), utf8=True)
    if isinstance(found, Destination):
        return found
    raise InvalidBlock(
        f"{given!r} cannot be the destination of a tracked link ({found}); copy it from the events"
    )
