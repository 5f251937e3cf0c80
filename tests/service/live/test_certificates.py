"""Certificates in memory, and as sections of a snapshot."""

from dataclasses import replace

import pytest

from certificates.errors import StoreUnavailable
from certificates.model import HostRecord
from service.live.certificate_sections import pack_certificates, unpack_certificates
from service.live.certificates import LiveCertificates
from service.live.snapshot import SnapshotError
from tests.certificates.builders import ACTIVE, CERTIFICATE, HOST, NOW, OTHER
from tests.certificates.memory_store import MemoryStore
from tests.certificates.store_contract import put

CHAIN = "".join(
    f"-----BEGIN CERTIFICATE-----\n{each}\n-----END CERTIFICATE-----\n" for each in ("own", "issuer")
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_change_is_seen_at_the_next_reading(store: MemoryStore) -> None:
    live = LiveCertificates(store)
    assert live.find(HOST) is None
    written = put(store, ACTIVE)
    assert live.find(HOST) is None
    live.refresh()
    assert live.find(HOST) == written


def test_only_what_changed_is_read_again(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, ACTIVE)
    live = LiveCertificates(store)
    asked: list[int] = []
    read = store.records
    monkeypatch.setattr(store, "records", lambda since: asked.append(since) or read(since=since))
    live.refresh()
    assert asked == []
    other = put(store, replace(ACTIVE, host=OTHER))
    live.refresh()
    assert asked == [1]
    assert live.current == {HOST: replace(ACTIVE, version=1), OTHER: other}


def test_the_edition_grows_with_certificates_alone(store: MemoryStore) -> None:
    record = put(store, ACTIVE)
    live = LiveCertificates(store)
    before = live.edition
    record = put(store, replace(record, leased_until=NOW))
    live.refresh()
    assert live.edition == before
    put(store, replace(record, certificate=replace(CERTIFICATE, fingerprint="another")))
    live.refresh()
    assert live.edition == before + 1


def test_what_this_process_wrote_is_known_at_once_and_never_goes_back(store: MemoryStore) -> None:
    live = LiveCertificates(store)
    older = put(store, ACTIVE)
    newer = put(store, replace(older, failures=1))
    live.learn(newer)
    live.learn(older)
    assert live.find(HOST) == newer


def test_while_the_database_is_away_they_stay(store: MemoryStore, caplog: pytest.LogCaptureFixture) -> None:
    record = put(store, ACTIVE)
    live = LiveCertificates(store)
    store.available = False
    live.refresh()
    assert live.find(HOST) == record
    assert "HTTPS goes on with the certificates as they were" in caplog.text
    with pytest.raises(StoreUnavailable):
        LiveCertificates(store)


def test_a_seed_stands_until_the_database_was_read(store: MemoryStore) -> None:
    store.available = False
    live = LiveCertificates(store, seed=[replace(ACTIVE, version=7), replace(ACTIVE, host=OTHER, version=8)])
    live.refresh()
    assert not live.was_read
    assert set(live.current) == {HOST, OTHER}
    store.available = True
    record = put(store, ACTIVE)
    live.refresh()
    assert live.was_read
    assert live.current == {HOST: record}


def test_sections_hold_certificates_and_nothing_of_orders() -> None:
    first = HostRecord(host=HOST, version=3, certificate=replace(CERTIFICATE, chain=CHAIN))
    second = replace(first, host=OTHER, version=4)
    sections = pack_certificates(
        [replace(first, failures=2, due_at=NOW), second, HostRecord(host="none.test")]
    )
    assert unpack_certificates(sections) == [first, second]
    assert sections["certificate issuers"].count(b"issuer") == 1


def test_a_snapshot_of_before_has_none() -> None:
    assert unpack_certificates({}) == []


@pytest.mark.parametrize(
    "damage", [{"certificate issuers": b"[]"}, {"certificates": b"["}, {"certificates": b'["host"]'}]
)
def test_damaged_sections_are_refused(damage: dict[str, bytes]) -> None:
    sections = pack_certificates([replace(ACTIVE, certificate=replace(CERTIFICATE, chain=CHAIN))])
    with pytest.raises(SnapshotError):
        unpack_certificates(sections | damage)
