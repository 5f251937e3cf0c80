"""What webhooks are told of certificates, noted as `storage.webhook_outbox` does it."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from certificates.model import HostRecord
from domains.model import State
from events.webhooks.model import Kind
from storage.certificate_tables import certificates
from storage.database_clock import database_time
from storage.domain_tables import tracking_domains
from storage.webhook_outbox import note

SOON: Final = timedelta(days=7)
SOON_SHARE: Final = 0.2
"""A certificate expires soon where less than `SOON` is left, or than this share of a short lifetime."""

_COLUMNS: Final = [
    certificates.c[name]
    for name in (
        *("host", "version", "issuer", "serial", "fingerprint", "not_before", "not_after"),
        *("failures", "problem_type", "problem_detail"),
    )
]


def stored(connection: Connection, host: str) -> Row[Any] | None:
    """Return what is kept of a host, to be compared with what is written."""
    return connection.execute(select(*_COLUMNS).where(certificates.c.host == host)).one_or_none()


def note_certificate(connection: Connection, before: Row[Any] | None, written: HostRecord) -> None:
    """Note a new certificate, and the first of orders in a row that fail."""
    known = None if before is None else before.fingerprint
    if written.certificate is not None and written.certificate.fingerprint != known:
        _note(connection, Kind.CERTIFICATE_ACTIVE, written.host)
    if written.failures and not (before and before.failures):
        _note(connection, Kind.CERTIFICATE_FAILED, written.host)


def note_expiring(connection: Connection) -> int:
    """Note certificates of verified domains that expire soon, each once; return how many."""
    now, own = database_time(connection), certificates.c
    of_domain = certificates.join(tracking_domains, tracking_domains.c.name == own.host)
    near = (own.not_after > now, own.not_after < now + SOON, tracking_domains.c.state == State.VERIFIED)
    untold = own.expiry_told_of.is_distinct_from(own.fingerprint)
    rows = connection.execute(select(*_COLUMNS).select_from(of_domain).where(*near, untold)).all()
    soon = [row for row in rows if _expires_soon(row, now)]
    return sum(_told(connection, row) for row in soon)


def _expires_soon(row: Row[Any], now: datetime) -> bool:
    return bool(row.not_after - now < min(SOON, SOON_SHARE * (row.not_after - row.not_before)))


def _told(connection: Connection, row: Row[Any]) -> bool:
    """Note one, unless another machine has just done so."""
    own = certificates.c
    this = (own.host == row.host, own.expiry_told_of.is_distinct_from(row.fingerprint))
    marked = update(certificates).where(*this).values(expiry_told_of=row.fingerprint)
    if not connection.execute(marked).rowcount:
        return False
    _note(connection, Kind.CERTIFICATE_EXPIRING, row.host)
    return True


def _note(connection: Connection, kind: Kind, host: str) -> None:
    row = stored(connection, host)
    if row is None:
        return
    owner = select(tracking_domains.c.project).where(tracking_domains.c.name == host)
    payload = {
        "host": host,
        "issuer": row.issuer,
        "serial": row.serial,
        "not_after": row.not_after and round(row.not_after.timestamp() * 1000),
        "problem": row.problem_type and {"type": row.problem_type, "detail": row.problem_detail},
    }
    note(
        connection,
        kind,
        f"{kind}-{row.version}",
        at=database_time(connection),
        project=connection.execute(owner).scalar_one_or_none(),
        payload=payload,
    )
