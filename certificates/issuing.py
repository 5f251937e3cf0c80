"""Issuing, renewing and revoking. The use cases block, since the authority does: for threads.

A process may die at any moment. The lease of its order runs out, whoever comes next begins a new one; what
the old one had put into the store for challenges expires.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from certificates import rules
from certificates.chains import read_chain
from certificates.errors import (
    AuthorityError,
    InvalidChain,
    NoCertificate,
    OrderCapReached,
    OrderUnderWay,
    StoreUnavailable,
)
from certificates.model import Certificate, Challenge, HostRecord
from certificates.ports import Authority, CertificateStore, ChallengeStore
from certificates.problems import of_the_authority
from certificates.sealed_keys import KeySeal

log = logging.getLogger("waypost.certificates")

_SAVE_EVERY: Final = 1.0
"""Seconds between two tries to save what was issued while the database is away."""

_NOT_ALLOWED_FOR: Final = timedelta(days=1)


class Result(StrEnum):
    """What came of asking for a certificate."""

    ISSUED = "issued"
    GOOD = "good"  # there is one, and its renewal is not due
    NOT_ALLOWED = "not allowed"
    UNDER_WAY = "under way"  # another order runs, here or on another machine
    POSTPONED = "postponed"  # after a failure, or for the cap on orders
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`until` is the time to ask again of what is under way or was postponed."""

    result: Result
    record: HostRecord
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLimits:
    """`lease` must be longer than the authority takes at most, and than the machines' clocks differ."""

    per_hour: int = 100
    lease: timedelta = timedelta(minutes=3)


class Issuing:
    """One for a process; its methods may be called from several threads."""

    def __init__(
        self,
        *,
        store: CertificateStore,
        challenges: ChallengeStore,
        authority: Authority,
        seal: KeySeal,
        may_issue: Callable[[str], bool],
        limits: OrderLimits,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`may_issue` says of a host whether it may have a certificate now; `random` is from 0 to 1."""
        self._store = store
        self._challenges = challenges
        self._authority = authority
        self._seal = seal
        self._may_issue = may_issue
        self._limits = limits
        self._clock = clock
        self._random = random
        self._sleep = sleep

    def issue(self, host: str, *, by_hand: bool = False) -> Outcome:
        """Order a certificate where the host has none that can be used, or its renewal is due.

        By hand also while it is not due, and with hardly any wait after a failure. A host that may have none
        costs neither a query nor an order. Raises `StoreUnavailable`.
        """
        if not self._may_issue(host):
            return Outcome(result=Result.NOT_ALLOWED, record=HostRecord(host=host))
        now, record = self._clock(), self._store.find(host)
        refused = self._not_now(record, now, by_hand)
        if refused is not None:
            return refused
        try:
            leased = rules.claimed(record, until=now + self._limits.lease)
            claimed = self._store.claim(leased, now=now, per_hour=self._limits.per_hour)
        except OrderCapReached as cap:
            return Outcome(result=Result.POSTPONED, record=record, until=cap.until)
        if claimed is None:
            fresh = self._store.find(host)
            return self._not_now(fresh, now, by_hand) or self._under_way(fresh)
        return self._order(claimed, until=now + self._limits.lease)

    def renew_due(self, limit: int) -> Iterator[Outcome]:
        """Order what is due, the longest due first: renewals, tries after failures, orders that died.

        It ends early where the cap is reached or the authority has trouble, which the next would have too.
        Raises `StoreUnavailable`.
        """
        for record in self._store.due(self._clock(), limit):
            outcome = self.issue(record.host)
            if outcome.result is Result.NOT_ALLOWED:
                self._store.put(rules.postponed(record, self._clock() + _NOT_ALLOWED_FOR))
            yield outcome
            if self._would_go_on_failing(outcome):
                return

    def revoke(self, host: str) -> None:
        """Have the host's certificate revoked, and forget it with its key.

        Raises `NoCertificate`, `OrderUnderWay`, `AuthorityError`, `StoreUnavailable`.
        """
        record = self._store.find(host)
        if record.certificate is None:
            raise NoCertificate(f"{host} has no certificate")
        if rules.is_leased(record, self._clock()):
            raise OrderUnderWay(f"a certificate for {host} is being ordered; try again in a few minutes")
        self._authority.revoke(record.certificate)
        if self._store.put(rules.revoked(record)) is None:
            raise OrderUnderWay(f"the certificate of {host} was replaced meanwhile; look at it again")
        log.info("revoked the certificate %s of %s", record.certificate.serial, host)

    def is_usable(self, record: HostRecord, now: datetime) -> bool:
        """Tell whether the host has a good certificate of this authority, with a key that can be opened."""
        certificate = record.certificate
        return (
            certificate is not None
            and rules.is_good(certificate, now)
            and certificate.authority == self._authority.directory
            and self._seal.opens(certificate.sealed_key)
        )

    def _not_now(self, record: HostRecord, now: datetime, by_hand: bool) -> Outcome | None:
        """Return why no order should start; None where one should."""
        if rules.is_leased(record, now):
            return self._under_way(record)
        usable = self.is_usable(record, now)
        if usable and not by_hand and record.due_at is not None and now < record.due_at:
            return Outcome(result=Result.GOOD, record=record)
        start = rules.order_from(record, now, by_hand=by_hand)
        return Outcome(result=Result.POSTPONED, record=record, until=start) if now < start else None

    def _order(self, record: HostRecord, until: datetime) -> Outcome:
        """Make the order whose lease runs `until` then, and save what came of it."""
        try:
            certificate = self._ordered(record)
        except AuthorityError as error:
            log.warning("no certificate for %s: %s: %s", record.host, error.type, error.detail)
            return self._save(rules.failed(record, error, self._clock()), Result.FAILED, until)
        except StoreUnavailable:
            raise  # nothing can be saved either: the lease runs out
        except Exception:
            # A fault of ours must back off as well. Else each end of a lease would make a new order, and
            # spend the limits that the authority sets.
            fault = AuthorityError("internal", "an unexpected fault; the log has it")
            self._save(rules.failed(record, fault, self._clock()), Result.FAILED, until)
            raise
        log.info("certificate for %s by %s, serial %s", record.host, certificate.issuer, certificate.serial)
        issued = rules.issued(record, certificate, self._random(), self._clock())
        return self._save(issued, Result.ISSUED, until)

    def _ordered(self, record: HostRecord) -> Certificate:
        """Raises `AuthorityError`, `StoreUnavailable`."""
        host, old = record.host, record.certificate
        replaces = old if old is not None and old.authority == self._authority.directory else None
        issued = self._authority.issue(host, self._publisher(host), replaces=replaces)
        sealed_key = self._seal.seal(host, issued.key)
        try:
            return read_chain(host, issued, authority=self._authority.directory, sealed_key=sealed_key)
        except InvalidChain as error:
            raise AuthorityError("unexpected", str(error)) from error

    def _publisher(self, host: str) -> Callable[[str, str], AbstractContextManager[None]]:
        @contextmanager
        def publish(token: str, answer: str) -> Iterator[None]:
            now = self._clock()
            challenge = Challenge(token=token, host=host, answer=answer, expires_at=now + self._limits.lease)
            self._challenges.put_challenge(challenge, now=now)
            try:
                yield
            finally:
                with suppress(StoreUnavailable):  # it expires by itself
                    self._challenges.delete_challenge(token)

        return publish

    def _save(self, record: HostRecord, result: Result, until: datetime) -> Outcome:
        """Write what came of an order, again and again until its lease runs out: a certificate is dear."""
        while True:
            try:
                saved = self._store.put(record)
            except StoreUnavailable:
                if self._clock() >= until:
                    raise
                self._sleep(_SAVE_EVERY)
                continue
            if saved is None:  # the lease ran out before the order did
                return self._under_way(self._store.find(record.host))
            return Outcome(result=result, record=saved, until=saved.due_at)

    @staticmethod
    def _under_way(record: HostRecord) -> Outcome:
        return Outcome(result=Result.UNDER_WAY, record=record, until=record.leased_until)

    @staticmethod
    def _would_go_on_failing(outcome: Outcome) -> bool:
        if outcome.result is Result.POSTPONED:
            return True
        problem = outcome.record.problem
        return outcome.result is Result.FAILED and problem is not None and of_the_authority(problem.type)
