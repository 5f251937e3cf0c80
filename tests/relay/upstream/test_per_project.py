import asyncio

import pytest

from relay.envelope import Sender
from relay.replies import Reply
from relay.upstream.per_project import Upstreams
from relay.upstream.port import Capabilities, NotConfigured, UpstreamTransaction

DEFAULT, SHOP, LOST = 1, 2, 3
NAMES = {SHOP: "far", LOST: "gone"}


class Fixed:
    """An upstream that can do one thing."""

    def __init__(self, capabilities: Capabilities | None) -> None:
        self._capabilities = capabilities
        self.closed = False

    async def capabilities(self) -> Capabilities | None:
        return self._capabilities

    async def open(self, sender: Sender) -> tuple[Reply, UpstreamTransaction | None]:
        return Reply(550, "5.7.1", "no"), None

    async def close(self) -> None:
        self.closed = True


NEAR = Capabilities(size=1_000, eight_bit=True, dsn=True)
FAR = Capabilities(size=500, eight_bit=True, utf8=True)


def upstreams(default: Fixed, far: Fixed) -> Upstreams:
    return Upstreams(default, {"far": far}, NAMES.get)


def test_a_project_has_the_upstream_that_it_names_and_others_the_default() -> None:
    near, far = Fixed(NEAR), Fixed(FAR)
    both = upstreams(near, far)
    assert both.of(DEFAULT) is near
    assert both.of(SHOP) is far
    assert Upstreams(near).of(DEFAULT) is near


def test_one_that_the_settings_lack_is_never_replaced_by_the_default() -> None:
    missing = upstreams(Fixed(NEAR), Fixed(FAR)).of(LOST)
    assert asyncio.run(missing.capabilities()) is None
    with pytest.raises(NotConfigured) as refused:
        asyncio.run(missing.open(Sender(mailbox="a@b.example")))
    assert refused.value.reply.line().startswith("451 4.3.5")
    asyncio.run(missing.close())


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        (DEFAULT, NEAR),
        (SHOP, FAR),
        (LOST, None),
        (None, Capabilities(size=500, eight_bit=True)),
    ],
)
def test_what_is_offered_before_the_project_is_known_all_can(
    project: int | None, expected: Capabilities | None
) -> None:
    assert asyncio.run(upstreams(Fixed(NEAR), Fixed(FAR)).capabilities(project)) == expected


def test_an_upstream_that_was_never_reached_narrows_nothing() -> None:
    assert asyncio.run(upstreams(Fixed(NEAR), Fixed(None)).capabilities(None)) == NEAR
    assert asyncio.run(upstreams(Fixed(None), Fixed(None)).capabilities(None)) is None


def test_all_are_closed() -> None:
    near, far = Fixed(NEAR), Fixed(FAR)
    asyncio.run(upstreams(near, far).close())
    assert near.closed
    assert far.closed
