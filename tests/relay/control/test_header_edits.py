"""Our headers never leave; an upstream of a known service is told not to track."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.control.header_edits import silenced, without_own
from relay.control.header_fields import control_fields
from relay.control.reader import read_control
from relay.control.vendors import VENDORS, Profile

PLAIN = b"From: a@shop.example\r\nSubject: x\r\n\r\nbody\r\n"
SERVICES = list(VENDORS)


def silent(message: bytes, profile: Profile) -> tuple[bytes, int]:
    changed, problems = silenced(message, control_fields(message), profile)
    return changed, len(problems)


def test_our_headers_are_removed_wherever_they_stand() -> None:
    message = (
        b"X-Waypost-Track: off\r\nFrom: a@shop.example\r\nX-WAYPOST-Metadata: {\r\n }\r\n"
        b"X-Waypostal: stays\r\nSubject: x\r\nX-Waypost-Unknown:\r\n\r\nX-Waypost-Tag: body\r\n"
    )
    assert without_own(message, control_fields(message)) == (
        b"From: a@shop.example\r\nX-Waypostal: stays\r\nSubject: x\r\n\r\nX-Waypost-Tag: body\r\n"
    )


def test_other_headers_stay_as_they_came() -> None:
    message = b'X-MSYS-API: {"options" :{}}\r\nX-PM-TrackOpens: no\r\n' + PLAIN
    assert without_own(message, control_fields(message)) == message
    assert silent(message, Profile.NONE) == (message, 0)


@pytest.mark.parametrize("profile", SERVICES)
def test_a_service_is_told_even_where_the_message_said_nothing(profile: Profile) -> None:
    message, problems = silent(PLAIN, profile)
    assert message.endswith(PLAIN)
    assert not problems
    wishes = read_control(control_fields(message)).wishes
    assert (wishes.clicks, wishes.opens) == (False, False)


@pytest.mark.parametrize("profile", SERVICES)
def test_telling_it_twice_changes_nothing(profile: Profile) -> None:
    once, _ = silent(PLAIN, profile)
    assert silent(once, profile) == (once, 0)


def test_the_rest_of_a_json_header_stays() -> None:
    given_ = {"options": {"click_tracking": True, "ip_pool": "a"}, "metadata": {"n": 1}, "x": ["ü", None]}
    message = b"X-MSYS-API: " + json.dumps(given_).encode() + b"\r\n" + PLAIN
    (field,) = control_fields(silent(message, Profile.SPARKPOST)[0])
    options = {"click_tracking": False, "ip_pool": "a", "open_tracking": False}
    assert json.loads(field.value) == {**given_, "options": options}


def test_tags_of_a_service_stay() -> None:
    message = b"X-Mailgun-Tag: a\r\nX-Mailgun-Track-Clicks: htmlonly\r\nX-Mailgun-Track: yes\r\n" + PLAIN
    changed, _ = silent(message, Profile.MAILGUN)
    assert changed == b"X-Mailgun-Track: no\r\nX-Mailgun-Track-Clicks: no\r\nX-Mailgun-Tag: a\r\n" + PLAIN


@pytest.mark.parametrize("value", [b"{bad", b"{}\r\nX-MSYS-API: []", b"{" + b" " * 20_000 + b"}"])
def test_a_header_that_cannot_be_read_stays_and_is_told(value: bytes) -> None:
    message = b"X-MSYS-API: " + value + b"\r\n" + PLAIN
    assert silent(message, Profile.SPARKPOST) == (message, 1)


def test_a_signed_header_stays_and_is_told() -> None:
    message = b"DKIM-Signature: v=1; d=shop.example;\r\n h=From:\r\n X-PM-TrackOpens; b=x\r\n" + PLAIN
    assert silent(message, Profile.POSTMARK) == (message, 1)
    assert silent(message, Profile.MAILGUN)[1] == 0


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=300), max_size=20))
def test_folding_loses_nothing(metadata: dict[str, str]) -> None:
    header = json.dumps({"metadata": metadata}).encode()
    message, problems = silent(b"X-MSYS-API: " + header + b"\r\n" + PLAIN, Profile.SPARKPOST)
    if not problems:
        (field,) = control_fields(message)
        assert json.loads(field.value)["metadata"] == metadata
