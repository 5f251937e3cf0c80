"""Two projects cannot see or touch each other: every route is walked with the other one's key."""

import pytest

from tests.dns_server import DnsServer
from tests.web.api_server import Api

OWN = {
    "domain": {"/tracking-domains": "track.example.com", "/sending-domains": "example.com"},
    "name": {"/routes": "bills", "/projects": "default"},
}


@pytest.fixture
def stocked(operator: Api) -> Api:
    """The project `default` has one of each."""
    operator.post("/tracking-domains", {"name": "track.example.com"})
    operator.post("/sending-domains", {"name": "example.com", "tracking_domain": "track.example.com"})
    operator.post("/routes", {"name": "bills"})
    operator.post("/credentials", {"label": "web"})
    return operator


def object_paths(api: Api) -> list[tuple[str, str]]:
    """Return method and path of each route about one object, with an object of `default` in it."""
    username = api.get("/credentials")["data"][0]["username"]
    number = str(api.get("/tracking-domains")["data"][0]["id"])
    found = []
    for path, operations in api.get("/openapi.json")["paths"].items():
        short = path.removeprefix("/api/v1")
        if "{" not in short:
            continue
        group = short[: short.index("/{")]
        values = [OWN.get("domain", {}).get(group) or OWN["name"].get(group) or username]
        values += [number] if group == "/tracking-domains" else []
        start, end = short.index("{"), short.index("}") + 1
        found += [
            (method.upper(), short[:start] + value + short[end:]) for method in operations for value in values
        ]
    return found


def test_with_the_other_projects_key_nothing_is_there(stocked: Api) -> None:
    stranger = stocked.key("admin", "shop")
    walked = object_paths(stocked)
    assert len(walked) > 20
    for method, path in walked:
        answer = stranger.ask(method, path, {} if method in ("POST", "PATCH") else None)
        operator_only = path.startswith("/projects") and method != "GET"
        assert answer.status == (403 if operator_only else 404), (method, path, answer)
        aimed = stranger.ask(method, f"{path}?project=default", {} if method in ("POST", "PATCH") else None)
        assert aimed.status == 404, (method, path, aimed)
    for path in ("/tracking-domains", "/sending-domains", "/routes", "/credentials"):
        assert stranger.get(path)["data"] == []
    assert [each["name"] for each in stranger.get("/projects")["data"]] == ["shop"]
    for path in ("/link-blocks", "/link-blocks?project=shop"):
        assert stranger.ask("GET", path).code == "missing_scope"


def test_and_all_is_as_it_was(stocked: Api, dns: DnsServer) -> None:
    before = [stocked.get(path) for path in ("/tracking-domains", "/sending-domains", "/credentials")]
    stranger = stocked.key("admin", "shop")
    for method, path in object_paths(stocked):
        stranger.ask(method, path, {} if method in ("POST", "PATCH") else None)
    linked = stranger.ask(
        "POST", "/sending-domains", {"name": "x.example", "tracking_domain": "track.example.com"}
    )
    assert linked.code == "not_found"
    assert stranger.get("/sending-domains")["data"] == []
    assert [stocked.get(path) for path in ("/tracking-domains", "/sending-domains", "/credentials")] == before


def test_a_key_of_the_installation_says_which_project(stocked: Api) -> None:
    assert stocked.get("/routes?project=shop")["data"] == []
    assert [each["name"] for each in stocked.get("/routes?project=DEFAULT")["data"]] == ["bills"]
    assert stocked.ask("GET", "/routes?project=no").code == "not_found"
    misspelt = stocked.ask("GET", "/routes?proejct=shop")
    assert (misspelt.status, misspelt.code) == (422, "unknown_field")
    assert misspelt.body["errors"] == [{"pointer": "proejct", "detail": "is not known here"}]
