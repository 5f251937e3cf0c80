import logging

import pytest

from relay.mail_log import MailEvent, log_mail, log_refusal
from relay.replies import Reply


def test_a_line_is_key_and_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    log_mail(MailEvent.RELAYED, id="1", sender="a@b", recipients=2, nothing=None, empty="")
    assert caplog.messages == ["relayed id=1 sender=a@b recipients=2"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ("a\nrelayed id=2", '"a\\nrelayed id=2"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("é", '"\\u00e9"'),
        ("\x1b[31m", '"\\u001b[31m"'),
    ],
)
def test_nobody_outside_can_end_a_line_or_begin_a_field(
    caplog: pytest.LogCaptureFixture, value: str, written: str
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    log_mail(MailEvent.FAILED, x=value)
    assert caplog.messages == [f"failed x={written}"]


def test_a_refusal_is_rejected_or_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    log_refusal(Reply(550, "5.1.1", "no"), sender="a@b")
    log_refusal(Reply(450, "4.2.1", "later"), sender="a@b")
    assert caplog.messages == [
        'rejected sender=a@b reply="550 5.1.1 no"',
        'failed sender=a@b reply="450 4.2.1 later"',
    ]
