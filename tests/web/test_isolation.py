"""Two projects cannot see or touch each other: every route is walked with the other one's key.

The routes are those of the OpenAPI document, and each place in their paths must be known here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from service.database import open_unattended
from service.settings_file import load_settings
from storage.event_store import SqlEventStore
from tests.dns_server import DnsServer
from tests.events.records import MESSAGE, hit, message, outcome
from tests.web.api_server import Answer, Api
from tests.web.operations import JSON, Operation, operations

HOST, SENDER, PERSON = "track.example.com", "example.com", "ann@example.net"
OPERATORS = ("/projects", "/link-blocks")
"""What only keys of the whole installation may change; projects may be read by others as well."""

EVERYWHERE = {"/openapi.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """The project `default` has one of each; `secrets` are texts that no other project may ever see."""

    operator: Api
    places: Mapping[str, str]
    secrets: tuple[str, ...]

    def operations(self) -> list[Operation]:
        return list(operations(self.operator.get("/openapi.json")))

    def state(self) -> str:
        listings = ("tracking-domains", "sending-domains", "routes", "credentials?revoked=true", "webhooks")
        files = f"tracking-domains/{HOST}/app-files"
        deliveries = f"webhooks/{self.places['/webhooks/{webhook}']}/deliveries"
        paths = (*listings, files, deliveries, "projects", "link-blocks", "events", "api-keys?revoked=true")
        found = [self.operator.get(f"/{path}") for path in paths]
        return json.dumps([self.operator.get("/api-keys?all_projects=true&revoked=true"), *found])


@pytest.fixture
def stocked(operator: Api) -> Stocked:
    number = operator.post("/tracking-domains", {"name": HOST})["id"]
    operator.post("/sending-domains", {"name": SENDER, "tracking_domain": HOST})
    operator.post("/routes", {"name": "bills"})
    operator.ask("PUT", f"/tracking-domains/{HOST}/app-files/assetlinks", [{"relation": ["bills"]}])
    username = operator.post("/credentials", {"label": "web"})["username"]
    key = operator.post("/api-keys", {"scope": "read", "label": "eyes"})["id"]
    webhook = operator.post("/webhooks", {"url": "https://hooks.example.com/in"})["id"]
    with open_unattended(load_settings(None, {})) as engine:
        SqlEventStore(engine).add([message(), outcome(), hit(3)])
    places = {
        "/tracking-domains/{domain}": HOST,
        "/sending-domains/{domain}": SENDER,
        "/routes/{name}": "bills",
        "/projects/{name}": "default",
        "/credentials/{username}": username,
        "/api-keys/{key_id}": key,
        "/webhooks/{webhook}": webhook,
        "/messages/{message}": MESSAGE,
        "{file}": "assetlinks",
        "number": str(number),
    }
    secrets = (HOST, "bills", username, key, webhook, MESSAGE, PERSON)
    return Stocked(operator=operator, places=places, secrets=secrets)


def asked(api: Api, operation: Operation, path: str, example: Any) -> Answer:
    if operation.media in (None, JSON):
        return api.ask(operation.method, path, example)
    return api.ask(operation.method, path, raw=b"Subject: hello\r\n\r\nhello\r\n", media=operation.media)


def about_one(stocked: Stocked, operation: Operation) -> list[str]:
    """Return the paths of things of `default`; [] where the route is about no single one."""
    if "{" not in operation.path:
        return []
    by_number = {"/tracking-domains/{domain}": stocked.places["number"]}
    ways = [stocked.places, {**stocked.places, **by_number}]
    return sorted({operation.filled(places) for places in ways})


def test_with_the_other_projects_key_nothing_is_there(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    before = stocked.state()
    walked = 0
    for operation in stocked.operations():
        operators = operation.path.startswith(OPERATORS) and operation.method != "GET"
        for path in about_one(stocked, operation):
            answer = asked(stranger, operation, path, operation.examples[0])
            assert answer.status == (403 if operators else 404), (operation.name, answer)
            assert not any(secret in str(answer.body) for secret in (PERSON, "hooks.example.com"))
            walked += 1
    assert walked >= 40
    assert stocked.state() == before


def test_the_other_project_cannot_be_named(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    before = stocked.state()
    for operation in stocked.operations():
        path = (about_one(stocked, operation) or [operation.path])[0]
        for name in ("default", "DEFAULT", "none", "1"):
            answer = asked(stranger, operation, f"{path}?project={name}", operation.examples[0])
            assert answer.code == "not_found", (operation.name, name, answer)
    assert stocked.state() == before


def test_lists_hold_nothing_of_the_other_project(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    for operation in stocked.operations():
        if operation.method == "GET" and "{" not in operation.path:
            answer = stranger.ask("GET", operation.path)
            refused = operation.path.startswith("/link-blocks")
            assert answer.status == (403 if refused else 200), (operation.name, answer)
            assert not any(secret in str(answer.body) for secret in stocked.secrets), operation.name


def test_what_is_of_all_projects_is_not_one_projects(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    before = stocked.state()
    walked = 0
    for operation in stocked.operations():
        if "all_projects" not in operation.parameters:
            continue
        path = (about_one(stocked, operation) or [operation.path])[0]
        answer = asked(stranger, operation, f"{path}?all_projects=true", operation.examples[0])
        assert answer.code == "missing_scope", (operation.name, answer)
        walked += 1
    assert walked >= 12
    assert stocked.state() == before


def test_what_is_made_goes_to_the_keys_own_project(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    before = stocked.state()
    for operation in stocked.operations():
        if (
            operation.method == "POST"
            and "{" not in operation.path
            and not operation.path.startswith(OPERATORS)
        ):
            for example in operation.examples:
                answer = asked(stranger, operation, operation.path, example)
                assert answer.status < 500, (operation.name, answer)
    linked = stranger.ask("POST", "/sending-domains", {"name": "x.example", "tracking_domain": HOST})
    assert linked.code == "not_found"
    routed = stranger.ask("POST", "/credentials", {"route": "bills"})
    assert routed.code == "not_found"
    assert stocked.state() == before


def test_ids_that_are_guessed_or_forged_lead_nowhere(stocked: Stocked) -> None:
    stranger = stocked.operator.key("admin", "shop")
    own = stranger.post("/webhooks", {"url": "https://hooks.example.com/own"})["id"]
    for number in ("0", "-1", "1e0", "٣", "9" * 30, f"{stocked.places['number']}.0", "%31", own):
        answer = stranger.ask("GET", f"/tracking-domains/{_quoted(number)}")
        assert answer.code == "not_found", number
    for webhook in (own.upper(), own[:-1], f"{own}0", "0" * 12, "*", "%25", "' OR '1'='1"):
        answer = stranger.ask("GET", f"/webhooks/{_quoted(webhook)}")
        assert answer.code == "not_found", webhook
    for key in ("*", "_" * 8, stranger.token, "0" * 8):
        assert stranger.ask("DELETE", f"/api-keys/{_quoted(key)}").code == "not_found"


def _quoted(text: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode())


def test_a_key_of_the_installation_says_which_project(stocked: Stocked, dns: DnsServer) -> None:
    operator = stocked.operator
    assert operator.get("/routes?project=shop")["data"] == []
    assert [each["name"] for each in operator.get("/routes?project=DEFAULT")["data"]] == ["bills"]
    assert operator.ask("GET", "/routes?project=no").code == "not_found"
    misspelt = operator.ask("GET", "/routes?proejct=shop")
    assert (misspelt.status, misspelt.code) == (422, "unknown_field")
    assert misspelt.body["errors"] == [{"pointer": "proejct", "detail": "is not known here"}]
