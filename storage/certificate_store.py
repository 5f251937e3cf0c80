"""Certificates in the database: `certificates.ports.CertificateStore`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, Row, Select, or_, select
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from certificates.errors import OrderCapReached, StoreUnavailable
from certificates.model import Certificate, HostRecord, Problem
from storage.certificate_tables import certificate_orders, certificates
from storage.dialects import insert
from storage.engine import transaction
from storage.versions import raise_version, version_of
from storage.webhook_certificates import note_certificate, stored

_HOUR: Final = timedelta(hours=1)
_ORDERS_KEPT: Final = timedelta(days=1)
_NAMED_AT_ONCE: Final = 1_000  # hosts in a query: databases bound the parameters of one


class _Superseded(Exception):
    """The row changed after the record was read: undo the transaction."""


class SqlCertificateStore:
    """`certificates.ports.CertificateStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with self._reading() as connection:
            return version_of(connection, "certificates")

    def records(self, *, since: int = 0) -> list[HostRecord]:
        changed = select(certificates).where(certificates.c.version > since)
        return self._select(changed.order_by(certificates.c.host))

    def find(self, host: str) -> HostRecord:
        found = self._select(select(certificates).where(certificates.c.host == host))
        return found[0] if found else HostRecord(host=host)

    def find_each(self, hosts: Collection[str]) -> Mapping[str, HostRecord]:
        named = sorted(hosts)
        chunks = (named[start : start + _NAMED_AT_ONCE] for start in range(0, len(named), _NAMED_AT_ONCE))
        found = (self._select(select(certificates).where(certificates.c.host.in_(chunk))) for chunk in chunks)
        return {record.host: record for records in found for record in records}

    def due(self, now: datetime, limit: int) -> list[HostRecord]:
        return self._select(_reached(certificates.c.due_at, now).limit(limit))

    def advice_due(self, now: datetime, limit: int) -> list[HostRecord]:
        return self._select(_reached(certificates.c.advice_at, now).limit(limit))

    def put(self, record: HostRecord) -> HostRecord | None:
        try:
            with self._changing() as connection:
                return _write(connection, record)
        except _Superseded:
            return None

    def claim(self, record: HostRecord, *, now: datetime, per_hour: int) -> HostRecord | None:
        try:
            with self._changing() as connection:
                written = _write(connection, record)
                _count_order(connection, record.host, now, per_hour)
                return written
        except _Superseded:
            return None

    def _select(self, wanted: Select[Any]) -> list[HostRecord]:
        with self._reading() as connection:
            return [_record(row) for row in connection.execute(wanted)]

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """Run a change, and let the version grow in the same transaction; one change waits for another."""
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            raise_version(connection, "certificates")
            yield connection


def _reached(moment: Column[Any], now: datetime) -> Select[Any]:
    leased_until = certificates.c.leased_until
    free = or_(leased_until.is_(None), leased_until <= now)
    return select(certificates).where(moment <= now, free).order_by(moment, certificates.c.host)


def _write(connection: Connection, record: HostRecord) -> HostRecord:
    """Raises `_Superseded`."""
    before = stored(connection, record.host)
    written = replace(record, version=version_of(connection, "certificates"))
    row, column = _row(written), certificates.c
    change: ReturningInsert[Any] | ReturningUpdate[Any]
    if record.version == 0:
        added = insert(connection.dialect, certificates).values(row)
        change = added.on_conflict_do_nothing().returning(column.host)
    else:
        read = column.host == record.host, column.version == record.version
        change = certificates.update().where(*read).values(row).returning(column.host)
    if connection.execute(change).one_or_none() is None:
        raise _Superseded
    note_certificate(connection, before, written)
    return written


def _count_order(connection: Connection, host: str, now: datetime, per_hour: int) -> None:
    """Raises `OrderCapReached`."""
    at = certificate_orders.c.at
    recent = select(at).where(at > now - _HOUR).order_by(at.desc()).offset(per_hour - 1).limit(1)
    too_many = connection.execute(recent).scalar_one_or_none()
    if too_many is not None:
        raise OrderCapReached(too_many + _HOUR)
    connection.execute(certificate_orders.delete().where(at <= now - _ORDERS_KEPT))
    connection.execute(certificate_orders.insert().values(host=host, at=now))


def _row(record: HostRecord) -> dict[str, Any]:
    certificate, problem = record.certificate, record.problem
    return {
        "host": record.host,
        "version": record.version,
        "authority": certificate and certificate.authority,
        "chain": certificate and certificate.chain,
        "sealed_key": certificate and certificate.sealed_key,
        "issuer": certificate and certificate.issuer,
        "serial": certificate and certificate.serial,
        "fingerprint": certificate and certificate.fingerprint,
        "not_before": certificate and certificate.not_before,
        "not_after": certificate and certificate.not_after,
        "due_at": record.due_at,
        "leased_until": record.leased_until,
        "advice_at": record.advice_at,
        "failures": record.failures,
        "problem_type": problem and problem.type,
        "problem_detail": problem and problem.detail,
        "problem_at": problem and problem.at,
    }


def _record(row: Row[Any]) -> HostRecord:
    return HostRecord(
        host=row.host,
        version=row.version,
        certificate=None if row.chain is None else _certificate(row),
        due_at=row.due_at,
        leased_until=row.leased_until,
        advice_at=row.advice_at,
        failures=row.failures,
        problem=None
        if row.problem_type is None
        else Problem(type=row.problem_type, detail=row.problem_detail, at=row.problem_at),
    )


def _certificate(row: Row[Any]) -> Certificate:
    return Certificate(
        authority=row.authority,
        chain=row.chain,
        sealed_key=row.sealed_key,
        issuer=row.issuer,
        serial=row.serial,
        fingerprint=row.fingerprint,
        not_before=row.not_before,
        not_after=row.not_after,
    )
