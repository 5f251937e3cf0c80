from datetime import UTC, datetime
from urllib.parse import quote

from service.database import open_unattended
from service.settings_file import load_settings
from storage.event_store import SqlEventStore
from tests.events.records import AT, MESSAGE, hit, message, outcome
from tests.web.api_server import Api

OTHER = "1" * 24


def stored() -> None:
    """Store a message of each project, and clicks on them, of which two are of the same time."""
    with open_unattended(load_settings(None, {})) as engine:
        store = SqlEventStore(engine)
        store.add([message(), outcome(), message(id=OTHER, project=2)])
        store.add([hit(number, at=AT + 5) for number in (3, 2)])
        store.add([hit(4, at=AT + 9), hit(5, message=OTHER, project=2, at=AT + 7)])


def test_events_are_followed_page_by_page_each_once(operator: Api) -> None:
    stored()
    seen, path = [], "/events?limit=1"
    while path:
        page = operator.get(path)
        seen += page["data"]
        path = page["next"] and f"/events?limit=1&cursor={page['next']}"
    assert [(each["kind"], each["at"] - AT) for each in seen] == [
        ("relayed", 1),
        ("click", 5),
        ("click", 5),
        ("click", 9),
    ]
    assert len({each["id"] for each in seen}) == 4
    assert seen[0]["recipient"] == "ann@example.net"
    assert {each["message"] for each in seen} == {MESSAGE}


def test_they_are_chosen_by_what_is_asked(operator: Api) -> None:
    stored()

    def count(query: str) -> int:
        return len(operator.get(f"/events?{query}")["data"])

    moment = quote(datetime.fromtimestamp((AT + 6) / 1000, UTC).isoformat())
    assert count("kind=click") == count("host=track.example.com") == 3
    assert count(f"kind=click&since={moment}") == 1
    assert count(f"kind=click&until={moment}") == 2
    assert count("recipient=ann@example.net") == count("tag=welcome") == count(f"message={MESSAGE}") == 4
    assert count("recipient=bob@example.net") == count("link=%00") == 0
    assert operator.ask("GET", "/events?kind=seen").body["errors"][0]["pointer"] == "kind"
    assert operator.ask("GET", "/events?since=2026-11-21").code == "invalid_request"
    for cursor in ("x", "YWJj", quote("!")):
        assert operator.ask("GET", f"/events?cursor={cursor}").code == "invalid_cursor"


def test_each_project_sees_its_own(operator: Api) -> None:
    stored()
    shop = operator.key("read", "shop")
    [only] = shop.get("/events")["data"]
    assert only["message"] == OTHER
    assert shop.get(f"/events?message={MESSAGE}")["data"] == []
