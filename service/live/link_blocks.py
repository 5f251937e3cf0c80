"""The blocked links as the database last had them, and as a section of a snapshot."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from domains.blocking import BlockStore
from links.blocks import NO_BLOCKS, Block, BlockKind, BlockList
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, decode_table, encode_table
from service.live.value import LiveValue

log = logging.getLogger("waypost.service")

_SECTION: Final = "link blocks"
_COLUMNS: Final = {"kind": REQUIRED, "value": REQUIRED, "reason": "", "created_at": REQUIRED}


def live_blocks(store: BlockStore, *, seed: BlockList | None = None) -> LiveValue[BlockList]:
    """Begin with a reading, or with `seed`.

    Raises domains.errors.StoreUnavailable without a seed: what is blocked would be redirected.
    """
    return LiveValue(
        "blocked links", store, lambda: BlockList.of(store.blocks()), seed=seed, changed=_log_changes
    )


def _log_changes(before: BlockList, after: BlockList) -> None:
    _log_change("blocked", set(after.blocks) - set(before.blocks))
    _log_change("unblocked", set(before.blocks) - set(after.blocks))


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
