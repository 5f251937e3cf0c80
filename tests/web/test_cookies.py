import pytest

pytest.importorskip("starlette", reason="starlette is not installed")

from starlette.requests import Request
from starlette.responses import Response

from web.dashboard import cookies, flash


def request(scheme: str, cookie: str = "") -> Request:
    headers = [(b"host", b"waypost.example"), (b"cookie", cookie.encode("latin-1"))]
    return Request({"type": "http", "scheme": scheme, "path": "/", "headers": headers, "query_string": b""})


def set_cookie(response: Response) -> tuple[str, set[str]]:
    name, *rest = response.headers["set-cookie"].split(";")
    return name, {each.strip().lower() for each in rest}


def test_over_https_no_neighbour_can_set_it() -> None:
    response = Response()
    cookies.write(request("https"), response, cookies.SESSION, "token")
    name, attributes = set_cookie(response)
    assert name == "__Host-waypost=token"
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}
    assert cookies.read(request("https", "__Host-waypost=token"), cookies.SESSION) == "token"
    planted = request("https", "waypost=planted")
    assert cookies.read(planted, cookies.SESSION) == ""


def test_over_http_browsers_take_no_secure_one() -> None:
    response = Response()
    cookies.write(request("http"), response, cookies.SESSION, "token")
    name, attributes = set_cookie(response)
    assert name == "waypost=token"
    assert attributes == {"httponly", "path=/", "samesite=lax"}


@pytest.mark.parametrize("sentence", ["It is done.", "ü" * 5000, "<b>", "\udc80", "a;b=c, d"])
def test_a_sentence_comes_back_as_far_as_a_cookie_holds_it(sentence: str) -> None:
    response = Response()
    flash.write(request("http"), response, sentence)
    cookie, _ = set_cookie(response)
    assert len(cookie) < 4096
    said = flash.read(request("http", cookie))
    assert said == sentence[: len(said)].replace("\udc80", "?")
    assert len(said) in (len(sentence), flash.MOST // 2)


@pytest.mark.parametrize("cookie", ["", "waypost-said=", "waypost-said=%%%", "waypost-said=\xff", "x"])
def test_what_is_no_sentence_of_ours_says_nothing(cookie: str) -> None:
    assert flash.read(request("http", cookie)) == ""
