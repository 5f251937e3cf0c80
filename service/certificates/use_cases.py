"""What operators do with certificates, for commands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from certificates import rules
from certificates.issuing import Issuing, Outcome, Result
from certificates.model import HostRecord, State
from certificates.ports import CertificateStore
from domains.model import TrackingDomain
from domains.names import host_name
from domains.ports import DomainStore
from service.database import open_database
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.settings import Settings, TlsMode
from storage.acme_store import SqlAcmeStore
from storage.certificate_store import SqlCertificateStore
from storage.domain_store import SqlDomainStore

MOST_DUE = 1_000
LOOK_SECONDS = 1.0  # between two looks at what another process orders


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """`domain` is None where there is none any more: a name that was removed by hand from the database."""

    host: str
    domain: TrackingDomain | None
    state: State
    record: HostRecord


class CertificateViews:
    """What is known of certificates; no authority is asked."""

    def __init__(
        self, store: CertificateStore, domains: DomainStore, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._domains = domains
        self._clock = clock

    def find(self, name: str) -> HostStatus:
        """Return that of a host, as typed. Raises `InvalidName`."""
        host = host_name(name)
        return self._status(self._store.find(host), self._domains.find_tracking_domain(host))

    def all(self) -> list[HostStatus]:
        """Return those of all tracking domains that were verified once, by host."""
        domains = {each.name: each for each in self._domains.tracking_domains() if each.verified_at}
        records = {record.host: record for record in self._store.records()}
        return [
            self._status(records.get(host, HostRecord(host=host)), domains.get(host))
            for host in sorted({*domains, *records})
        ]

    def _status(self, record: HostRecord, domain: TrackingDomain | None) -> HostStatus:
        state = rules.state_of(record, self._clock())
        return HostStatus(host=record.host, domain=domain, state=state, record=record)


class CertificateOrders:
    """Orders by hand."""

    def __init__(self, issuing: Issuing, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._issuing = issuing
        self._sleep = sleep

    def issue(self, name: str, *, wait: bool = False) -> Outcome:
        """Order a certificate for a host, as typed, whether its renewal is due or not.

        `wait`: while another order runs, or none may be made yet, try again until something came of it.
        Raises `InvalidName`, `StoreUnavailable`.
        """
        host = host_name(name)
        outcome = self._issuing.issue(host, by_hand=True)
        while wait and outcome.result in (Result.UNDER_WAY, Result.POSTPONED):
            self._sleep(LOOK_SECONDS)
            # After another's order this one is content with what that brought.
            outcome = self._issuing.issue(host, by_hand=outcome.result is Result.POSTPONED)
        return outcome

    def renew_due(self) -> Iterator[Outcome]:
        """Order what is due. Raises `StoreUnavailable`."""
        return self._issuing.renew_due(MOST_DUE)

    def revoke(self, name: str) -> None:
        """As `Issuing.revoke`, for a host as typed."""
        self._issuing.revoke(host_name(name))


@contextmanager
def open_certificate_views(settings: Settings) -> Iterator[CertificateViews]:
    """Yield what shows certificates."""
    with open_database(settings) as engine:
        yield CertificateViews(SqlCertificateStore(engine), SqlDomainStore(engine), clock=_now)


@contextmanager
def open_certificate_orders(settings: Settings) -> Iterator[CertificateOrders]:
    """Yield what orders certificates. Raises OperatorError where none are issued here."""
    if settings.tls.mode is not TlsMode.ACME:
        raise OperatorError(
            f'no certificates are issued here: tls.mode is {settings.tls.mode}; set tls.mode = "acme"'
        )
    with open_database(settings) as engine:
        yield certificate_orders(settings, engine)


def certificate_orders(settings: Settings, engine: Engine) -> CertificateOrders:
    """Return what orders certificates, where they are issued here. Raises OperatorError."""
    # Here since the library for ACME takes a third of a second to import, and most commands need none.
    from service.certificates.wiring import build_authority, build_issuing, key_seal

    ring = load_key_ring(settings.keys)
    seal = key_seal(lambda: ring)
    authority = build_authority(settings.tls, engine, seal)
    return CertificateOrders(build_issuing(settings, engine, authority, seal, SqlAcmeStore(engine)))


def _now() -> datetime:
    return datetime.now(UTC)
