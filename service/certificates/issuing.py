"""Certificates without anybody asking: for domains that became verified, and renewals in time."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from certificates import rules
from certificates.errors import StoreUnavailable
from certificates.issuing import Issuing, Outcome, Result
from certificates.model import HostRecord
from certificates.problems import in_plain_words, of_the_authority
from certificates.sealed_keys import KeySeal
from certificates.upkeep import Upkeep
from domains import steps
from domains.directory import Directory
from domains.directory_entries import TrackingEntry
from domains.errors import ChangedMeanwhile
from domains.errors import StoreUnavailable as DomainsUnavailable
from domains.model import Https, State
from domains.ports import DomainStore
from service.alarm import Alarm
from service.live.certificates import LiveCertificates

log = logging.getLogger("waypost.certificates")

DUE_SECONDS: Final = 5.0  # between two looks for renewals that are due
MOST_AT_A_TIME: Final = 50
TROUBLE: Final = timedelta(minutes=1)  # after a fault of the authority's own
_CAP_REACHED: Final = "as many were ordered within an hour as tls.orders_per_hour allows; the others wait"


class Orders:
    """Every order of this process: what comes of it is known here before it is read from the database."""

    def __init__(self, issuing: Issuing, live: LiveCertificates, counted: Callable[[Result], None]) -> None:
        self._issuing = issuing
        self._live = live
        self._counted = counted

    def issue(self, host: str) -> Outcome:
        """As `Issuing.issue`."""
        return self._known(self._issuing.issue(host))

    def renew_due(self, limit: int) -> Iterator[Outcome]:
        """As `Issuing.renew_due`."""
        return map(self._known, self._issuing.renew_due(limit))

    def is_usable(self, record: HostRecord, now: datetime) -> bool:
        """As `Issuing.is_usable`."""
        return self._issuing.is_usable(record, now)

    def _known(self, outcome: Outcome) -> Outcome:
        self._counted(outcome.result)
        self._live.learn(outcome.record)
        return outcome


class CertificateWork:
    """Rounds of all that is to be done; every machine may have its own, since orders are leased.

    One order at a time: what a client waits for goes its own way.
    """

    def __init__(
        self,
        *,
        orders: Orders,
        upkeep: Upkeep,
        live: LiveCertificates,
        directory: Callable[[], Directory],
        domains: DomainStore,
        seal: KeySeal,
        trial: bool,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`trial`: what the authority issues is trusted by nobody, so that no link may rely on it."""
        self._orders = orders
        self._upkeep = upkeep
        self._live = live
        self._directory = directory
        self._domains = domains
        self._seal = seal
        self._trial = trial
        self._stopping = threading.Event()
        self._looked_at: tuple[object, object] | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._rest_until = clock()
        self._due_at = monotonic()
        self._alarm = Alarm(log, "certificates")
        self._cap = Alarm(log, "orders of certificates")
        self._authority = Alarm(log, "certificate authority")

    @property
    def cap_reached(self) -> bool:
        """Whether orders wait for the cap on them."""
        return self._cap.told

    def round(self) -> None:
        """Do what is to be done now; blocks, for minutes where the authority is slow."""
        try:
            if self._has_changed():
                self._note_https()
                self._order_first()
            if self._monotonic() >= self._due_at:
                self._renew()
                self._due_at = self._monotonic() + DUE_SECONDS
        except (StoreUnavailable, DomainsUnavailable) as error:
            self._alarm.failed(f"{error} None is ordered meanwhile")
        else:
            self._alarm.well()

    def stop(self) -> None:
        """End the round after the order that runs."""
        self._stopping.set()

    def _has_changed(self) -> bool:
        """Tell whether anything may be different from when all was looked at: there may be 100,000."""
        directory, certificates = self._looked_at or (None, None)
        return directory is not self._directory() or certificates is not self._live.current

    def _order_first(self) -> None:
        """Order for verified domains that never had a certificate, or none of this authority."""
        self._looked_at = None
        seen = (self._directory(), self._live.current)
        for entry in self._verified():
            if entry.https is Https.OFF or not self._lacks(entry.name):
                continue
            if self._must_rest():
                return
            self._heed(self._orders.issue(entry.name))
        self._looked_at = seen

    def _must_rest(self) -> bool:
        return self._stopping.is_set() or self._clock() < self._rest_until

    def _renew(self) -> None:
        if not self._must_rest():
            for outcome in self._orders.renew_due(MOST_AT_A_TIME):
                self._heed(outcome)
                if self._must_rest():
                    return
            if self._looked_at is not None:
                self._cap.well()
        self._upkeep.ask_for_advice(MOST_AT_A_TIME)
        sealed = [
            record.certificate.sealed_key for record in self._live.current.values() if record.certificate
        ]
        if any(self._seal.opens(key) and not self._seal.is_current(key) for key in sealed):
            self._upkeep.seal_again()

    def _heed(self, outcome: Outcome) -> None:
        """Note what an order brought, and rest where the next would fare as badly."""
        problem = outcome.record.problem
        if outcome.result is Result.POSTPONED and problem is None and outcome.until is not None:
            self._rest_until = outcome.until
            self._cap.failed(_CAP_REACHED)
        elif outcome.result is Result.FAILED and problem is not None and of_the_authority(problem.type):
            self._rest_until = self._clock() + TROUBLE
            self._authority.failed(in_plain_words(problem.type))
        elif outcome.result in (Result.ISSUED, Result.FAILED):
            self._authority.well()
        if outcome.result is Result.ISSUED and not self._trial:
            self._note(outcome.record.host, self._clock())

    def _lacks(self, host: str) -> bool:
        """Whatever failed, runs, or was revoked has a time of its own, or waits for who asks."""
        record, now = self._live.find(host), self._clock()
        if record is None:
            return True
        if record.certificate is None or record.problem is not None or rules.is_leased(record, now):
            return False
        return not self._orders.is_usable(record, now)

    def _note_https(self) -> None:
        """Let links on domains with a good certificate be https."""
        now = self._clock()
        for entry in () if self._trial else self._verified():
            record = self._live.find(entry.name)
            if not entry.https_seen and record is not None and self._orders.is_usable(record, now):
                self._note(entry.name, now)

    def _note(self, host: str, now: datetime) -> None:
        domain = self._domains.find_tracking_domain(host)
        if domain is None or domain.https_seen or domain.state is not State.VERIFIED:
            return  # the directory is a little behind
        with contextlib.suppress(ChangedMeanwhile):  # the next round sees what became of it
            self._domains.record(steps.served(domain, now))
            log.info("links on %s are https from now on", host)

    def _verified(self) -> Iterator[TrackingEntry]:
        entries = self._directory().entries.tracking
        return (entry for entry in entries if entry.state is State.VERIFIED)
