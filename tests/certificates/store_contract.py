"""What every store of certificates must do, as tests to inherit.

class TestMyStore(CertificateStoreContract):
    @pytest.fixture
    def store(self) -> CertificateStore: ...
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from certificates.errors import OrderCapReached
from certificates.model import Challenge, HostRecord, Problem
from certificates.ports import AccountStore, CertificateStore, ChallengeStore
from tests.certificates.builders import (
    ACCOUNT,
    ACTIVE,
    CERTIFICATE,
    CHALLENGE,
    DAY,
    DIRECTORY,
    HOST,
    HOUR,
    MINUTE,
    NOW,
    OTHER,
    RECORD,
)

MANY = 1000

CHANGES: dict[str, Callable[[CertificateStore], object]] = {
    "put": lambda store: store.put(store.find(HOST)),
    "claim": lambda store: store.claim(store.find(HOST), now=NOW, per_hour=MANY),
}


def put(store: CertificateStore, record: HostRecord) -> HostRecord:
    """Write a record that is known to be the newest."""
    written = store.put(record)
    assert written is not None
    return written


class CertificateStoreContract:
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    def store(self) -> CertificateStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    def test_an_empty_store_holds_nothing(self, store: CertificateStore) -> None:
        assert store.version() == 0
        assert store.records() == []
        assert store.find(HOST) == RECORD
        assert store.due(NOW, MANY) == store.advice_due(NOW, MANY) == []

    @pytest.mark.parametrize(
        "record",
        [
            RECORD,
            ACTIVE,
            replace(
                ACTIVE,
                leased_until=NOW + HOUR,
                advice_at=NOW + DAY,
                failures=3,
                problem=Problem(type="caa", detail="CAA of “example.com”", at=NOW),
            ),
        ],
        ids=["new", "active", "everything"],
    )
    def test_what_is_put_is_found(self, store: CertificateStore, record: HostRecord) -> None:
        written = put(store, record)
        assert written == replace(record, version=1) == store.find(HOST)
        assert store.records() == [written]

    def test_a_certificate_can_go_again(self, store: CertificateStore) -> None:
        written = put(store, ACTIVE)
        gone = put(store, replace(written, certificate=None))
        assert gone.certificate is None
        assert store.find(HOST) == gone

    def test_records_come_by_host(self, store: CertificateStore) -> None:
        for host in ("c.test", "a.test", "b.test"):
            put(store, HostRecord(host=host))
        assert [record.host for record in store.records()] == ["a.test", "b.test", "c.test"]

    def test_those_of_some_hosts_come_at_once(self, store: CertificateStore) -> None:
        written = put(store, RECORD)
        put(store, HostRecord(host=OTHER))
        assert store.find_each([HOST, "no.test"]) == {HOST: written}
        assert store.find_each([]) == {}
        many = [f"{number}.test" for number in range(33_000)]  # more than a query of SQLite may name
        assert store.find_each([*many, HOST]) == {HOST: written}

    def test_only_what_changed_since_a_version_is_read_again(self, store: CertificateStore) -> None:
        first = put(store, RECORD)
        before = store.version()
        second = put(store, HostRecord(host=OTHER))
        assert store.records(since=before) == [second]
        changed = put(store, replace(first, failures=1))
        assert store.records(since=before) == [second, changed]
        assert store.records(since=store.version()) == []

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_the_version_grows_with_each_change(
        self, store: CertificateStore, change: Callable[[CertificateStore], object]
    ) -> None:
        before = store.version()
        change(store)
        assert store.version() > before

    def test_a_record_that_changed_since_it_was_read_is_not_written_over(
        self, store: CertificateStore
    ) -> None:
        read = put(store, RECORD)
        newer = put(store, replace(read, failures=1))
        before = store.version()
        assert store.put(ACTIVE) is None
        assert store.put(replace(read, failures=2)) is None
        assert store.claim(read, now=NOW, per_hour=MANY) is None
        assert store.find(HOST) == newer
        assert store.version() == before

    def test_whoever_lost_a_lease_can_save_nothing(self, store: CertificateStore) -> None:
        slow = store.claim(replace(RECORD, leased_until=NOW), now=NOW, per_hour=MANY)
        assert slow is not None
        fast = store.claim(replace(slow, leased_until=NOW + HOUR), now=NOW, per_hour=MANY)
        assert store.put(replace(slow, certificate=CERTIFICATE)) is None
        assert store.find(HOST) == fast

    def test_one_of_many_claims_wins(self, store: CertificateStore) -> None:
        read = put(store, RECORD)
        leased = replace(read, leased_until=NOW + MINUTE)
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(lambda _: store.claim(leased, now=NOW, per_hour=MANY), range(8)))
        assert len([claim for claim in claims if claim is not None]) == 1
        assert store.find(HOST).leased_until == NOW + MINUTE

    def test_orders_of_an_hour_are_capped(self, store: CertificateStore) -> None:
        for minutes in (0, 10, 20):
            host = HostRecord(host=f"h{minutes}.test")
            assert store.claim(host, now=NOW + minutes * MINUTE, per_hour=3)
        before = store.version()
        with pytest.raises(OrderCapReached) as reached:
            store.claim(RECORD, now=NOW + 30 * MINUTE, per_hour=3)
        assert reached.value.until == NOW + HOUR
        assert store.version() == before
        assert store.find(HOST) == RECORD
        assert store.claim(RECORD, now=NOW + HOUR, per_hour=3)

    def test_a_claim_that_lost_counts_no_order(self, store: CertificateStore) -> None:
        put(store, RECORD)
        for _ in range(3):
            assert store.claim(RECORD, now=NOW, per_hour=1) is None
        assert store.claim(HostRecord(host=OTHER), now=NOW, per_hour=1)

    def test_the_longest_due_come_first(self, store: CertificateStore) -> None:
        for host, minutes in (("late.test", 1), ("soon.test", -1), ("first.test", -9), ("now.test", 0)):
            put(store, HostRecord(host=host, due_at=NOW + minutes * MINUTE))
        put(store, HostRecord(host="never.test"))
        assert [each.host for each in store.due(NOW, MANY)] == ["first.test", "soon.test", "now.test"]
        assert [each.host for each in store.due(NOW, 1)] == ["first.test"]

    def test_advice_is_due_by_itself(self, store: CertificateStore) -> None:
        put(store, HostRecord(host="a.test", due_at=NOW))
        put(store, HostRecord(host="b.test", advice_at=NOW))
        put(store, HostRecord(host="c.test", advice_at=NOW - MINUTE))
        assert [each.host for each in store.advice_due(NOW, MANY)] == ["c.test", "b.test"]

    def test_what_an_order_holds_is_not_due_until_its_lease_ran_out(self, store: CertificateStore) -> None:
        put(store, replace(RECORD, due_at=NOW, advice_at=NOW, leased_until=NOW + MINUTE))
        assert store.due(NOW, MANY) == store.advice_due(NOW, MANY) == []
        later = NOW + MINUTE
        assert [each.host for each in store.due(later, MANY)] == [HOST]
        assert [each.host for each in store.advice_due(later, MANY)] == [HOST]


class ChallengeStoreContract:
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    def store(self) -> ChallengeStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    def test_a_challenge_is_answered_until_it_is_deleted(self, store: ChallengeStore) -> None:
        store.put_challenge(CHALLENGE, now=NOW)
        assert store.challenge_answer("a-token", now=NOW) == "a-token.thumb"
        assert store.challenge_answer("A-token", now=NOW) is None
        assert store.challenge_answers(now=NOW) == {"a-token": "a-token.thumb"}
        store.delete_challenge("a-token")
        assert store.challenge_answer("a-token", now=NOW) is None
        store.delete_challenge("a-token")

    def test_a_challenge_expires(self, store: ChallengeStore) -> None:
        store.put_challenge(CHALLENGE, now=NOW)
        assert store.challenge_answer("a-token", now=CHALLENGE.expires_at) is None
        assert store.challenge_answers(now=CHALLENGE.expires_at) == {}

    def test_what_was_left_behind_goes_with_the_next(self, store: ChallengeStore) -> None:
        store.put_challenge(CHALLENGE, now=NOW)
        new = Challenge(token="new", host=OTHER, answer="new.thumb", expires_at=NOW + DAY)
        store.put_challenge(new, now=CHALLENGE.expires_at)
        assert store.challenge_answer("a-token", now=NOW) is None
        assert store.challenge_answer("new", now=NOW) == "new.thumb"

    def test_a_token_that_comes_again_is_replaced(self, store: ChallengeStore) -> None:
        store.put_challenge(CHALLENGE, now=NOW)
        store.put_challenge(replace(CHALLENGE, answer="a-token.other"), now=NOW)
        assert store.challenge_answer("a-token", now=NOW) == "a-token.other"


class AccountStoreContract:
    """Inherit, and give the fixture `store` an empty one."""

    @pytest.fixture
    def store(self) -> AccountStore:
        raise AssertionError("the inheriting class gives the fixture `store`")

    def test_the_first_account_of_an_authority_is_kept(self, store: AccountStore) -> None:
        assert store.account(DIRECTORY) is None
        assert store.add_account(ACCOUNT) == ACCOUNT
        assert store.add_account(replace(ACCOUNT, sealed_key=b"another")) == ACCOUNT
        assert store.account(DIRECTORY) == ACCOUNT

    def test_each_authority_has_its_own(self, store: AccountStore) -> None:
        store.add_account(ACCOUNT)
        other = replace(ACCOUNT, directory="https://other.test/")
        assert store.add_account(other) == other
        assert store.account(DIRECTORY) == ACCOUNT

    def test_an_account_is_updated(self, store: AccountStore) -> None:
        other = replace(ACCOUNT, directory="https://other.test/")
        store.add_account(ACCOUNT)
        store.add_account(other)
        changed = replace(ACCOUNT, uri="https://authority.test/account/1", contact=(), sealed_key=b"new")
        store.update_account(changed)
        assert store.account(DIRECTORY) == changed
        assert store.account(other.directory) == other
