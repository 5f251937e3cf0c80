"""Values for tests of webhooks."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from events.ports import Event
from events.webhooks.model import Kind, Noted, Webhook

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET: Final = bytes(range(32))

WEBHOOK: Final = Webhook(
    id="0a1b2c3d4e5f",
    project=1,
    url="https://hooks.example.com/in?token=hunter2",
    kinds=tuple(Kind),
    created_at=NOW,
    secret=b"sealed",
)


def webhook(**fields: Any) -> Webhook:
    """Return one that wants everything of project 1."""
    return replace(WEBHOOK, **fields)


def noted(number: int = 1, **fields: Any) -> Noted:
    """Return a click that waits."""
    given: dict[str, Any] = {"event": f"{number:032x}", "kind": Kind.CLICK, "at": number, "project": 1}
    return Noted(**given | fields)


def event(number: int = 1, **fields: Any) -> Event:
    """Return that click as it is shown."""
    given: dict[str, Any] = dict.fromkeys(Event.__dataclass_fields__, "") | {
        "id": f"{number:032x}",
        "kind": "click",
        "at": number,
        "shared_copy": False,
        "link": 1,
        "link_tags": (),
        "tags": (),
        "metadata": {},
        "reasons": (),
        "rules": 1,
    }
    return Event(**given | fields)
