import re
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from tests.web.api_server import Api
from tests.web.browser import Browser, signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from web.headers import HEADERS


def test_who_signs_in_sees_the_project(operator: Api) -> None:
    operator.post("/tracking-domains", {"name": "track.example.com"})
    browser = signed_in(operator)
    assert browser.ask("GET", "/").location == "/p/default"
    shown = browser.get("/p/default")
    assert "pending tracking domains 1" in shown.text
    assert "verified tracking domains 0" in shown.text
    assert "Sending domains 0" in shown.text
    assert "Add the first one" in shown.text
    for link in re.findall(r'href="(/p/default/[^"]+)"', shown.html):
        assert browser.get(link)
    assert browser.ask("GET", "/choose?project=shop").location == "/p/shop"
    assert "pending tracking domains 0" in browser.get("/p/shop").text


def test_without_a_session_one_signs_in_first_and_comes_back(operator: Api) -> None:
    browser = Browser(port=operator.port)
    assert browser.ask("GET", "/").location == "/sign-in"
    assert browser.ask("GET", "/p/shop?a=b").location == "/sign-in?next=%2Fp%2Fshop%3Fa%3Db"
    back = browser.submit(
        "/sign-in?next=/p/shop?a=b", "/sign-in", {"key": operator.token, "next": "/p/shop?a=b"}
    )
    assert back.location == "/p/shop?a=b"


def test_nobody_is_led_elsewhere(operator: Api) -> None:
    browser = Browser(port=operator.port)
    assert "evil" not in browser.ask("GET", "/sign-in?next=//evil.example").html
    for elsewhere in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/ü",
        "",
    ):
        sent = browser.submit("/sign-in", "/sign-in", {"key": operator.token, "next": elsewhere})
        assert sent.location == "/", elsewhere


def test_signing_out_ends_the_session(operator: Api) -> None:
    browser = signed_in(operator)
    stolen = Browser(port=operator.port, cookies=dict(browser.cookies))
    assert browser.submit("/p/default", "/sign-out", {}).location == "/sign-in"
    assert "waypost" not in browser.cookies
    assert stolen.ask("GET", "/p/default").location.startswith("/sign-in")


def test_another_projects_page_is_not_there(operator: Api) -> None:
    stranger = signed_in(operator, project="shop")
    assert stranger.ask("GET", "/").location == "/p/shop"
    for path in ("/p/default", "/p/no-such", "/choose"):
        assert stranger.ask("GET", path).status == (303 if path == "/choose" else 404)
    assert "default" not in stranger.get("/p/shop").html


def test_of_many_projects_the_name_is_typed(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(operator)
    assert '<select id="project"' in browser.get("/p/default").html
    for many in ("web.dashboard.visit.MOST_LISTED", "web.dashboard.pages.MOST_LISTED"):
        monkeypatch.setattr(many, 1)
    shown = browser.get("/p/shop").html
    assert '<input id="project" name="project" value="shop"' in shown
    assert "default" not in shown
    assert browser.ask("GET", browser.ask("GET", "/choose?project=Shop").location).status == 200
    assert browser.ask("GET", browser.ask("GET", "/choose?project=%3Cno").location).status == 404


def test_every_answer_says_what_a_browser_may_do(operator: Api) -> None:
    browser = signed_in(operator)
    style = re.search(r'href="(/static/style[^"]*)"', browser.get("/p/default").html)
    assert style
    of_programs = ("/api/v1/routes", "/api/v1/openapi.json", "/compat/sparkpost/api/v1/tracking-domains")
    for path in ("/p/default", "/sign-in", "/nothing", "/p/no-such", "/", style[1], *of_programs):
        shown = browser.ask("GET", path)
        wanted = HEADERS if path != style[1] else {n: v for n, v in HEADERS.items() if n != "Cache-Control"}
        assert {name: shown.header(name) for name in wanted} == wanted, path
    assert "immutable" in browser.get(style[1]).header("cache-control")


def test_while_the_database_is_away_one_comes_again(operator: Api) -> None:
    browser = signed_in(operator)
    database = Path("var/waypost.db")
    database.rename("away.db")
    for shown in (
        browser.ask("GET", "/p/default"),
        browser.submit("/sign-in", "/sign-in", {"key": operator.token}),
    ):
        assert (shown.status, shown.header("retry-after")) == (503, "5")
        assert "the database cannot be reached" in shown.text
        assert "waypost.db" not in shown.html
    Path("away.db").rename(database)
    assert browser.get("/p/default")


def test_a_fault_is_told_without_its_details(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(operator)

    def fail(*_: object) -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr("web.dashboard.pages.Desk._visit", fail)
    shown = browser.ask("GET", "/p/default")
    assert (shown.status, "the operator's log has the details" in shown.text) == (500, True)
    assert "secret" not in shown.html
    assert {name: shown.header(name) for name in HEADERS} == HEADERS


@pytest.mark.long  # a build takes some seconds
def test_what_pages_need_is_in_the_wheel(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    building = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(root),
    ]
    subprocess.run(building, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = {*zipfile.ZipFile(wheel).namelist()}
    for folder in ("web/dashboard/templates", "web/dashboard/static"):
        assert {f"{folder}/{each.name}" for each in (root / folder).iterdir()} <= packed


def test_what_pages_need_is_in_the_package() -> None:
    folder = files("web.dashboard")
    assert {"base.html", "parts.html"} <= {each.name for each in folder.joinpath("templates").iterdir()}
    assert {"style.css", "page.js"} <= {each.name for each in folder.joinpath("static").iterdir()}
    for template in folder.joinpath("templates").iterdir():
        text = template.read_text()
        assert not re.search(r"<script(?! src)|<style|\sstyle=|\son[a-z]+=|\| *safe", text), template.name
