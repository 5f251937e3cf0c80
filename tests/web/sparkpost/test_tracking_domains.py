"""Each answer about tracking domains, and each refusal."""

from typing import Any

import pytest

from tests.dns_server import DnsServer
from tests.web.sparkpost.client import SENDING, TRACKING, Client

DOMAIN = "track.example.com"
PENDING = {
    "verified": False,
    "cname_status": "unverified",
    "compliance_status": "valid",
    "tls_status": "unknown",
}
SHOWN = {
    "domain": DOMAIN,
    "port": 80,
    "secure": False,
    "default": False,
    "status": PENDING,
    "uses_managed_certificate": False,
}


@pytest.fixture
def added(client: Client) -> Client:
    """There is a tracking domain."""
    client.results("POST", TRACKING, {"domain": DOMAIN})
    return client


@pytest.fixture
def verified(added: Client, dns: DnsServer) -> Client:
    """There is one that works."""
    dns.add(DOMAIN, "CNAME", "t.waypost.test")
    assert added.results("POST", f"{TRACKING}/{DOMAIN}/verify")["verified"] is True
    return added


def test_one_is_created_and_shown(client: Client) -> None:
    assert client.results("POST", TRACKING, {"domain": "Track.Example.COM"}) == {"domain": DOMAIN}
    assert client.results("GET", f"{TRACKING}/{DOMAIN}") == SHOWN
    assert client.results("GET", TRACKING) == [SHOWN]


def test_a_last_slash_and_capitals_mean_nothing(added: Client) -> None:
    for path in (f"{TRACKING}/{DOMAIN}/", f"{TRACKING}/TRACK.Example.com", f"{TRACKING}/{DOMAIN}."):
        assert added.results("GET", path) == SHOWN
    assert added.error("GET", f"{TRACKING}//{DOMAIN}")[0] == 404


@pytest.mark.parametrize(
    ("sent", "https", "secure", "port", "tls"),
    [
        ({}, "auto", False, 80, "unknown"),
        ({"secure": True}, "require", True, 443, "unknown"),
        ({"secure": False}, "off", False, 80, "unavailable"),
    ],
)
def test_secure_is_how_https_is_used(
    client: Client, sent: dict[str, bool], https: str, secure: bool, port: int, tls: str
) -> None:
    client.results("POST", TRACKING, {"domain": DOMAIN} | sent)
    shown = client.results("GET", f"{TRACKING}/{DOMAIN}")
    assert (shown["secure"], shown["port"], shown["status"]["tls_status"]) == (secure, port, tls)
    assert client.api.get(f"/tracking-domains/{DOMAIN}")["https"] == https


def test_verify_answers_with_the_status_and_with_what_is_wrong(added: Client, dns: DnsServer) -> None:
    status = added.results("POST", f"{TRACKING}/{DOMAIN}/verify")
    assert f"{DOMAIN}. CNAME t.waypost.test." in status.pop("dns")["cname_error"]
    assert status == PENDING | {"cname_status": "pending"}
    dns.add(DOMAIN, "CNAME", "t.waypost.test")
    status = added.results("POST", f"{TRACKING}/{DOMAIN}/verify")
    assert status == PENDING | {"cname_status": "valid", "verified": True}


def test_put_sets_secure_and_default(verified: Client, dns: DnsServer) -> None:
    dns.add("second.example.com", "CNAME", "t.waypost.test")
    verified.results("POST", TRACKING, {"domain": "second.example.com"})
    verified.results("POST", f"{TRACKING}/second.example.com/verify")
    put = verified.results(
        "PUT", f"{TRACKING}/second.example.com", {"default": True, "secure": True, "port": 1}
    )
    assert put == {"domain": "second.example.com"}
    second, first = verified.results("GET", TRACKING)
    assert (second["domain"], second["default"], second["secure"]) == ("second.example.com", True, True)
    assert (first["domain"], first["default"], first["secure"]) == (DOMAIN, False, False)


def test_the_list_may_be_of_defaults_or_of_others(verified: Client) -> None:
    verified.results("POST", TRACKING, {"domain": "other.example.com"})

    def names(query: str) -> list[str]:
        return [each["domain"] for each in verified.results("GET", f"{TRACKING}{query}")]

    assert names("?default=true") == [DOMAIN]
    assert names("?default=false") == ["other.example.com"]
    assert names("?subaccounts=0,7&unheard_of=1") == ["other.example.com", DOMAIN]
    assert names("?subaccounts=7") == []


def test_one_that_is_removed_is_gone_though_its_links_live_on(verified: Client) -> None:
    assert verified.ask("DELETE", f"{TRACKING}/{DOMAIN}").status == 204
    assert verified.api.get(f"/tracking-domains/{DOMAIN}")["state"] == "retired"
    assert verified.results("GET", TRACKING) == []
    for method, body in (("GET", None), ("PUT", {"secure": True}), ("DELETE", None)):
        assert verified.error(method, f"{TRACKING}/{DOMAIN}", body)[0] == 404
    assert verified.error("POST", f"{TRACKING}/{DOMAIN}/verify")[0] == 404
    assert verified.results("POST", TRACKING, {"domain": DOMAIN}) == {"domain": DOMAIN}


def test_one_that_is_linked_is_not_removed(verified: Client) -> None:
    verified.results("POST", SENDING, {"domain": "example.com", "tracking_domain": DOMAIN})
    status, error = verified.error("DELETE", f"{TRACKING}/{DOMAIN}")
    assert (status, error["code"], error["message"]) == (409, "1602", "resource conflict")
    assert "example.com" in error["description"]


NEW, OWN = "b.example.com", f"{TRACKING}/{DOMAIN}"
ERRORS: list[tuple[str, str, Any, int, str, str]] = [
    ("POST", TRACKING, {"domain": DOMAIN}, 409, "1602", "The tracking domain already exists"),
    ("POST", TRACKING, {"domain": "example.com"}, 422, "1300", "domain must be valid"),
    ("POST", TRACKING, {"domain": "t.waypost.test"}, 422, "1300", "domain must be valid"),
    ("POST", TRACKING, {"domain": "a b"}, 422, "1300", "domain must be valid"),
    ("POST", TRACKING, {"domain": "x" * 301}, 422, "1300", "domain must be valid"),
    ("POST", TRACKING, {"domain": 5}, 422, "1300", "domain must be a string"),
    ("POST", TRACKING, {"domain": NEW, "secure": "yes"}, 422, "1300", "secure must be a boolean"),
    ("POST", TRACKING, {"domain": NEW, "default": True}, 422, "1300", f"Tracking domain '{NEW}' unverified."),
    ("POST", TRACKING, {}, 422, "1400", "required field is missing"),
    ("POST", TRACKING, None, 422, "1400", "required field is missing"),
    ("POST", TRACKING, [], 422, "1300", "body must be an object"),
    ("GET", f"{TRACKING}?default=perhaps", None, 400, "1300", "default must be a boolean"),
    ("GET", f"{TRACKING}/no.example.com", None, 404, "1600", "resource not found"),
    ("GET", f"{TRACKING}/nothing", None, 400, "1300", "domain must be valid"),
    ("GET", f"{TRACKING}/{'x' * 301}", None, 400, "1300", "domain must be valid"),
    ("PUT", OWN, {"default": True}, 422, "1300", f"Tracking domain '{DOMAIN}' unverified."),
    ("PUT", OWN, {"secure": None}, 422, "1300", "secure must be a boolean"),
    ("PUT", OWN, {"color": 1}, 400, "1200", "no valid fields in body"),
    ("PUT", f"{TRACKING}/no.example.com", {"secure": True}, 404, "1600", "resource not found"),
    ("DELETE", f"{TRACKING}/no.example.com", None, 404, "1600", "resource not found"),
    ("POST", f"{TRACKING}/no.example.com/verify", None, 404, "1600", "resource not found"),
    ("PATCH", OWN, {}, 405, "", "Method Not Allowed"),
    ("GET", "/transmissions", None, 404, "1600", "resource not found"),
]  # fmt: skip


def test_each_refusal_has_the_status_the_code_and_the_words(added: Client) -> None:
    for method, path, body, status, code, message in ERRORS:
        found, error = added.error(method, path, body)
        assert (found, error.get("code", ""), error["message"]) == (status, code, message), (
            method,
            path,
            body,
        )
        assert error["description"]
        assert added.results("GET", TRACKING) == [SHOWN]


def test_what_the_default_needs_is_seen_to_before_anything_is_changed(added: Client) -> None:
    assert added.error("PUT", f"{TRACKING}/{DOMAIN}", {"secure": True, "default": True})[0] == 422
    assert added.results("GET", TRACKING) == [SHOWN]


def test_the_default_is_another_one_or_stays(verified: Client) -> None:
    status, error = verified.error("PUT", f"{TRACKING}/{DOMAIN}", {"default": False})
    assert (status, error["code"]) == (409, "1602")
    verified.results("POST", TRACKING, {"domain": "other.example.com"})
    verified.results("PUT", f"{TRACKING}/other.example.com", {"default": False})
    assert [each["default"] for each in verified.results("GET", TRACKING)] == [False, True]
