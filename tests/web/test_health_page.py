import pytest

from service.checkup.finding import fail, ok, warn
from tests.web.api_server import Api
from tests.web.browser import signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

EVIL = "<script>alert(1)</script>"


def test_what_check_finds_is_grouped_with_what_to_do(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look(*_: object) -> object:
        looks.append(1)
        return [
            ok("clock", "is right"),
            fail("keys", EVIL, "bring {{ 7*7 }} back"),
            warn("disk", "2 GB", "tidy up"),
        ]

    monkeypatch.setattr("service.web.door.check_all", look)
    browser = signed_in(operator)
    shown = browser.get("/health")
    text = shown.text
    assert text.index("kept from working") < text.index("Good to know of") < text.index("In order")
    assert "keys <script>alert(1)</script> bring {{ 7*7 }} back" in text
    assert EVIL not in shown.html
    assert "disk 2 GB tidy up" in text
    assert "clock is right" in text
    assert "second" in text
    browser.get("/health")
    assert looks == [1]
    assert browser.ask("GET", "/health?again=yes").location == "/health"
    assert 'href="/health"' in browser.get("/p/default").html


def test_it_is_for_those_of_the_whole_installation(operator: Api) -> None:
    stranger = signed_in(operator, project="shop")
    assert stranger.ask("GET", "/health").status == 403
    assert 'href="/health"' not in stranger.get("/p/shop").html


def test_the_installation_is_looked_at(operator: Api) -> None:
    text = signed_in(operator, "read").get("/health").text
    for subject in ("database", "keys", "journal"):
        assert subject in text, text
