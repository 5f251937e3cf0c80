from pathlib import Path

import pytest

from service.database import open_unattended
from service.settings_file import load_settings
from storage.event_store import SqlEventStore
from storage.forgetting import SqlForgettingStore
from tests.events.records import MESSAGE, hit, message, outcome
from tests.web.api_server import Api

ADDRESS = "ann@example.net"
PERSON = {"recipient": ADDRESS}


@pytest.fixture(autouse=True)
def _stored(operator: Api) -> None:
    with open_unattended(load_settings(None, {})) as engine:
        SqlEventStore(engine).add([message(), outcome(1), hit(2), hit(3)])


def test_all_that_is_stored_of_a_person(operator: Api) -> None:
    told = operator.post("/recipients/about", {"recipient": "ANN@example.net"}, status=200)
    [entry] = told["data"]
    assert (entry["message"]["id"], entry["recipient"]["address"]) == (MESSAGE, ADDRESS)
    assert (len(entry["links"]), len(entry["outcomes"]), len(entry["hits"])) == (2, 1, 2)
    assert told["next"] is None
    assert operator.post("/recipients/about", {"recipient": "bob@example.net"}, status=200)["data"] == []


def test_it_is_given_page_by_page(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_unattended(load_settings(None, {})) as engine:
        SqlEventStore(engine).add([message(id=f"{number:024x}") for number in range(4)])
    monkeypatch.setattr(SqlForgettingStore.__init__, "__kwdefaults__", {"messages": 2})
    seen, cursor = [], ""
    while True:
        page = operator.post(f"/recipients/about?{cursor}", PERSON, status=200)
        seen += [each["message"]["id"] for each in page["data"]]
        if page["next"] is None:
            break
        cursor = f"cursor={page['next']}"
    assert len(seen) == len({*seen}) == 5


def test_a_person_is_forgotten(operator: Api) -> None:
    damaged = Path("var/journal/1-a.journal.damaged")
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_text(ADDRESS)
    done = operator.post("/recipients/forget", PERSON, status=200)
    assert (done["received"], done["sent"], done["hits"]) == (1, 0, 2)
    assert done["damaged_files"] == [damaged.name]
    assert ADDRESS not in str(operator.get("/events"))
    entry, *_ = operator.get("/audit-log")["data"]
    assert (entry["action"], entry["kind"], entry["name"]) == ("removed", "person", "(forgotten)")
    assert "ann" not in str(entry)


def test_projects_are_apart(operator: Api) -> None:
    shop = operator.key("admin", "shop")
    assert shop.post("/recipients/about", PERSON, status=200)["data"] == []
    assert shop.post("/recipients/forget", PERSON, status=200)["received"] == 0
    for path in ("/recipients/about", "/recipients/forget"):
        assert shop.ask("POST", f"{path}?all_projects=true", PERSON).code == "missing_scope"
        assert operator.key("write").ask("POST", path, PERSON).code == "missing_scope"
    for path in ("/recipients/about", "/recipients/forget"):
        both = operator.ask("POST", f"{path}?all_projects=true&project=shop", PERSON)
        assert both.body["errors"][0]["pointer"] == "all_projects"
    assert len(operator.post("/recipients/about", PERSON, status=200)["data"]) == 1
    assert operator.post("/recipients/forget?all_projects=true", PERSON, status=200)["received"] == 1


@pytest.mark.parametrize("address", ["", "ann", "@example.net", "a b@example.net", "a\0@example.net"])
def test_what_is_no_address_is_refused(operator: Api, address: str) -> None:
    for path in ("/recipients/about", "/recipients/forget"):
        assert operator.ask("POST", path, {"recipient": address}).code == "invalid_address"
