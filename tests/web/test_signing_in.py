import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.accounts.memory_logins import hash_quickly
from tests.web.api_server import Api, served
from tests.web.browser import Browser, Shown, signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from service.web import door as web_door

GOOD = "four words on paper"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


def person(api: Api) -> None:
    api.run("user", "add", "alice", "--all-projects", "--scope", "admin", "--password-file", "-", input=GOOD)


def sign_in(browser: Browser, **fields: str) -> Shown:
    return browser.submit("/sign-in", "/sign-in", fields)


def test_a_person_signs_in_and_is_out_after_another_password_or_removal(operator: Api) -> None:
    person(operator)
    browser = Browser(port=operator.port)
    for wrong in ({"name": "alice", "password": "x"}, {"name": "bob", "password": GOOD}, {}):
        refused = sign_in(browser, **wrong)
        assert (refused.status, "this is no login here" in refused.text) == (403, True)
        assert GOOD not in refused.html
    assert sign_in(browser, name=" Alice ", password=GOOD).location == "/"
    assert "alice (may admin)" in browser.get("/p/default").text
    assert "your own login: you are out at once" in browser.get("/people/alice/remove").text
    assert "your own login" not in browser.get("/people/admin/remove").text
    operator.run("user", "password", "alice", "--generate")
    assert browser.ask("GET", "/p/default").location.startswith("/sign-in")


def test_with_a_key_one_is_out_once_it_is_revoked(operator: Api) -> None:
    browser = signed_in(operator, "read", "shop")
    assert "(may read)" in browser.get("/p/shop").text
    number = browser.get("/p/shop").text.partition("key ")[2][:8]
    operator.run("apikey", "revoke", number, "--project", "shop")
    assert browser.ask("GET", "/p/shop").location.startswith("/sign-in")


def test_a_session_that_was_there_before_is_worth_nothing_afterwards(operator: Api) -> None:
    planted = signed_in(operator, "read", "shop")
    victim = Browser(port=operator.port, cookies=dict(planted.cookies))
    assert sign_in(victim, key=operator.token).location == "/"
    assert victim.cookies["waypost"] != planted.cookies["waypost"]
    assert planted.ask("GET", "/p/shop").location.startswith("/sign-in")
    made_up = Browser(port=operator.port, cookies={"waypost": "A" * 43})
    assert sign_in(made_up, key=operator.token).location == "/"
    assert made_up.cookies["waypost"] != "A" * 43


def test_the_cookie_is_the_servers_alone(operator: Api) -> None:
    browser = Browser(port=operator.port)
    cookies = [
        value for name, value in sign_in(browser, key=operator.token).headers if name.lower() == "set-cookie"
    ]
    [cookie] = [each for each in cookies if each.startswith("waypost=")]
    assert {each.strip().lower() for each in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax"}


def test_no_other_site_signs_somebody_in(operator: Api) -> None:
    browser = Browser(port=operator.port)
    token = browser.get("/sign-in").form_token
    good = {"csrf": token, "key": operator.token}
    for fields in ({**good, "csrf": ""}, {**good, "csrf": "0" * 43}, {"key": operator.token}):
        assert "too old" in browser.send("/sign-in", fields).text
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        tricked = Browser(port=operator.port, cookies=dict(browser.cookies), headers=headers)
        assert "too old" in tricked.send("/sign-in", good).text
    stranger = Browser(port=operator.port)
    assert "too old" in stranger.send("/sign-in", good).text
    assert "waypost" not in browser.cookies
    browser.headers = {"Origin": f"http://127.0.0.1:{operator.port}", "Sec-Fetch-Site": "same-origin"}
    assert browser.send("/sign-in", good).location == "/"


def test_a_form_of_another_session_is_refused(operator: Api) -> None:
    browser, other = signed_in(operator), signed_in(operator)
    own = {"csrf": browser.get("/p/default").form_token}
    for forged in ("", "0" * 64, other.get("/p/default").form_token):
        assert browser.send("/sign-out", {"csrf": forged}).status == 403
    assert browser.send("/sign-out", {}).status == 403
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1"}, {"Origin": "http://["}):
        browser.headers = headers
        assert browser.send("/sign-out", own).status == 403
    browser.headers = {}
    assert browser.get("/p/default")
    assert browser.send("/sign-out", own).location == "/sign-in"


def test_no_secret_of_a_session_is_kept_or_logged(operator: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    person(operator)
    browser = Browser(port=operator.port)
    sign_in(browser, name="alice", password="not it at all")
    sign_in(browser, name="alice", password=GOOD)
    browser.get("/p/default")
    secrets = (GOOD, "not it at all", browser.cookies["waypost"], browser.get("/p/default").form_token)
    assert "a sign-in from 127.0.0.1 failed" in caplog.text
    kept = b"".join(file.read_bytes() for file in Path("var").rglob("*") if file.is_file())
    told = caplog.text + operator.run("audit", "list", "--json").output
    for secret in secrets:
        assert secret not in told
        assert secret.encode() not in kept


def test_who_fails_often_is_sent_away_for_a_while(operator: Api) -> None:
    browser = Browser(port=operator.port)
    wrong = "waypost_api_00000000_" + "0" * 32
    assert [sign_in(browser, key=wrong).status for _ in range(11)] == [403] * 10 + [429]
    locked = sign_in(browser, key=operator.token)
    assert (locked.status, locked.header("retry-after")) == (429, "600")
    assert operator.ask("GET", "/projects").code == "too_many_failures"


def test_a_name_is_locked_for_those_alone_who_failed_themselves(operator: Api) -> None:
    person(operator)
    guesser, other = Browser(port=operator.port), Browser(port=operator.port, address="127.0.0.2")
    for _ in range(10):
        assert sign_in(guesser, name="alice", password="guessed").status == 403
    right = {"name": "alice", "password": GOOD}
    assert sign_in(guesser, **right).status == 429
    assert sign_in(other, **right).location == "/"
    assert sign_in(other, name="alice", password="mistyped").status == 403
    assert sign_in(other, **right).status == 429
    assert sign_in(other, key=operator.token).location == "/"


def test_of_many_guesses_at_once_few_are_heard(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    person(operator)
    begun = threading.Barrier(20, timeout=20)
    asked = web_door.ApiDoor.sign_in

    def slowly(door: web_door.ApiDoor, name: str, password: str) -> str | None:
        begun.wait()
        return asked(door, name, password)

    monkeypatch.setattr(web_door.ApiDoor, "sign_in", slowly)
    monkeypatch.setattr("web.dashboard.signing_in.MOST_HASHING", 20)
    with served(operator.run) as api, ThreadPoolExecutor(20) as pool:
        fields = [{"name": "alice", "password": f"guess {number}"} for number in range(19)]
        fields.append({"name": "alice", "password": GOOD})
        heard = [*pool.map(lambda each: sign_in(Browser(port=api.port), **each).status, fields)]
    assert heard.count(403) == 10
    assert heard.count(429) >= 9


def test_what_is_no_form_is_refused(nobody: Api) -> None:
    browser = Browser(port=nobody.port)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/sign-in", b"x" * 20_000, kind).status == 413
    assert browser.ask("POST", "/sign-in", b"a=%ff", kind).status == 400
    assert browser.ask("POST", "/sign-in", b"\xff", kind).status == 400
    assert browser.ask("POST", "/sign-in", b"&".join([b"a=1"] * 600), kind).status == 400
    assert browser.ask("POST", "/sign-in", b"{}", {"Content-Type": "application/json"}).status == 415
    for kind_of_parts in ("multipart/form-data", "multipart/form-data; boundary=x"):
        assert browser.ask("POST", "/sign-in", b"--y", {"Content-Type": kind_of_parts}).status == 400
    assert browser.ask("DELETE", "/sign-in").status == 405
