import contextlib
import http.client
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.api_server import Api
from tests.web.browser import Browser, Shown, signed_in
from tests.web.test_event_pages import EVIL, TEMPLATE

pytest.importorskip("jinja2", reason="jinja2 is not installed")

PAGE = "/p/default/preview"
HTML = (
    b"From: News <news@example.com>\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n"
    b'<body><a href="https://example.com/offer">the offer</a> <a href="mailto:a@example.com">write</a></body>'
    b"\r\n"
)
BOUNDARY = "b0undary"


def multipart(fields: dict[str, str], file: bytes | None = None) -> bytes:
    """Return the body of a form as browsers send it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        head = 'Content-Disposition: form-data; name="file"; filename="m.eml"\r\nContent-Type: message/rfc822'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + file + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def looked(browser: Browser, file: bytes | None = None, *, page: str = PAGE, **fields: str) -> Shown:
    """Send the form of the page."""
    body = multipart(
        {"csrf": browser.get(page).form_token, "message": "", "on": "", "sender": ""} | fields, file
    )
    return browser.ask("POST", page, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


def test_a_file_is_shown_with_its_links_and_what_would_change(operator: Api) -> None:
    browser = signed_in(operator, "read")
    assert "nothing of the message is kept" in browser.get(PAGE).text
    before, trail = sorted(Path().rglob("*")), operator.get("/audit-log")
    shown = looked(browser, HTML, on="https://track.example.com")
    assert shown.status == 200, shown
    text = shown.text
    assert "Sending domain example.com" in text
    assert "Open pixel put in into part 1" in text
    assert f"Size {len(HTML):,} bytes, then" in text
    assert "1 1 tracked https://example.com/offer" in text
    assert "1 1 left as it is no web address ( not-http ) mailto:a@example.com" in text
    assert re.search(
        r"<del>https://example.com/offer</del><ins>https://track.example.com/c/[\w/-]+</ins>", shown.html
    )
    assert "2 places" in text
    assert "Hello" not in shown.html
    assert (sorted(Path().rglob("*")), operator.get("/audit-log")) == (before, trail)
    assert operator.get("/events")["data"] == []


def test_a_pasted_message_is_shown_and_kept_in_the_form(operator: Api) -> None:
    browser = signed_in(operator)
    plain = "From: a@example.com\n\n  see https://example.com/x \n"
    shown = looked(browser, message=plain)
    assert shown.status == 200
    assert "The whole message stays as it is" in shown.text
    assert "neither HTML" not in shown.text
    assert "links in plain text are not to be tracked" in shown.text
    assert "see https://example.com/x" in shown.html
    assert "Nothing: it goes out byte for byte as it came." in shown.text


def test_what_cannot_be_looked_at_is_told(operator: Api) -> None:
    browser = signed_in(operator)
    for file, fields, status, sentence in (
        (None, {}, 422, "paste a message, or choose a file"),
        (b" \r\n", {}, 422, "paste a message, or choose a file"),
        (HTML, {"on": "javascript:alert(1)"}, 422, "links cannot be on"),
        (HTML, {"csrf": "x"}, 403, "not of your session"),
        (b"x" * (25 * 1024 * 1024 + 100_000), {}, 413, "is too long"),
    ):
        shown = looked(browser, file, **fields)
        assert (shown.status, sentence in shown.text) == (status, True), (fields, shown.text)


def test_a_message_as_long_as_may_be_is_looked_at(operator: Api) -> None:
    shown = looked(signed_in(operator), HTML + b"x" * (25 * 1024 * 1024 - len(HTML)))
    assert shown.status == 200
    assert "too large" in shown.text


def test_each_project_has_its_own(operator: Api) -> None:
    stranger = signed_in(operator, project="shop")
    assert stranger.ask("GET", PAGE).status == 404
    body = multipart({"csrf": stranger.get("/p/shop/preview").form_token}, HTML)
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert stranger.ask("POST", PAGE, body, kind).status == 404
    assert "Sending domain example.com" in looked(stranger, HTML, page="/p/shop/preview").text


def test_mail_is_text_and_nothing_else(operator: Api) -> None:
    said = EVIL + TEMPLATE
    message = (
        f"From: {said}@{said}\r\nSubject: {said}\r\nX-Waypost-Route: {said}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n\r\n"
        f'<body>{said}<a data-waypost-name="<script>alert(1)</script>" '
        'href="https://example.com/{{7*7}}<script>alert(1)</script>">x</a>'
        f'<a href="javascript:alert(1)">y</a> <a href="https://example.com/ok">z</a>{said}</body>\r\n'
    ).encode() + b"\xff\xfe\x00\r\n"
    browser = signed_in(operator)
    for sent in (looked(browser, message), looked(browser, message=message.decode("latin-1"), sender=said)):
        assert sent.status in (200, 422), sent
        assert "<script>alert" not in sent.html
        assert "<img" not in sent.html
        assert 'href="javascript' not in sent.html


def test_slow_uploads_of_one_project_hold_up_no_other(operator: Api) -> None:
    mine, other = signed_in(operator, project="default"), signed_in(operator, project="shop")
    body = multipart({"csrf": mine.get(PAGE).form_token}, HTML)
    with contextlib.ExitStack() as slow:
        for _ in range(12):  # some may come while one of ours is looked at, and be refused in its place
            client = slow.enter_context(
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", operator.port, timeout=30))
            )
            client.putrequest("POST", PAGE)
            client.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
            client.putheader("Content-Length", str(len(body)))
            client.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in mine.cookies.items()))
            client.endheaders(body[:10])
        refused = until(lambda: looked(mine, HTML), lambda shown: shown.status == 429)
        assert "others like it are under way" in refused.text
        assert refused.header("retry-after") == "5"
        assert looked(other, HTML, page="/p/shop/preview").status == 200
    assert until(lambda: looked(mine, HTML), lambda shown: shown.status == 200)


def until(ask: Callable[[], Shown], wanted: Callable[[Shown], bool]) -> Shown:
    """Ask until the server has noticed what connections did."""
    for _ in range(200):
        if wanted(shown := ask()):
            return shown
        time.sleep(0.05)
    raise AssertionError(shown)
