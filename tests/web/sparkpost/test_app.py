"""Who is let in, for which project, and what holds for every path."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.web.api_server import Api
from tests.web.sparkpost.client import SENDING, TRACKING, Client, client_of
from tests.web.test_document import HOSTILE

pytest.importorskip("fastapi", reason="fastapi is not installed")

from accounts.lockout import Lockout, LockoutRule
from web.sparkpost import PREFIX
from web.sparkpost.app import build_sparkpost

DOMAIN, HOST = "example.com", "track.example.com"
BODIES: dict[str, Any] = {"POST": {"domain": "b.example.com"}, "PUT": {"secure": True, "tracking_domain": ""}}


def basic(username: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:".encode()).decode()


@pytest.fixture
def stocked(client: Client) -> Client:
    """The project `default` has one of each."""
    client.results("POST", TRACKING, {"domain": HOST})
    client.results("POST", SENDING, {"domain": DOMAIN, "tracking_domain": HOST})
    return client


def routes() -> list[tuple[str, str]]:
    """Return method and path of every route, with a domain of `default` in it."""
    app = build_sparkpost(None, Lockout(LockoutRule(), lambda: 0.0))  # type: ignore[arg-type]
    found = []
    for path, operations in app.openapi()["paths"].items():
        short = path.removeprefix(PREFIX)
        name = HOST if short.startswith(TRACKING) else DOMAIN
        found += [(method.upper(), short.replace("{domain}", name)) for method in operations]
    assert len(found) == 12
    return found


def test_a_key_comes_bare_or_as_bearer_or_basic(operator: Api) -> None:
    for header in (operator.token, f"Bearer {operator.token}", basic(operator.token)):
        assert Client(api=operator, headers={"Authorization": header}).results("GET", TRACKING) == []


def test_who_has_no_live_key_is_told_nothing(nobody: Api) -> None:
    for header in (None, "", "x", "Bearer x", "Bearer", "Basic x", basic("x"), basic(""), "Digest x"):
        stranger = Client(api=nobody, headers={} if header is None else {"Authorization": header})
        status, error = stranger.error("GET", TRACKING)
        assert (status, error["message"]) == (401, "Unauthorized."), header
    for method, path in (("GET", "/nothing"), ("POST", TRACKING), ("PATCH", SENDING)):
        assert Client(api=nobody).error(method, path)[0] == 401


def test_wrong_keys_count_together_with_the_apis(nobody: Api, operator: Api) -> None:
    wrong = "waypost_api_00000000_" + "0" * 32
    for header in (wrong, f"Bearer {wrong}", basic(wrong), "Basic !", wrong):
        Client(api=nobody, headers={"Authorization": header}).ask("GET", TRACKING)
    for _ in range(5):
        Api(port=nobody.port, run=nobody.run, token=wrong).ask("GET", "/projects")
    answer = client_of(operator).ask("GET", TRACKING)
    assert (answer.status, answer.headers["retry-after"]) == (429, "600")
    assert answer.body["errors"][0]["message"] == "Too Many Requests"
    assert operator.ask("GET", "/projects").code == "too_many_failures"


def test_a_key_that_may_only_read_changes_nothing(stocked: Client) -> None:
    reader = client_of(stocked.api.key("read", "default"))
    for method, path in routes():
        if method == "GET":
            reader.results(method, path)
            continue
        status, error = reader.error(method, path, BODIES.get(method))
        assert (status, error["message"]) == (403, "Forbidden."), (method, path)
    assert [each["domain"] for each in stocked.results("GET", TRACKING)] == [HOST]


def test_with_the_other_projects_key_nothing_is_there(stocked: Client) -> None:
    stranger = client_of(stocked.api.key("admin", "shop"))
    before = [stocked.results("GET", path) for path in (TRACKING, SENDING)]
    for method, path in routes():
        if path in (TRACKING, SENDING):
            if method == "GET":
                assert stranger.results(method, path) == []
            continue
        for headers in ({}, {"X_MSYS_SUBACCOUNT": "0"}, {"X_MSYS_SUBACCOUNT": "99"}):
            status, error = stranger.error(method, path, BODIES.get(method), **headers)
            assert (status, error["code"]) == (404, "1600"), (method, path, headers)
    for method in ("GET", "POST"):
        body = BODIES.get(method)
        assert stranger.error(method, TRACKING, body, X_MSYS_SUBACCOUNT="0")[0] == 404
    linked = stranger.error("POST", SENDING, {"domain": "b.example", "tracking_domain": HOST})
    assert linked[0] == 400
    assert [stocked.results("GET", path) for path in (TRACKING, SENDING)] == before
    assert stranger.results("GET", SENDING) == []


def test_a_subaccount_is_a_project(stocked: Client) -> None:
    shop = client_of(stocked.api.key("admin", "shop"))
    shop.results("POST", TRACKING, {"domain": "click.shop.example"})
    [shown] = shop.results("GET", TRACKING)
    number = str(shown["subaccount_id"])
    for each in (shop, stocked):
        assert each.results("GET", TRACKING, X_MSYS_SUBACCOUNT=number) == [shown]
        assert each.results("GET", f"{TRACKING}?subaccounts={number},99,x") == [shown]
    assert len(stocked.results("GET", f"{TRACKING}?subaccounts=0,{number}")) == 2
    assert shop.results("GET", f"{TRACKING}?subaccounts=0") == []
    [own] = stocked.results("GET", TRACKING, X_MSYS_SUBACCOUNT="0")
    assert "subaccount_id" not in own
    assert own["domain"] == HOST
    assert stocked.error("GET", TRACKING, X_MSYS_SUBACCOUNT="-1")[0] == 400
    assert stocked.error("GET", TRACKING, X_MSYS_SUBACCOUNT="9" * 40)[0] == 404
    status, error = stocked.error("GET", TRACKING, X_MSYS_SUBACCOUNT="shop")
    assert (status, error["param"]) == (400, "X-MSYS-SUBACCOUNT")


def test_changes_are_written_down_as_the_keys(stocked: Client) -> None:
    entry, *_ = stocked.api.get("/audit-log")["data"]
    assert entry["actor"] == f"key:{stocked.api.token.split('_')[2]}"
    assert {"tracking domain", "sending domain"} <= {
        each["kind"] for each in stocked.api.get("/audit-log")["data"]
    }


def test_bodies_that_cannot_be_read_are_refused(client: Client) -> None:
    long = b'{"domain":"' + b"x" * 1024 * 1024 + b'"}'
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    for raw, headers, status in (
        (b"{", {}, 400),
        (b"\xff\xfe{", {}, 400),
        (b"domain=track.example.com", form, 415),
        (long, {}, 413),
        (b"%x\r\n%b\r\n0\r\n\r\n" % (len(long), long), {"Transfer_Encoding": "chunked"}, 413),
    ):
        answer = client.ask("POST", TRACKING, raw=raw, **headers)
        assert answer.status == status, answer
        assert [*answer.body] == ["errors"]
    assert client.results("GET", TRACKING) == []


def test_hostile_texts_are_never_a_fault(stocked: Client) -> None:
    for text in HOSTILE:
        quoted = "".join(f"%{octet:02x}" for octet in text.encode("utf-8", "surrogatepass"))
        for method, path, body in (
            ("POST", TRACKING, {"domain": text}),
            ("POST", SENDING, {"domain": text}),
            ("POST", SENDING, {"domain": "c.example", "tracking_domain": text}),
            ("PUT", f"{SENDING}/{DOMAIN}", {"tracking_domain": text}),
            ("GET", f"{TRACKING}?default={quoted}&subaccounts={quoted}", None),
            ("GET", f"{SENDING}/{quoted}", None),
            ("DELETE", f"{TRACKING}/{quoted}", None),
            ("POST", f"{TRACKING}/{quoted}/verify", {text: text}),
        ):
            answer = stocked.ask(method, path, body)
            assert answer.status in (200, 400, 404, 409, 422), (method, path, answer)
            assert [*answer.body] == ["results" if answer.status == 200 else "errors"]
        assert stocked.results("GET", f"{SENDING}?dkim_status={quoted}") == []
    assert [each["domain"] for each in stocked.results("GET", TRACKING)] == [HOST]


def test_while_the_database_is_away_callers_come_again(client: Client) -> None:
    Path("var/waypost.db").rename("away.db")
    answer = client.ask("GET", TRACKING)
    assert (answer.status, [*answer.body]) == (503, ["errors"])
    assert int(answer.headers["retry-after"]) > 0
    assert "waypost.db" not in str(answer.body)
    Path("away.db").rename("var/waypost.db")
    assert client.results("GET", TRACKING) == []


def test_the_apis_document_does_not_tell_of_it(operator: Api) -> None:
    assert not [path for path in operator.get("/openapi.json")["paths"] if "sparkpost" in path]
    assert client_of(operator).error("GET", "/openapi.json")[0] == 404


def test_its_documentation_names_every_path() -> None:
    told = (Path(__file__).parents[3] / "docs" / "sparkpost.md").read_text()
    named = set(re.findall(r"`([a-z/{}-]+)`", told))
    assert {path.replace(HOST, "{domain}").replace(DOMAIN, "{domain}") for _, path in routes()} <= named
