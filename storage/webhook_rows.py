"""Rows of webhooks and their deliveries as the values of `events.webhooks.model`."""

from typing import Any

from sqlalchemy import Row

from events.webhooks.model import Delivery, DeliveryState, Kind, Noted, Webhook
from storage.webhook_tables import webhooks

WEBHOOK_COLUMNS = [column for column in webhooks.columns if column.name in Webhook.__dataclass_fields__]


def webhook(row: Row[Any]) -> Webhook:
    """Return a webhook of a row of `WEBHOOK_COLUMNS`."""
    values = dict(row._mapping)
    # A kind of a newer version, left by a machine that ran it, is passed over.
    kinds = tuple(kind for kind in Kind if kind in values["kinds"])
    return Webhook(**values | {"kinds": kinds})


def webhook_values(webhook: Webhook) -> dict[str, Any]:
    """Return the columns of a new webhook."""
    return {column.name: getattr(webhook, column.name) for column in WEBHOOK_COLUMNS}


def delivery(row: Row[Any]) -> Delivery:
    """Return a delivery of a row of `webhook_deliveries`."""
    values = dict(row._mapping)
    ended = DeliveryState.DELIVERED if values.pop("delivered") else DeliveryState.FAILED
    state = DeliveryState.WAITING if values["ended_at"] is None else ended
    return Delivery(**values | {"events": tuple(map(_noted, values["events"])), "state": state})


def event_values(noted: Noted) -> list[Any]:
    """Return an event as it stands in a delivery."""
    return [noted.event, noted.kind, noted.at, noted.project, noted.payload]


def _noted(values: list[Any]) -> Noted:
    event, kind, at, project, payload = values
    return Noted(event=event, kind=Kind(kind), at=at, project=project, payload=payload)
