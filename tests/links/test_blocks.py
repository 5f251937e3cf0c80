from dataclasses import replace
from datetime import UTC, datetime

import pytest

from links import Block, BlockKind, BlockList, ClickToken
from links.blocks import NO_BLOCKS

MESSAGE = "01977420dc00010203040506"
CLICK = ClickToken(project=3, message=MESSAGE, recipient=None, link=1, url="https://a.shop.example/x?y")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def blocking(kind: BlockKind, value: str) -> BlockList:
    return BlockList.of([Block(kind=kind, value=value, reason="", created_at=NOW)])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockKind.LINK, CLICK.url),
        (BlockKind.HOST, "a.shop.example"),
        (BlockKind.HOST, "*.shop.example"),
        (BlockKind.HOST, "*.example"),
        (BlockKind.MESSAGE, MESSAGE),
        (BlockKind.PROJECT, "3"),
    ],
)
def test_covers_a_click(kind: BlockKind, value: str) -> None:
    blocks = blocking(kind, value)
    assert blocks
    assert blocks.covers(CLICK)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockKind.LINK, "https://a.shop.example/x"),
        (BlockKind.HOST, "shop.example"),
        (BlockKind.HOST, "*.a.shop.example"),
        (BlockKind.HOST, "*.op.example"),
        (BlockKind.HOST, "x"),
        (BlockKind.MESSAGE, MESSAGE[::-1]),
        (BlockKind.PROJECT, "33"),
    ],
)
def test_leaves_other_clicks_alone(kind: BlockKind, value: str) -> None:
    assert not blocking(kind, value).covers(CLICK)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "HTTP://Shop.Example./",
        "https://shop.example:8443/a",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://user@shop.example/",
        "https://other.example@shop.example/",
    ],
)
def test_finds_the_host_however_it_is_written(url: str) -> None:
    assert blocking(BlockKind.HOST, "shop.example").covers(replace(CLICK, url=url))


@pytest.mark.parametrize("url", ["https://other.example/shop.example", "https://other.example/@shop.example"])
def test_finds_no_host_in_the_path(url: str) -> None:
    assert not blocking(BlockKind.HOST, "shop.example").covers(replace(CLICK, url=url))


def test_an_address_is_a_host() -> None:
    click = replace(CLICK, url="http://[2001:db8::1]:80/")
    assert blocking(BlockKind.HOST, "[2001:db8::1]").covers(click)


def test_no_blocks_are_false() -> None:
    assert not NO_BLOCKS
    assert not NO_BLOCKS.covers(CLICK)
