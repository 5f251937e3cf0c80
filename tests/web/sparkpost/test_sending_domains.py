"""Each answer about sending domains, and each refusal."""

from typing import Any

import pytest

from tests.dns_server import DnsServer
from tests.web.sparkpost.client import SENDING, TRACKING, Client

DOMAIN, HOST = "example.com", "track.example.com"
STATUS = {
    "ownership_verified": False,
    "dkim_status": "unverified",
    "cname_status": "unverified",
    "mx_status": "unverified",
    "spf_status": "unverified",
    "abuse_at_status": "unverified",
    "postmaster_at_status": "unverified",
    "verification_mailbox_status": "unverified",
    "compliance_status": "valid",
}
SHOWN = {"status": STATUS, "shared_with_subaccounts": False, "is_default_bounce_domain": False}


@pytest.fixture
def added(client: Client) -> Client:
    """There is a sending domain, and a tracking domain."""
    client.results("POST", TRACKING, {"domain": HOST})
    client.results("POST", SENDING, {"domain": DOMAIN})
    return client


def shown(client: Client) -> dict[str, Any]:
    """Return the sending domain without its time."""
    found: dict[str, Any] = client.results("GET", f"{SENDING}/{DOMAIN}")
    assert found.pop("creation_time").endswith("+00:00")
    return found


def test_one_is_created_and_shown(client: Client) -> None:
    made = client.results(
        "POST", SENDING, {"domain": "Example.com", "generate_dkim": True, "dkim": {"private": "x"}}
    )
    assert made == {"message": "Successfully Created domain.", "domain": DOMAIN}
    assert shown(client) == SHOWN
    [listed] = client.results("GET", SENDING)
    assert listed == SHOWN | {"domain": DOMAIN, "creation_time": listed["creation_time"]}


def test_one_is_linked_and_unlinked(added: Client) -> None:
    put = added.results("PUT", f"{SENDING}/{DOMAIN}", {"tracking_domain": HOST, "dkim": {}})
    assert put == {"message": "Successfully Updated Domain.", "domain": DOMAIN}
    assert shown(added) == SHOWN | {"tracking_domain": HOST}
    added.results("PUT", f"{SENDING}/{DOMAIN}", {"tracking_domain": ""})
    assert shown(added) == SHOWN


def test_one_is_created_with_its_link(added: Client) -> None:
    added.results("POST", SENDING, {"domain": "b.example", "tracking_domain": HOST})
    assert added.results("GET", f"{SENDING}/b.example")["tracking_domain"] == HOST


def test_its_txt_record_proves_it(added: Client, dns: DnsServer) -> None:
    status = added.results("POST", f"{SENDING}/{DOMAIN}/verify", {"dkim_verify": True})
    told = status.pop("dns")
    assert status == STATUS
    assert f"_waypost.{DOMAIN}" in told["txt_error"]
    dns.add(f"_waypost.{DOMAIN}", "TXT", f'"{told["txt_record"]}"')
    proven = STATUS | {"ownership_verified": True}
    assert added.results("POST", f"{SENDING}/{DOMAIN}/verify") == proven
    assert shown(added) == SHOWN | {"status": proven}


def test_the_list_may_be_of_one_status(added: Client) -> None:
    for query, found in (
        ("ownership_verified=false", 1),
        ("ownership_verified=true", 0),
        ("dkim_status=unverified&compliance_status=valid&unheard_of=1", 1),
        ("dkim_status=valid", 0),
        ("is_default_bounce_domain=true", 0),
    ):
        assert len(added.results("GET", f"{SENDING}?{query}")) == found, query


def test_one_below_another_projects_is_blocked(client: Client) -> None:
    number = str(project_number(client, "shop"))
    client.results("POST", SENDING, {"domain": DOMAIN}, X_MSYS_SUBACCOUNT=number)
    client.results("POST", SENDING, {"domain": f"news.{DOMAIN}"})
    assert client.results("GET", f"{SENDING}/news.{DOMAIN}")["status"]["compliance_status"] == "blocked"


def test_another_projects_is_had_by_its_record(client: Client, dns: DnsServer) -> None:
    number = str(project_number(client, "shop"))
    client.results("POST", SENDING, {"domain": DOMAIN}, X_MSYS_SUBACCOUNT=number)
    status, error = client.error("POST", SENDING, {"domain": DOMAIN})
    assert (status, error["code"], error["message"]) == (400, "7004", "Domain in use by another account")
    record = error["description"].rpartition('TXT "')[2].rstrip('"')
    assert client.error("POST", f"{SENDING}/{DOMAIN}/verify")[0] == 404
    dns.add(f"_waypost.{DOMAIN}", "TXT", f'"{record}"')
    assert client.results("POST", f"{SENDING}/{DOMAIN}/verify")["ownership_verified"] is True
    assert client.results("GET", SENDING, X_MSYS_SUBACCOUNT=number) == []


OWN, NO, NEW = f"{SENDING}/{DOMAIN}", "no.example.com", {"domain": "b.example"}
UNREGISTERED = f"Tracking domain '{NO}' is not a registered tracking domain"
ERRORS: list[tuple[str, str, Any, int, str, str, str]] = [
    ("POST", SENDING, {"domain": DOMAIN}, 409, "1602", "resource conflict", "already"),
    ("POST", SENDING, {"domain": "a b"}, 422, "1300", "domain must be valid", "white space"),
    ("POST", SENDING, NEW | {"tracking_domain": NO}, 400, "1200", "invalid params", UNREGISTERED),
    ("POST", SENDING, NEW | {"tracking_domain": "a b"}, 400, "1200", "invalid params", "'a b'"),
    ("POST", SENDING, {}, 422, "1400", "required field is missing", "domain is required"),
    ("PUT", OWN, {"tracking_domain": NO}, 400, "1200", "invalid params", UNREGISTERED),
    ("PUT", OWN, {"tracking_domain": None}, 422, "1300", "tracking_domain must be a string", ""),
    ("PUT", OWN, {"dkim": {}}, 400, "1200", "no valid fields in body", "tracking_domain"),
    ("PUT", f"{SENDING}/no.example", {"tracking_domain": HOST}, 404, "1600", "resource not found", ""),
    ("GET", f"{SENDING}/no.example", None, 404, "1600", "resource not found", ""),
    ("GET", f"{SENDING}/a%20b", None, 400, "1300", "domain must be valid", ""),
    ("DELETE", f"{SENDING}/no.example", None, 404, "1600", "resource not found", ""),
    ("POST", f"{SENDING}/no.example/verify", {}, 404, "1600", "resource not found", ""),
    ("POST", f"{OWN}/verify", {"abuse_at_verify": True}, 400, "1200", "invalid params", "TXT"),
    ("POST", f"{OWN}/verify", {"abuse_at_token": "x"}, 400, "1200", "invalid params", "TXT"),
    ("POST", f"{OWN}/verify", {"abuse_at_verify": 1}, 422, "1300", "abuse_at_verify must be a boolean", ""),
]  # fmt: skip


def test_each_refusal_has_the_status_the_code_and_the_words(added: Client) -> None:
    before = added.results("GET", SENDING)
    for method, path, body, status, code, message, told in ERRORS:
        found, error = added.error(method, path, body)
        assert (found, error["code"], error["message"]) == (status, code, message), (method, path, body)
        assert told in error["description"]
        assert error["description"]
        assert added.results("GET", SENDING) == before


def test_one_is_removed(added: Client) -> None:
    assert added.ask("DELETE", f"{SENDING}/{DOMAIN}").status == 204
    assert added.error("GET", f"{SENDING}/{DOMAIN}")[0] == 404


def project_number(client: Client, name: str) -> int:
    """Return the id of a project."""
    found = client.api.get("/projects")["data"]
    return next(int(each["id"]) for each in found if each["name"] == name)
