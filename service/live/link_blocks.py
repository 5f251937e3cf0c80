"""The blocked links as the database last had them, and as a section of a snapshot."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from domains.blocking import BlockStore
from domains.errors import StoreUnavailable
from links.blocks import NO_BLOCKS, Block, BlockKind, BlockList
from service.alarm import Alarm
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, decode_table, encode_table

log = logging.getLogger("waypost.service")

_SECTION: Final = "link blocks"
_COLUMNS: Final = {"kind": REQUIRED, "value": REQUIRED, "reason": "", "created_at": REQUIRED}


class LiveBlocks:
    """A block holds from the next reading on, and goes on to hold while the database is away."""

    def __init__(self, store: BlockStore, *, seed: BlockList | None = None) -> None:
        """Begin with a reading, or with `seed`.

        Raises domains.errors.StoreUnavailable without a seed: what is blocked would be redirected.
        """
        self._store = store
        self._version = -1
        self._alarm = Alarm(log, "blocked links")
        self.current = seed or NO_BLOCKS
        if seed is None:
            self._read()

    @property
    def was_read(self) -> bool:
        """Whether it is what the database had, not the seed."""
        return self._version >= 0

    def refresh(self) -> None:
        """Read the blocks again where they changed."""
        try:
            self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Links stay blocked as they were")
        else:
            self._alarm.well()

    def _read(self) -> None:
        # The version first: a change in between is then seen again at the next reading, not missed.
        version = self._store.version()
        if version == self._version:
            return
        before, self.current = self.current, BlockList.of(self._store.blocks())
        if self._version >= 0:
            _log_change("blocked", set(self.current.blocks) - set(before.blocks))
            _log_change("unblocked", set(before.blocks) - set(self.current.blocks))
        self._version = version


def _log_change(what: str, blocks: Iterable[Block]) -> None:
    for block in blocks:
        # A destination may hold what lets its reader in somewhere, such as the reset of a password.
        value = "(see waypost links list)" if block.kind is BlockKind.LINK else block.value
        log.warning("%s: %s %s%s", what, block.kind, value, f", {block.reason}" if block.reason else "")


def pack_blocks(blocks: BlockList) -> dict[str, bytes]:
    """Return the section."""
    rows = ((each.kind, each.value, each.reason, each.created_at.isoformat()) for each in blocks.blocks)
    return {_SECTION: encode_table(_COLUMNS, rows)}


def unpack_blocks(sections: Mapping[str, bytes]) -> BlockList:
    """Return what was packed; none where an older version did not. Raises SnapshotError."""
    if _SECTION not in sections:
        return NO_BLOCKS
    try:
        return BlockList.of(
            Block(
                kind=BlockKind(kind),
                value=value,
                reason=reason,
                created_at=datetime.fromisoformat(created_at),
            )
            for kind, value, reason, created_at in decode_table(sections[_SECTION], _COLUMNS)
        )
    except (ValueError, TypeError):
        raise SnapshotError("its blocked links cannot be read") from None
