"""Which clicks are not answered with a redirect any more, since an operator stopped them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from links.tokens import ClickToken

_HOST = re.compile(r"https?://(?:[^/?#\\]*@)?(\[[^\]]*\]|[^/?#:\\]*)", re.ASCII | re.IGNORECASE)


class BlockKind(StrEnum):
    """What the value of a block names."""

    LINK = "link"  # a destination, spelled as in the events
    HOST = "host"  # of destinations: `shop.example` alone, or `*.shop.example` for every host below it
    MESSAGE = "message"  # our id, 24 hex digits
    PROJECT = "project"  # its number


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One of them, for all projects."""

    kind: BlockKind
    value: str
    reason: str  # for operators alone; "" where none was given
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BlockList:
    """All blocks, to be asked at each click: false where there are none, else a few look-ups in sets."""

    blocks: tuple[Block, ...]
    _links: frozenset[str]
    _hosts: frozenset[str]
    _parents: frozenset[str]  # those of `*.`
    _messages: frozenset[str]
    _projects: frozenset[int]

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> "BlockList":
        """Build it. Raises ValueError where a project is no number."""
        kept = tuple(blocks)
        values: dict[BlockKind, set[str]] = {kind: set() for kind in BlockKind}
        for block in kept:
            values[block.kind].add(block.value)
        hosts = values[BlockKind.HOST]
        parents = {host for host in hosts if host.startswith("*.")}
        return cls(
            kept,
            frozenset(values[BlockKind.LINK]),
            frozenset(hosts - parents),
            frozenset(parent.removeprefix("*.") for parent in parents),
            frozenset(values[BlockKind.MESSAGE]),
            frozenset(map(int, values[BlockKind.PROJECT])),
        )

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def covers(self, token: ClickToken) -> bool:
        """Tell whether the click is blocked."""
        if token.project in self._projects or token.message in self._messages or token.url in self._links:
            return True
        return bool(self._hosts or self._parents) and self._covers_host(token.url)

    def _covers_host(self, url: str) -> bool:
        match = _HOST.match(url)
        if match is None:
            return False
        host = match[1].lower().rstrip(".")
        if host in self._hosts:
            return True
        parent = host.partition(".")[2] if self._parents else ""
        while parent:
            if parent in self._parents:
                return True
            parent = parent.partition(".")[2]
        return False


NO_BLOCKS = BlockList.of(())
