import re
from pathlib import Path

import pytest

from accounts import errors as accounts
from domains import errors as domains
from domains.claims import ProofNeeded
from tests.web.api_server import Api

pytest.importorskip("fastapi", reason="fastapi is not installed")

from web.refusals import KINDS


def test_every_refusal_of_domains_and_accounts_has_a_status() -> None:
    known = {*domains.DomainError.__subclasses__(), *accounts.AccountError.__subclasses__(), ProofNeeded}
    assert known <= {*KINDS}


@pytest.mark.parametrize(
    ("body", "code", "pointers"),
    [
        ({"name": "track.example.com", "nam": 1, "a/b~": 2}, "unknown_field", ["#/nam", "#/a~1b~0"]),
        ({"name": 5}, "invalid_request", ["#/name"]),
        ({}, "invalid_request", ["#/name"]),
        ({"name": "track.example.com", "https": "perhaps"}, "invalid_request", ["#/https"]),
        ({"name": "x" * 301}, "invalid_request", ["#/name"]),
        ([], "invalid_request", ["#"]),
        ({"name": "example.com"}, "invalid_name", []),
        ({"name": "track.example.com", "target": "elsewhere.example"}, "invalid_name", []),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    operator: Api, body: object, code: str, pointers: list[str]
) -> None:
    refused = operator.ask("POST", "/tracking-domains", body)
    assert (refused.status, refused.code) == (422, code)
    assert [each["pointer"] for each in refused.body.get("errors", [])] == pointers
    assert refused.body["detail"]
    assert operator.get("/tracking-domains")["data"] == []


def test_what_is_no_json_and_what_is_too_long_is_refused(operator: Api) -> None:
    for body in (b"{", b"x", b"{}x", b"\xff\xfe{", b"[" * 100_000):
        broken = operator.ask("POST", "/routes", raw=body)
        assert (broken.status, broken.code) == (400, "bad_request"), body
    assert "at character 1" in operator.ask("POST", "/routes", raw=b"{").body["detail"]
    assert operator.ask("POST", "/routes", raw=b"").code == "invalid_request"
    for media in ("application/x-www-form-urlencoded", "text/plain", ""):
        form = operator.ask("POST", "/routes", raw=b'{"name": "bills"}', media=media)
        assert (form.status, form.code) == (415, "unsupported_media_type"), media
    long = operator.ask("POST", "/routes", raw=b'{"name":"' + b"x" * 1024 * 1024 + b'"}')
    assert (long.status, long.code) == (413, "too_large")
    unannounced = Api(port=operator.port, run=operator.run, token=operator.token)
    unannounced.headers["Transfer-Encoding"] = "chunked"
    octets = b'{"name":"' + b"x" * 1024 * 1024 + b'"}'
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(octets), octets)
    assert unannounced.ask("POST", "/routes", raw=chunked).code == "too_large"
    many = operator.ask("PATCH", "/routes/bills", {f"x{number}": 1 for number in range(1000)})
    assert (many.code, len(many.body["errors"])) == ("unknown_field", 100)
    assert operator.ask("GET", "/nothing").code == "not_found"
    unknown = operator.ask("PUT", "/routes")
    assert (unknown.code, unknown.headers["allow"]) == ("method_not_allowed", "GET, POST")
    for number in ("0", "0.5", "1790000000000", "2026-11-21", "2026-11-21T00:00:00"):
        assert operator.ask("GET", f"/events?since={number}").body["errors"][0]["pointer"] == "since"
    assert operator.ask("GET", "/routes?limit=0").body["errors"][0]["pointer"] == "limit"
    assert operator.ask("GET", "/routes?cursor=%FF").code == "invalid_cursor"
    assert operator.ask("GET", "/audit-log?cursor=x").code == "invalid_cursor"


def test_while_the_database_is_away_callers_come_again(operator: Api) -> None:
    database = Path("var/waypost.db")
    database.rename("away.db")
    away = operator.ask("GET", "/routes")
    assert (away.status, away.code) == (503, "database_unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert "waypost.db" not in str(away.body)
    Path("away.db").rename(database)
    assert operator.ask("GET", "/routes").status == 200


def test_a_method_that_is_not_there_is_told_which_are(operator: Api) -> None:
    document = operator.get("/openapi.json")
    for path, methods in document["paths"].items():
        known = {method.upper() for method in methods}
        short = re.sub(r"\{\w+\}", "x", path.removeprefix("/api/v1"))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - known:
            answer = operator.ask(method, short)
            assert (answer.status, answer.code) == (405, "method_not_allowed"), (method, path)
            assert answer.headers["allow"] == ", ".join(sorted(known)), (method, path)
