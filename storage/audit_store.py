"""The audit log in the database: `accounts.audit.AuditStore`."""

from typing import Any

from sqlalchemy import BigInteger, Engine, Row, literal, select

from accounts.audit import Action, AuditChange, AuditEntry, AuditFilter
from accounts.errors import StoreUnavailable
from storage.account_tables import projects
from storage.auditing import audit_log, write_entry
from storage.engine import transaction


class SqlAuditStore:
    """`accounts.audit.AuditStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entries(self, wanted: AuditFilter) -> list[AuditEntry]:
        own = audit_log.c
        named = select(audit_log, projects.c.name.label("project_name")).select_from(
            audit_log.outerjoin(projects, own.project == projects.c.id)
        )
        if wanted.project is not None:
            named = named.where(own.project == wanted.project)
        if wanted.since is not None:
            named = named.where(own.at >= wanted.since)
        if wanted.before is not None:
            named = named.where(own.id < literal(wanted.before, BigInteger))
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return list(map(_entry, connection.execute(named.order_by(own.id.desc()).limit(wanted.limit))))

    def note(self, actor: str, change: AuditChange) -> None:
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            write_entry(connection, actor, change)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        project_name=row.project_name,
        change=AuditChange(
            project=row.project,
            action=Action(row.action),
            kind=row.kind,
            name=row.name,
            before=row.before,
            after=row.after,
        ),
    )
