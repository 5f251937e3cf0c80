import logging

import pytest

from domains.errors import StoreUnavailable
from links import Block, BlockKind, BlockList
from service.live.link_blocks import live_blocks, pack_blocks, unpack_blocks
from service.live.snapshot import SnapshotError
from tests.domains.memory_block_store import MemoryStore
from tests.service.live.snapshots import CREATED

HOST = Block(kind=BlockKind.HOST, value="shop.example", reason="phishing", created_at=CREATED)
LINK = Block(kind=BlockKind.LINK, value="https://shop.example/reset?secret", reason="", created_at=CREATED)


def test_a_block_holds_from_the_next_reading_and_is_told() -> None:
    store = MemoryStore()
    live = live_blocks(store)
    assert not live.current
    store.add(HOST)
    live.refresh()
    assert live.current.blocks == (HOST,)


def test_changes_are_told_without_destinations(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    live = live_blocks(store)
    store.add(HOST)
    live.refresh()
    store.add(LINK)
    live.refresh()
    store.remove(HOST.kind, HOST.value)
    live.refresh()
    live.refresh()
    assert [record.getMessage() for record in caplog.records] == [
        "blocked: host shop.example, phishing",
        "blocked: link (see waypost links list)",
        "unblocked: host shop.example, phishing",
    ]


def test_without_a_change_nothing_is_built_again() -> None:
    live = live_blocks(MemoryStore())
    before = live.current
    live.refresh()
    assert live.current is before


def test_blocks_hold_while_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    store.add(HOST)
    live = live_blocks(store)
    store.available = False
    live.refresh()
    live.refresh()
    assert live.current.blocks == (HOST,)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_it_starts_from_a_seed_and_not_from_nothing() -> None:
    store = MemoryStore()
    store.available = False
    live = live_blocks(store, seed=BlockList.of([HOST]))
    assert live.current.blocks == (HOST,)
    assert not live.was_read
    with pytest.raises(StoreUnavailable):
        live_blocks(store)


def test_an_empty_seed_is_one() -> None:
    store = MemoryStore()
    store.available = False
    assert not live_blocks(store, seed=BlockList.of([])).current


def test_blocks_come_back_from_a_snapshot() -> None:
    blocks = BlockList.of([HOST, LINK])
    assert unpack_blocks(pack_blocks(blocks)) == blocks


def test_a_snapshot_of_an_older_version_has_none() -> None:
    assert not unpack_blocks({})


@pytest.mark.parametrize(
    "row", ['[["moon","x","","2026-03-01"]]', '[["project","x","","2026-03-01"]]', "[[1,2,3,4]]"]
)
def test_what_makes_no_sense_is_refused(row: str) -> None:
    section = f'["kind","value","reason","created_at"]\n{row}'.encode()
    with pytest.raises(SnapshotError):
        unpack_blocks({"link blocks": section})
