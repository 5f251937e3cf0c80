"""A tracking domain as commands show it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from admin.dns_record import record_fields
from domains.evidence_format import to_json
from domains.history import Change
from domains.model import TrackingDomain
from domains.names import display
from domains.tracking_domains import TrackingDomainDetails


def domain_fields(shown: TrackingDomain) -> dict[str, Any]:
    """Return it for programs."""
    return {"display": display(shown.name), **asdict(shown)}


def details_fields(details: TrackingDomainDetails) -> dict[str, Any]:
    """Return it for programs, with its record, its sending domains and what the last check saw."""
    return {
        **domain_fields(details.domain),
        "record": record_fields(details.record),
        "senders": details.senders,
        "evidence": to_json(details.evidence) if details.evidence else None,
    }


def change_fields(change: Change) -> dict[str, Any]:
    """Return an entry of a history for programs."""
    return {**asdict(change), "evidence": to_json(change.evidence) if change.evidence else None}


def when(moment: datetime | None) -> str:
    """Return a time for people, UTC."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
