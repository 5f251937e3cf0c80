"""The tracker's answer to a certificate authority."""

import pytest

from tests.tracker.asking import Asking

PREFIX = "/.well-known/acme-challenge/"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"
ANSWER = f"{TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"


@pytest.mark.parametrize("host", [b"track.example.com", b"192.0.2.7", b"elsewhere.example"])
def test_a_challenge_is_answered_whatever_the_host(host: bytes) -> None:
    answer = Asking(challenges={TOKEN: ANSWER})(f"{PREFIX}{TOKEN}", headers=[(b"host", host)])
    assert (answer.status, answer.body) == (200, ANSWER.encode())
    assert answer.header("content-type") == "application/octet-stream"
    assert answer.header("location") is None


def test_an_unknown_token_is_not_found() -> None:
    ask = Asking(challenges={TOKEN: ANSWER})
    assert ask(f"{PREFIX}{TOKEN[::-1]}").status == 404
    assert ask.asked_for == [TOKEN[::-1]]


@pytest.mark.parametrize(
    "path", [PREFIX, f"{PREFIX}a.b", f"{PREFIX}a/b", f"{PREFIX}{'a' * 129}", f"{PREFIX}%41"]
)
def test_what_is_no_token_is_not_even_asked_for(path: str) -> None:
    ask = Asking(challenges={})
    assert ask(path).status == 404
    assert ask.asked_for == []


def test_only_get_and_head_are_served() -> None:
    ask = Asking(challenges={TOKEN: ANSWER})
    assert ask(f"{PREFIX}{TOKEN}", method="POST").status == 405
    answer = ask(f"{PREFIX}{TOKEN}", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_where_no_certificates_are_issued_there_are_none() -> None:
    assert Asking()(f"{PREFIX}{TOKEN}").status == 404
