from datetime import timedelta

import pytest

from domains.blocking import MAX_REASON, LinkBlocks
from domains.errors import InvalidBlock, NotBlocked
from links import BlockKind
from tests.domains.builders import NOW
from tests.domains.memory_block_store import MemoryStore

MESSAGE = "01977420dc00010203040506"


@pytest.fixture
def blocks() -> LinkBlocks:
    times = (NOW + timedelta(seconds=number) for number in range(100))
    return LinkBlocks(store=MemoryStore(), clock=lambda: next(times))


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (BlockKind.LINK, "https://shop.example/a?b#c", "https://shop.example/a?b#c"),
        (BlockKind.LINK, " https://bücher.example/é ", "https://xn--bcher-kva.example/%C3%A9"),
        (BlockKind.HOST, "Shop.Example.", "shop.example"),
        (BlockKind.HOST, "*.bücher.example", "*.xn--bcher-kva.example"),
        (BlockKind.HOST, "localhost", "localhost"),
        (BlockKind.HOST, "192.0.2.1", "192.0.2.1"),
        (BlockKind.HOST, "[2001:db8::1]", "[2001:db8::1]"),
        (BlockKind.MESSAGE, MESSAGE.upper(), MESSAGE),
        (BlockKind.PROJECT, "3", "3"),
    ],
)
def test_what_is_blocked_can_be_unblocked_in_the_same_words(
    blocks: LinkBlocks, kind: BlockKind, given: str, stored: str
) -> None:
    block = blocks.block(kind, given, reason=" phishing ")
    assert (block.kind, block.value, block.reason, block.created_at) == (kind, stored, "phishing", NOW)
    assert blocks.all() == [block]
    assert blocks.unblock(kind, given) == stored
    assert blocks.all() == []


def test_blocking_twice_changes_nothing(blocks: LinkBlocks) -> None:
    first = blocks.block(BlockKind.HOST, "shop.example", reason="phishing")
    assert blocks.block(BlockKind.HOST, "SHOP.example") == first
    assert blocks.all() == [first]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockKind.LINK, "shop.example/a"),
        (BlockKind.LINK, "mailto:a@shop.example"),
        (BlockKind.HOST, ""),
        (BlockKind.HOST, "*."),
        (BlockKind.HOST, "*.*.shop.example"),
        (BlockKind.HOST, "https://shop.example"),
        (BlockKind.HOST, "shop.example/a"),
        (BlockKind.HOST, "shop.example:80"),
        (BlockKind.HOST, "a@shop.example"),
        (BlockKind.HOST, "[2001:db8::1]:80"),
        (BlockKind.MESSAGE, "<1@shop.example>"),
    ],
)
def test_what_no_link_could_be_blocked_by_is_refused(blocks: LinkBlocks, kind: BlockKind, value: str) -> None:
    for use in (blocks.block, blocks.unblock):
        with pytest.raises(InvalidBlock):
            use(kind, value)
    assert blocks.all() == []


def test_a_reason_is_short(blocks: LinkBlocks) -> None:
    blocks.block(BlockKind.PROJECT, "1", reason="x" * MAX_REASON)
    with pytest.raises(InvalidBlock):
        blocks.block(BlockKind.PROJECT, "2", reason="x" * (MAX_REASON + 1))


def test_what_is_not_blocked_cannot_be_unblocked(blocks: LinkBlocks) -> None:
    blocks.block(BlockKind.HOST, "*.shop.example")
    with pytest.raises(NotBlocked, match=r"the host shop\.example is not blocked"):
        blocks.unblock(BlockKind.HOST, "shop.example")
