import logging
from typing import Any

import pytest

from relay.mail_log import MailEvent, log_mail, log_refusal
from relay.replies import Reply


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    return [(record.getMessage(), record.__dict__["fields"]) for record in caplog.records]


def test_what_is_empty_is_left_out_and_zero_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    log_mail(MailEvent.RELAYED, id="1", links=0, pixel=False, nothing=None, empty="", none_of_them=())
    assert lines(caplog) == [("relayed", {"id": "1", "links": 0, "pixel": False})]


def test_nothing_is_logged_below_its_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "waypost.mail")
    log_mail(MailEvent.RELAYED, id="1")
    assert caplog.records == []


def test_a_refusal_is_rejected_or_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    log_refusal(Reply(550, "5.1.1", "no"), sender="a@b")
    log_refusal(Reply(450, "4.2.1", "later"), sender="a@b")
    assert lines(caplog) == [
        ("rejected", {"sender": "a@b", "reply": "550 5.1.1 no"}),
        ("failed", {"sender": "a@b", "reply": "450 4.2.1 later"}),
    ]
