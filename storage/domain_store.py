"""Tracking and sending domains in the database: `domains.ports.DomainStore`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Delete, Engine, literal, select
from sqlalchemy.exc import IntegrityError

from domains.directory_entries import DomainChanges, DomainEntries
from domains.errors import ChangedMeanwhile, NameTaken, StoreUnavailable, UnknownDomain
from domains.evidence import Evidence
from domains.evidence_format import to_json
from domains.history import Change, Step
from domains.listing import (
    ALL_SENDING,
    ALL_TRACKING,
    SenderCounts,
    SendingFilter,
    StateCounts,
    TrackingFilter,
)
from domains.model import Https, SendingDomain, State, TrackingDomain
from domains.ownership import Kind
from domains.sender_rules import rules_to_json
from domains.steps import added
from storage import domain_lists, domain_rows
from storage.domain_changes import begin_change, note_default_of, note_senders_of
from storage.domain_entries import read_changes, read_entries
from storage.domain_rows import (
    TRACKING_COLUMNS,
    find_sending_domain,
    insert_sending_domain,
    tracking_columns,
)
from storage.domain_tables import domain_history, sending_domains, tracking_domains
from storage.engine import transaction
from storage.versions import version_of
from storage.webhook_outbox import note_change


class SqlDomainStore:
    """`domains.ports.DomainStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with self._reading() as connection:
            return version_of(connection, "domains")

    def entries(self) -> DomainEntries:
        with self._reading() as connection:
            return read_entries(connection)

    def changes_since(self, version: int) -> DomainChanges | None:
        with self._reading() as connection:
            return read_changes(connection, version)

    def tracking_domains(self, wanted: TrackingFilter = ALL_TRACKING) -> list[TrackingDomain]:
        with self._reading() as connection:
            rows = connection.execute(domain_lists.select_tracking(wanted))
            return [domain_rows.tracking_domain(row) for row in rows]

    def count_tracking_domains(self, project: int) -> StateCounts:
        with self._reading() as connection:
            return domain_lists.count_tracking(connection, project)

    def find_tracking_domain(self, name: str) -> TrackingDomain | None:
        with self._reading() as connection:
            return _find_tracking_domain(connection, tracking_domains.c.name == name)

    def tracking_domain_numbered(self, number: int) -> TrackingDomain | None:
        with self._reading() as connection:
            return _find_tracking_domain(connection, tracking_domains.c.id == literal(number, BigInteger))

    def evidence_of(self, names: Collection[str]) -> Mapping[str, Evidence]:
        with self._reading() as connection:
            return domain_lists.evidence_of(connection, names)

    def history(
        self,
        project: int,
        name: str,
        *,
        newest: bool = False,
        beyond: int | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        wanted = domain_lists.select_history(project, name, newest=newest, beyond=beyond, limit=limit)
        with self._reading() as connection:
            return list(map(domain_rows.change, connection.execute(wanted)))

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime, https: Https = Https.AUTO
    ) -> TrackingDomain:
        row = {
            "project": project,
            "name": name,
            "target": target,
            "https": https,
            "state": State.PENDING,
            "is_default": False,
            "diagnosis": "",
            "created_at": created_at,
            "pending_since": created_at,
            "next_check_at": created_at,
        }
        with self._changing(Kind.TRACKING, name) as connection, _unique(name):
            inserted = tracking_domains.insert().values(row).returning(*TRACKING_COLUMNS)
            domain = domain_rows.tracking_domain(connection.execute(inserted).one())
            _note(connection, added(domain))
            return domain

    def record(self, step: Step) -> TrackingDomain:
        if step.after is None or step.after.name != step.before.name:
            raise ValueError("a removal and a new name are more than a change of one domain")
        seen = _is_seen(step.before, step.after)
        with self._changing(Kind.TRACKING, step.after.name, seen=seen) as connection:
            _refuse_outdated(connection, step.before)
            columns = tracking_columns(step.after)
            if step.evidence is not None or step.after.checked_at is None:
                columns["evidence"] = step.evidence and to_json(step.evidence)
            is_default = step.before.is_default or _becomes_default(connection, step)
            _update(connection, step.before.id, **columns, is_default=is_default)
            _note(connection, step.change)
            return replace(step.after, is_default=is_default)

    def rename_tracking_domain(self, step: Step, left: Step) -> TrackingDomain:
        if step.after is None:
            raise ValueError("a domain that is deleted gets no name")
        names = step.before.name, step.after.name
        with self._changing(Kind.TRACKING, *names) as connection, _unique(step.after.name):
            _refuse_outdated(connection, step.before)
            note_senders_of(connection, *names)
            connection.execute(_way_made_for(step.after))
            _update(connection, step.before.id, **tracking_columns(step.after), evidence=None)
            if left.after is not None:
                kept = tracking_domains.insert().values(**tracking_columns(left.after), is_default=False)
                connection.execute(kept)
            _note(connection, left.change)
            _note(connection, step.change)
            return replace(step.after, is_default=step.before.is_default)

    def remove_tracking_domain(self, step: Step, *, unlinking: tuple[str, ...]) -> None:
        number, name = step.before.id, step.before.name
        with self._changing(Kind.TRACKING, name) as connection:
            _refuse_outdated(connection, step.before)
            note_senders_of(connection, name)
            linked = sending_domains.c.tracking_domain == number
            names = connection.execute(select(sending_domains.c.name).where(linked)).scalars()
            if set(names) != set(unlinking):
                raise _outdated(step.before)
            connection.execute(sending_domains.update().where(linked).values(tracking_domain=None))
            if step.after is None:
                connection.execute(tracking_domains.delete().where(tracking_domains.c.id == number))
            else:
                _update(connection, number, **tracking_columns(step.after), is_default=False)
            _note(connection, step.change)

    def make_default(self, name: str) -> None:
        column = tracking_domains.c
        with self._changing(Kind.TRACKING, name) as connection:
            domain = _known_tracking_domain(connection, name)
            note_default_of(connection, domain.project)
            others = tracking_domains.update().where(column.project == domain.project, column.is_default)
            connection.execute(others.values(is_default=False))
            connection.execute(
                tracking_domains.update().where(column.id == domain.id).values(is_default=True)
            )

    def sending_domains(self, wanted: SendingFilter = ALL_SENDING) -> list[SendingDomain]:
        with self._reading() as connection:
            rows = connection.execute(domain_lists.select_sending(wanted))
            return [domain_rows.sending_domain(row) for row in rows]

    def count_sending_domains(self, project: int) -> SenderCounts:
        with self._reading() as connection:
            return domain_lists.count_sending(connection, project)

    def find_sending_domain(self, name: str) -> SendingDomain | None:
        with self._reading() as connection:
            return find_sending_domain(connection, name)

    def find_sending_domains(self, names: Collection[str]) -> list[SendingDomain]:
        if not names:
            return []
        with self._reading() as connection:
            return domain_lists.find_senders(connection, names)

    def senders_of(self, tracking_domain: str) -> tuple[str, ...]:
        with self._reading() as connection:
            return domain_lists.senders_of(connection, tracking_domain)

    def add_sending_domain(
        self, *, project: int, name: str, created_at: datetime, token: str
    ) -> SendingDomain:
        with self._changing(Kind.SENDING, name) as connection, _unique(name):
            return insert_sending_domain(
                connection, project=project, name=name, created_at=created_at, token=token
            )

    def verify_sending_domain(self, name: str, token: str, verified_at: datetime) -> None:
        own = sending_domains.c
        with self._changing(Kind.SENDING, name) as connection:
            domain = find_sending_domain(connection, name)
            if domain is None or domain.token != token:
                raise _unknown("sending", name)
            unproven = sending_domains.update().where(own.id == domain.id, own.verified_at.is_(None))
            connection.execute(unproven.values(verified_at=verified_at))

    def link(self, sender: str, tracking_domain: str | None) -> None:
        with self._changing(Kind.SENDING, sender) as connection:
            number = None
            if tracking_domain is not None:
                number = _known_tracking_domain(connection, tracking_domain).id
            linked = sending_domains.update().where(sending_domains.c.name == sender)
            if not connection.execute(linked.values(tracking_domain=number)).rowcount:
                raise _unknown("sending", sender)

    def update_sending_domain(self, domain: SendingDomain) -> None:
        changed = sending_domains.update().where(sending_domains.c.name == domain.name)
        with self._changing(Kind.SENDING, domain.name) as connection:
            row = changed.values(
                tracking=domain.tracking,
                share=domain.share,
                rules=rules_to_json(domain.rules),
                recipients=domain.recipients,
            )
            if not connection.execute(row).rowcount:
                raise _unknown("sending", domain.name)

    def delete_sending_domain(self, name: str) -> None:
        with self._changing(Kind.SENDING, name) as connection:
            deleted = sending_domains.delete().where(sending_domains.c.name == name)
            if not connection.execute(deleted).rowcount:
                raise _unknown("sending", name)

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    @contextmanager
    def _changing(self, kind: Kind, *names: str, seen: bool = True) -> Iterator[Connection]:
        """Run a change of these domains, and let the version grow in the same transaction.

        It stays where relay and tracker cannot see the change: they would read all domains again for it.
        """
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            if seen:
                begin_change(connection, kind, *names)
            yield connection


@contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise NameTaken(f"{name} exists already; choose another name.") from None


def _unknown(kind: str, name: str) -> UnknownDomain:
    return UnknownDomain(f"There is no {kind} domain {name}.")


def _outdated(domain: TrackingDomain) -> ChangedMeanwhile:
    return ChangedMeanwhile(f"{domain.name} was changed meanwhile; nothing was done, try again")


def _refuse_outdated(connection: Connection, domain: TrackingDomain) -> None:
    """Make sure that the domain is as it was when it was judged, and stays so until the transaction ends."""
    wanted = select(*TRACKING_COLUMNS).where(tracking_domains.c.id == domain.id).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None or domain_rows.tracking_domain(row) != domain:
        raise _outdated(domain)


def _is_seen(before: TrackingDomain, after: TrackingDomain) -> bool:
    """Tell whether mail or clicks fare otherwise afterwards."""
    return any(
        getattr(before, name) != getattr(after, name) for name in ("project", "state", "https", "https_since")
    )


def _way_made_for(domain: TrackingDomain) -> Delete:
    """Return what deletes the project's retired domain of that name."""
    own = tracking_domains.c
    return tracking_domains.delete().where(
        own.name == domain.name, own.project == domain.project, own.state == State.RETIRED
    )


def _becomes_default(connection: Connection, step: Step) -> bool:
    """Tell whether this is the first verified domain of a project without a default."""
    if step.after is None or step.after.state is not State.VERIFIED or step.before.state is State.VERIFIED:
        return False
    own = tracking_domains.c
    default = select(own.id).where(own.project == step.after.project, own.is_default)
    return connection.execute(default).first() is None


def _update(connection: Connection, number: int, **columns: Any) -> None:
    """Write columns, and end a lease: its check is done, or is of what the domain was before."""
    changed = tracking_domains.update().where(tracking_domains.c.id == number)
    connection.execute(changed.values(**columns, leased_to=None, leased_until=None))


def _note(connection: Connection, change: Change | None) -> None:
    if change is not None:
        entry = domain_history.insert().values(domain_rows.change_columns(change))
        number = connection.execute(entry.returning(domain_history.c.id)).scalar_one()
        note_change(connection, change, number)


def _find_tracking_domain(connection: Connection, wanted: ColumnElement[bool]) -> TrackingDomain | None:
    row = connection.execute(select(*TRACKING_COLUMNS).where(wanted)).one_or_none()
    return None if row is None else domain_rows.tracking_domain(row)


def _known_tracking_domain(connection: Connection, name: str) -> TrackingDomain:
    domain = _find_tracking_domain(connection, tracking_domains.c.name == name)
    if domain is None:
        raise _unknown("tracking", name)
    return domain
