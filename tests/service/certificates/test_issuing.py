"""Certificates without anybody asking."""

from dataclasses import replace
from datetime import datetime

import pytest

from certificates.errors import AuthorityError
from certificates.issuing import Result
from certificates.model import HostRecord
from domains.directory import Directory
from domains.errors import UnknownDomain
from domains.history import Step
from domains.model import Https, State, TrackingDomain
from service.certificates.issuing import CertificateWork, Orders
from service.live.certificates import LiveCertificates
from tests.certificates.builders import CERTIFICATE, DAY, HOST, HOUR, MINUTE, NOW, OTHER
from tests.certificates.memory_store import MemoryStore
from tests.certificates.store_contract import put
from tests.certificates.test_issuing import ROTATED, due_of
from tests.certificates.test_issuing import Installation as Node
from tests.domains import memory_store as domains


class Working:
    """The background work of one node, and what it works on."""

    def __init__(self, *, trial: bool = False) -> None:
        self.store, self.domains = MemoryStore(), domains.MemoryStore()
        self.trial = trial
        self.counted: list[Result] = []
        self.start()

    def start(self, node: Node | None = None) -> None:
        self.node = node or Node(self.store)
        self.live = LiveCertificates(self.store)
        self.seconds = 0.0
        self.work = CertificateWork(
            orders=Orders(self.node.issuing, self.live, self.counted.append),
            upkeep=self.node.upkeep,
            live=self.live,
            directory=self._directory(),
            domains=self.domains,
            seal=self.node.seal,
            trial=self.trial,
            clock=lambda: self.node.now,
            monotonic=lambda: self.seconds,
        )

    def round(self) -> list[str]:
        """Return the hosts for which certificates were ordered in a round."""
        before = len(self.node.authority.ordered)
        self.seconds += 10
        self.live.refresh()
        self.work.round()
        return self.node.authority.ordered[before:]

    def add(
        self, host: str = HOST, state: State = State.VERIFIED, https: Https = Https.AUTO
    ) -> TrackingDomain:
        added = self.domains.add_tracking_domain(
            project=1, name=host, target="t.waypost.test", created_at=NOW, https=https
        )
        return self.domains.record(
            Step(before=added, after=replace(added, state=state, verified_at=NOW), change=None)
        )

    def find(self, host: str = HOST) -> TrackingDomain:
        found = self.domains.find_tracking_domain(host)
        if found is None:
            raise UnknownDomain(host)
        return found

    def record(self, host: str = HOST) -> HostRecord:
        return self.store.find(host)

    def sleep_until(self, moment: datetime) -> None:
        self.node.now = moment

    def _directory(self):  # type: ignore[no-untyped-def]
        built: dict[int, Directory] = {}

        def current() -> Directory:
            version = self.domains.version()
            if version not in built:
                built[version] = Directory.build(self.domains.tracking_domains(), [])
            return built[version]

        return current


@pytest.fixture
def working() -> Working:
    return Working()


def test_a_verified_domain_gets_a_certificate_and_https_links(working: Working) -> None:
    working.add()
    assert working.round() == [HOST]
    assert working.find().https_since == NOW
    assert working.round() == []
    assert working.counted == [Result.ISSUED]


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.RETIRED])
def test_others_get_none_by_themselves(working: Working, state: State) -> None:
    working.add(state=state)
    assert working.round() == []
    assert working.counted == []


def test_a_domain_with_http_links_gets_none_by_itself(working: Working) -> None:
    working.add(https=Https.OFF)
    assert working.round() == []


def test_https_is_noted_where_the_process_died_in_between(working: Working) -> None:
    working.add()
    working.node.issuing.issue(HOST)
    assert working.find().https_since is None
    working.round()
    assert working.find().https_since == NOW


def test_an_authority_to_try_out_changes_no_link() -> None:
    working = Working(trial=True)
    working.add()
    assert working.round() == [HOST]
    working.round()
    assert working.find().https_since is None


def test_a_certificate_of_another_authority_is_replaced(working: Working) -> None:
    working.add()
    staging = replace(CERTIFICATE, authority="https://staging.test/directory")
    put(working.store, HostRecord(host=HOST, certificate=staging, due_at=NOW + DAY))
    assert working.round() == [HOST]


def test_a_renewal_that_is_due(working: Working) -> None:
    working.add()
    working.round()
    working.sleep_until(due_of(working.record()))
    assert working.round() == [HOST]
    assert working.round() == []


def test_a_failure_is_tried_again_when_its_time_has_come(working: Working) -> None:
    working.add()
    working.node.authority.error = AuthorityError("caa", "forbidden")
    assert working.round() == [HOST]
    assert working.round() == []
    working.node.authority.error = None
    working.sleep_until(NOW + MINUTE)
    assert working.round() == [HOST]
    assert working.find().https_seen


def test_where_the_authority_has_trouble_the_others_wait(working: Working) -> None:
    working.add()
    working.add(OTHER)
    working.node.authority.error = AuthorityError("unreachable", "no route")
    assert len(working.round()) == 1
    assert working.round() == []
    working.node.authority.error = None
    working.sleep_until(NOW + MINUTE)
    assert sorted(working.round()) == [OTHER, HOST]


def test_the_cap_on_orders_is_waited_out(working: Working, caplog: pytest.LogCaptureFixture) -> None:
    hosts = [f"h{number}.test" for number in range(7)]
    for host in hosts:
        working.add(host)
    assert len(working.round()) == 5
    assert working.round() == []
    assert working.counted[5:] == [Result.POSTPONED]
    assert working.work.cap_reached
    working.sleep_until(NOW + HOUR)
    assert len(working.round()) == 2
    assert not working.work.cap_reached
    assert caplog.text.count("the others wait") == 1


def test_a_revoked_certificate_is_not_replaced_by_itself(working: Working) -> None:
    working.add()
    working.round()
    working.node.issuing.revoke(HOST)
    assert working.round() == []


def test_keys_are_sealed_again_after_a_rotation(working: Working) -> None:
    working.add()
    working.round()
    working.start(Node(working.store, ROTATED))
    assert working.round() == []
    certificate = working.record().certificate
    assert certificate is not None
    assert working.node.seal.is_current(certificate.sealed_key)


def test_while_the_database_is_away_it_is_told_once(
    working: Working, caplog: pytest.LogCaptureFixture
) -> None:
    working.add()
    working.store.available = False
    working.work.round()
    working.work.round()
    assert caplog.text.count("None is ordered meanwhile") == 1
    working.store.available = True
    assert working.round() == [HOST]
    assert "works again" in caplog.text


def test_a_stop_ends_it_after_the_order_that_runs(working: Working) -> None:
    working.add()
    working.add(OTHER)
    working.node.authority.during = working.work.stop
    assert len(working.round()) == 1


def test_a_domain_that_was_removed_meanwhile_is_passed_over(working: Working) -> None:
    domain = working.add()

    def remove() -> None:
        after = replace(domain, state=State.RETIRED, https_since=None)
        working.domains.record(Step(before=domain, after=after, change=None))

    working.node.authority.during = remove
    working.round()
    assert not working.find().https_seen
