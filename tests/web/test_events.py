import json
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


def test_the_newest_come_first_where_that_is_asked(operator: Api) -> None:
    stored()
    seen, cursor = [], ""
    while True:
        page = operator.get(f"/events?order=newest&limit=3{cursor}")
        seen += [each["at"] - AT for each in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [9, 5, 5, 1]


def test_what_a_sender_wrote_is_told_whatever_it_is(operator: Api) -> None:
    with open_unattended(load_settings(None, {})) as engine:
        odd = message(tags=("a\ud800",), metadata={"\udc80": "b\x00"}, problems=("c\udfff",))
        SqlEventStore(engine).add([odd, outcome(reply="550 \udcff"), hit(2, user_agent="\udc80")])
    [relayed, click] = operator.get("/events")["data"]
    assert (relayed["tags"], relayed["metadata"]) == (["a\\ud800"], {"\\udc80": "b\\x00"})
    assert click["user_agent"] == "\\udc80"
    assert operator.get(f"/messages/{MESSAGE}")["problems"] == ["c\\udfff"]
    assert operator.get("/stats?by=tag&since=2020-01-01T00:00:00Z")["data"][0]["value"] == "a\\ud800"


def test_one_message_with_its_links_and_hits(operator: Api) -> None:
    stored()
    shown = operator.get(f"/messages/{MESSAGE}")
    assert (shown["at"], shown["recipients"], shown["pixel"]) == (AT, ["ann@example.net"], True)
    assert [(link["number"], link["name"], link["clicks"]["all"]) for link in shown["links"]] == [
        (1, "offer", 3),
        (2, "", 0),
    ]
    assert (shown["clicks"]["all"], shown["opens"]["all"]) == (3, 0)
    assert [each["kind"] for each in shown["events"]["data"]] == ["relayed", "click", "click", "click"]
    assert operator.ask("GET", f"/messages/{OTHER}").code == "not_found"
    assert operator.get(f"/messages/{OTHER}?project=shop")["id"] == OTHER
    assert operator.ask("GET", "/messages/none").code == "not_found"


SINCE = "since=2020-01-01T00:00:00Z"


def test_numbers_are_those_of_the_command_line(operator: Api) -> None:
    stored()
    since = ("--since", "2020-01-01T00:00:00")
    for by in ("message", "link", "tag", "sender", "domain", "day", "agent"):
        told = operator.run("events", "stats", "--json", "--project", "default", "--by", by, *since).output
        assert operator.get(f"/stats?{SINCE}&by={by}")["data"] == json.loads(told), by
    [every] = operator.get(f"/stats?{SINCE}")["data"]
    assert (every["clicks"]["all"], every["clicks"]["all_readers"]) == (3, 1)
    assert operator.get("/stats")["data"] == []
    assert operator.get(f"/stats?{SINCE}&recipient=bob@example.net")["data"] == []
    assert len(operator.get(f"/stats?{SINCE}&by=message&limit=1&project=shop")["data"]) == 1
    for query in (
        "until=2020-01-01T00:00:00Z",
        "since=0001-01-01T00:00:00%2B14:00",
        "since=9999-12-31T23:59:59-12:00",
    ):
        assert operator.get(f"/stats?{query}")["data"] is not None
    assert operator.ask("GET", "/stats?by=hour").code == "invalid_request"


def test_what_was_left_alone_is_told_by_sending_domain(operator: Api) -> None:
    stored()
    [own] = operator.get(f"/report?{SINCE}")["data"]
    assert (own["sending_domain"], own["messages"], own["links"]) == ("example.com", 1, 2)
    assert own["left_alone"] == {"not-http": 2}
    assert operator.get("/report")["data"] == []


def test_each_project_sees_its_own(operator: Api) -> None:
    stored()
    shop = operator.key("read", "shop")
    [only] = shop.get("/events")["data"]
    assert only["message"] == OTHER
    assert shop.get(f"/events?message={MESSAGE}")["data"] == []
