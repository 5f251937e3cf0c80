from accounts.model import DEFAULT_PROJECT
from events.webhooks.model import BY_HAND
from service.checkup.finding import ok
from service.checkup.webhooks import look_at_webhooks
from service.database import open_database
from service.settings import Settings
from storage.webhook_store import SqlWebhookStore
from tests.events.webhooks.builders import NOW, WEBHOOK, webhook
from tests.service.checkup.findings import bad, with_section

URL = "https://hooks.example.com/in?…"


def add(settings: Settings, number: str, paused: str = "", **fields: object) -> None:
    with open_database(settings) as engine:
        store = SqlWebhookStore(engine)
        store.add(webhook(id=number, **fields))
        if paused:
            store.pause(number, paused)


def test_without_webhooks_nothing_is_said(settings: Settings) -> None:
    assert list(look_at_webhooks(settings, 0)) == []


def test_those_that_are_well_and_those_that_are_paused_by_hand(settings: Settings) -> None:
    add(settings, WEBHOOK.id)
    add(settings, "other", BY_HAND)
    assert list(look_at_webhooks(settings, 0)) == [ok("webhooks", "1 of 2 are told what happens")]


def test_those_that_fail_or_were_given_up(settings: Settings) -> None:
    add(settings, "a", failures=3, failing_since=NOW, failing_why="answered 500", project=DEFAULT_PROJECT)
    add(settings, "b", "answered 410", project=None)
    assert bad(look_at_webhooks(settings, 0)) == [
        f"warn webhooks: a to {URL} fails since 2026-03-01 12:00: answered 500 → "
        "try it with waypost webhook test a; after a day it is paused",
        f"warn webhooks: b to {URL} is paused: answered 410 → "
        "mend the receiver, then run waypost webhook resume --all-projects b",
    ]


def test_without_a_database_another_finding_tells(settings: Settings) -> None:
    away = with_section(settings, "database", url="sqlite:///elsewhere.db")
    assert list(look_at_webhooks(away, 0)) == []
