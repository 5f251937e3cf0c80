"""Rows of tracking domains, their history and sending domains as values of `domains`, and back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from domains.evidence import Evidence
from domains.evidence_format import from_json, to_json
from domains.history import Cause, Change
from domains.model import Https, SendingDomain, State, TrackingDomain
from domains.sender_rules import rules_from_json
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from storage.domain_tables import sending_domains, tracking_domains

# What `tracking_domain` needs: evidence, kilobytes a row, and the lease are read apart.
_APART = {"evidence", "leased_to", "leased_until"}
TRACKING_COLUMNS = tuple(column for column in tracking_domains.c if column.name not in _APART)


def tracking_domain(row: Row[Any]) -> TrackingDomain:
    """Return the value of a row of `TRACKING_COLUMNS`."""
    return TrackingDomain(
        id=row.id,
        project=row.project,
        name=row.name,
        target=row.target,
        state=State(row.state),
        is_default=row.is_default,
        diagnosis=row.diagnosis,
        created_at=row.created_at,
        https=Https(row.https),
        https_since=row.https_since,
        pending_since=row.pending_since,
        checked_at=row.checked_at,
        next_check_at=row.next_check_at,
        verified_at=row.verified_at,
        doubts=row.doubts,
        unanswered=row.unanswered,
    )


def tracking_columns(domain: TrackingDomain) -> dict[str, Any]:
    """Return the columns of a row but its id, and `is_default`, which only `make_default` sets."""
    return {
        "project": domain.project,
        "name": domain.name,
        "target": domain.target,
        "state": domain.state,
        "diagnosis": domain.diagnosis,
        "created_at": domain.created_at,
        "https": domain.https,
        "https_since": domain.https_since,
        "pending_since": domain.pending_since,
        "checked_at": domain.checked_at,
        "next_check_at": domain.next_check_at,
        "verified_at": domain.verified_at,
        "doubts": domain.doubts,
        "unanswered": domain.unanswered,
    }


def change(row: Row[Any]) -> Change:
    """Return the value of a row of `domain_history`."""
    return Change(
        project=row.project,
        domain=row.domain,
        at=row.at,
        cause=Cause(row.cause),
        before=None if row.before is None else State(row.before),
        after=None if row.after is None else State(row.after),
        detail=row.detail,
        evidence=evidence(row.evidence),
        number=row.id,
    )


def change_columns(entry: Change) -> dict[str, Any]:
    """Return the columns of a row of `domain_history` but its id."""
    return {
        "project": entry.project,
        "domain": entry.domain,
        "at": entry.at,
        "cause": entry.cause,
        "before": entry.before,
        "after": entry.after,
        "detail": entry.detail,
        "evidence": entry.evidence and to_json(entry.evidence),
    }


def evidence(column: dict[str, Any] | None) -> Evidence | None:
    """Return the value of a column `evidence`."""
    return None if column is None else from_json(column)


def select_senders() -> Select[Any]:
    """Select sending domains, each with the name of its tracking domain."""
    own = sending_domains.c
    return select(
        own.id,
        own.project,
        own.name,
        own.created_at,
        own.tracking,
        own.share,
        own.rules,
        own.recipients,
        own.token,
        own.verified_at,
        tracking_domains.c.name.label("tracking_domain"),
    ).select_from(sending_domains.outerjoin(tracking_domains))


def sending_domain(row: Row[Any]) -> SendingDomain:
    """Return the value of a row of `select_senders`."""
    return SendingDomain(
        id=row.id,
        project=row.project,
        name=row.name,
        tracking_domain=row.tracking_domain,
        created_at=row.created_at,
        tracking=None if row.tracking is None else Mode(row.tracking),
        share=row.share,
        rules=rules_from_json(row.rules),
        recipients=None if row.recipients is None else RecipientTracking(row.recipients),
        token=row.token,
        verified_at=row.verified_at,
    )


def find_sending_domain(connection: Connection, name: str) -> SendingDomain | None:
    """Return it, or None."""
    row = connection.execute(select_senders().where(sending_domains.c.name == name)).one_or_none()
    return None if row is None else sending_domain(row)


def insert_sending_domain(
    connection: Connection,
    *,
    project: int,
    name: str,
    created_at: datetime,
    token: str,
    verified_at: datetime | None = None,
) -> SendingDomain:
    """Insert it with nothing set, and return it."""
    added = sending_domains.insert().values(
        project=project, name=name, created_at=created_at, token=token, verified_at=verified_at
    )
    number = connection.execute(added.returning(sending_domains.c.id)).scalar_one()
    return SendingDomain(
        id=number,
        project=project,
        name=name,
        tracking_domain=None,
        created_at=created_at,
        token=token,
        verified_at=verified_at,
    )
