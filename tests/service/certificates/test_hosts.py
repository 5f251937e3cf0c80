"""What the tracker is given for a handshake."""

import asyncio
import ssl
from dataclasses import replace
from datetime import datetime

from certificates.issuing import Outcome
from service.certificates.hosts import HostCertificates
from service.certificates.orders import OrdersOnDemand
from service.live.certificates import LiveCertificates
from tests.certificates.builders import DAY, HOST, NOW, OTHER
from tests.certificates.memory_store import MemoryStore
from tests.certificates.signing import issued
from tests.certificates.test_issuing import ROTATED
from tests.certificates.test_issuing import Installation as Node
from tracker.tls import Contexts, server_context


class OwnOne:
    """The operator's own, for one name and for clients that name none."""

    def __init__(self) -> None:
        made = issued(OTHER, NOW)
        self.context = server_context(made.key + made.chain.encode())

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        return self.context if host in (None, OTHER) else None

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        return None


class Serving:
    def __init__(self, *, own: OwnOne | None = None) -> None:
        self.store = MemoryStore()
        self.node = Node(self.store)
        self.live = LiveCertificates(self.store)
        self.now: datetime = NOW
        orders = OrdersOnDemand(
            may_ask=HOST.__eq__,
            order=self._order,
            live=self.live,
            clock=lambda: self.now,
            in_thread=self._at_once,
        )
        self.certificates = HostCertificates(
            self.live,
            orders,
            own=own,
            seal=self.node.seal,
            contexts=Contexts(monotonic=lambda: 0.0),
            clock=lambda: self.now,
        )

    def issue(self) -> None:
        self.live.learn(self.node.issuing.issue(HOST).record)

    def obtain(self, host: str) -> ssl.SSLContext | None:
        return asyncio.run(self.certificates.obtain(host))

    def _order(self, host: str) -> Outcome:
        outcome = self.node.issuing.issue(host)
        self.live.learn(outcome.record)
        return outcome

    async def _at_once(self, work):  # type: ignore[no-untyped-def]
        return work()


def test_what_was_issued_is_at_hand_once_and_for_its_name_alone() -> None:
    serving = Serving()
    assert serving.certificates.at_hand(HOST) is None
    serving.issue()
    context = serving.certificates.at_hand(HOST)
    assert context is not None
    assert serving.certificates.at_hand(HOST) is context
    assert serving.certificates.at_hand(OTHER) is None
    assert serving.certificates.at_hand(None) is None


def test_a_renewed_one_takes_its_place() -> None:
    serving = Serving()
    serving.issue()
    before = serving.certificates.at_hand(HOST)
    serving.live.learn(serving.node.issuing.issue(HOST, by_hand=True).record)
    assert serving.certificates.at_hand(HOST) is not before


def test_one_that_ran_out_is_not_served() -> None:
    serving = Serving()
    serving.issue()
    serving.now = NOW + 91 * DAY
    assert serving.certificates.at_hand(HOST) is None


def test_a_key_that_cannot_be_opened_means_another_certificate() -> None:
    serving = Serving()
    serving.issue()
    record = serving.store.find(HOST)
    assert record.certificate is not None
    foreign = Node(MemoryStore(), ROTATED).seal.seal(HOST, b"key")
    broken = replace(record, certificate=replace(record.certificate, sealed_key=foreign))
    serving.live.learn(serving.store.put(broken) or record)
    assert serving.certificates.at_hand(HOST) is None
    assert serving.obtain(HOST) is not None


def test_it_waits_for_an_order_and_not_for_others_names() -> None:
    serving = Serving()
    assert serving.obtain("never.example.com") is None
    assert serving.obtain(HOST) is not None
    assert serving.node.authority.ordered == [HOST]


def test_where_none_is_issued_there_is_none() -> None:
    serving = Serving()
    serving.node.allowed = set()
    assert serving.obtain(HOST) is None
    assert serving.node.authority.ordered == []


def test_the_operators_own_comes_first() -> None:
    own = OwnOne()
    serving = Serving(own=own)
    serving.issue()
    assert serving.certificates.at_hand(None) is own.context
    assert serving.certificates.at_hand(OTHER) is own.context
    assert serving.certificates.at_hand(HOST) not in (None, own.context)
