"""Each use case by command line and by the API: the outcome is the same, as the store has it afterwards."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.dns_server import DnsServer
from tests.web.api_server import Api

Arguments = tuple[str, ...]
Request = tuple[str, str, Any]

DOMAIN, SENDER = "track.example.com", "example.com"
STATE: tuple[Arguments, ...] = (
    ("domain", "list", "--retired", "--json"),
    ("sender", "list", "--json"),
    ("route", "list", "--json"),
    ("project", "list", "--json"),
    ("credential", "list", "--revoked", "--json"),
    ("links", "list", "--json"),
)
OWN = {"id", "created_at", "pending_since", "next_check_at", "checked_at", "verified_at", "revoked_at"}
GENERATED = {"token", "record", "username"}
"""What differs between two that are made alike."""

CASES: dict[str, tuple[list[Arguments], Arguments, Request]] = {
    "add a domain": (
        [],
        ("domain", "add", DOMAIN, "--https", "require"),
        ("POST", "/tracking-domains", {"name": DOMAIN, "https": "require"}),
    ),
    "rename a domain": (
        [("domain", "add", DOMAIN)],
        ("domain", "update", DOMAIN, "--name", "new.example.com"),
        ("PATCH", f"/tracking-domains/{DOMAIN}", {"name": "new.example.com"}),
    ),
    "verify a domain": (
        [("domain", "add", DOMAIN)],
        ("domain", "verify", DOMAIN),
        ("POST", f"/tracking-domains/{DOMAIN}/verify", None),
    ),
    "remove a verified domain": (
        [("domain", "add", DOMAIN), ("domain", "verify", DOMAIN)],
        ("domain", "remove", DOMAIN),
        ("DELETE", f"/tracking-domains/{DOMAIN}", None),
    ),
    "add and link a sender": (
        [("domain", "add", DOMAIN), ("sender", "add", SENDER)],
        ("sender", "link", SENDER, DOMAIN),
        ("PATCH", f"/sending-domains/{SENDER}", {"tracking_domain": DOMAIN}),
    ),
    "set a sender": (
        [("sender", "add", SENDER)],
        ("sender", "set", SENDER, "--tracking", "observe", "--share", "5"),
        ("PATCH", f"/sending-domains/{SENDER}", {"tracking": "observe", "share": 5}),
    ),
    "remove a sender": (
        [("sender", "add", SENDER)],
        ("sender", "remove", SENDER),
        ("DELETE", f"/sending-domains/{SENDER}", None),
    ),
    "add a route": (
        [],
        ("route", "add", "bills", "--clicks", "off"),
        ("POST", "/routes", {"name": "bills", "clicks": False}),
    ),
    "change a route": (
        [("route", "add", "bills", "--clicks", "off")],
        ("route", "set", "bills", "--clicks", "inherit", "--text", "on"),
        ("PATCH", "/routes/bills", {"clicks": None, "text": True}),
    ),
    "add a project": (
        [],
        ("project", "add", "two"),
        ("POST", "/projects", {"name": "two"}),
    ),
    "change a project": (
        [("project", "add", "two")],
        ("project", "set", "two", "--tracking", "off", "--add-network", "192.0.2.0/24"),
        ("PATCH", "/projects/two", {"tracking": "off", "add_networks": ["192.0.2.0/24"]}),
    ),
    "add a credential": (
        [],
        ("credential", "add", "--label", "web", "--messages-per-minute", "9"),
        ("POST", "/credentials", {"label": "web", "messages_per_minute": 9}),
    ),
    "block a link": (
        [],
        ("links", "block", "--host", "*.Shop.example", "--reason", "harm"),
        ("POST", "/link-blocks", {"kind": "host", "value": "*.Shop.example", "reason": "harm"}),
    ),
    "unblock a link": (
        [("links", "block", "--host", "shop.example")],
        ("links", "unblock", "--host", "shop.example"),
        ("DELETE", "/link-blocks?kind=host&value=shop.example", None),
    ),
}


def state(api: Api) -> list[Any]:
    """Return what is there, without what two that are made alike differ in."""
    return [plain(json.loads(api.run(*listing).output)) for listing in STATE]


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in OWN | GENERATED}
    return value


def undone(api: Api) -> None:
    """Remove all that the cases make, links that live on too."""
    from service.database import open_database
    from service.settings_file import load_settings
    from storage.metadata import metadata

    with open_database(load_settings(None, {})) as engine, engine.begin() as connection:
        for table in ("sending_domains", "tracking_domains", "domain_history", "credentials", "routes"):
            connection.execute(metadata.tables[table].delete())
        connection.execute(metadata.tables["link_blocks"].delete())
        connection.execute(metadata.tables["projects"].delete().where(metadata.tables["projects"].c.id > 2))


@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_the_same(operator: Api, dns: DnsServer, name: str) -> None:
    before, command, (method, path, body) = CASES[name]
    dns.add(DOMAIN, "CNAME", "t.waypost.test")
    outcomes = []
    acts: tuple[Callable[[], Any], ...] = (
        lambda: operator.run(*command),
        lambda: operator.ask(method, path, body),
    )
    for act in acts:
        for arguments in before:
            operator.run(*arguments)
        untouched = state(operator)
        done = act()
        assert getattr(done, "status", 200) < 300, done
        outcomes.append(state(operator))
        assert outcomes[-1] != untouched
        undone(operator)
    assert outcomes[0] == outcomes[1]
