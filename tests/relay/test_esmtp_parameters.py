from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.esmtp_parameters import mail_parameters, rcpt_parameters
from relay.replies import Refused
from relay.upstream.port import Capabilities

EVERYTHING = Capabilities(size=0, eight_bit=True, utf8=True, dsn=True, enhanced_codes=True)


@pytest.mark.parametrize(
    "written",
    [
        "BODY=8BITMIME",
        "body=7bit",
        "RET=HDRS",
        "ret=Full",
        "ENVID=QQ314159+2Bx",
        "SMTPUTF8",
        "BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=x",
    ],
)
def test_mail_parameters_are_passed_on_as_they_were_written(written: str) -> None:
    assert mail_parameters(written, EVERYTHING).passed_on == tuple(written.split())


@pytest.mark.parametrize(
    "written",
    [
        "NOTIFY=NEVER",
        "NOTIFY=SUCCESS,FAILURE,DELAY",
        "notify=Failure",
        "ORCPT=rfc822;bob+2B@There.example",
        "NOTIFY=DELAY ORCPT=rfc822;a@b",
        "ORCPT=utf-8;é@b.example",
    ],
)
def test_rcpt_parameters_are_passed_on_as_they_were_written(written: str) -> None:
    assert rcpt_parameters(written, EVERYTHING) == tuple(written.split())


def test_size_is_read_and_not_passed_on() -> None:
    parameters = mail_parameters("SIZE=12345 RET=FULL", EVERYTHING)
    assert (parameters.size, parameters.passed_on) == (12345, ("RET=FULL",))


def test_auth_is_dropped() -> None:
    assert mail_parameters("AUTH=<> SIZE=1", EVERYTHING).passed_on == ()
    assert mail_parameters("AUTH=e+3Dmc2@example.com", EVERYTHING).passed_on == ()


def test_utf8_is_noted() -> None:
    assert mail_parameters("smtputf8", EVERYTHING).utf8
    assert not mail_parameters("", EVERYTHING).utf8


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("SIZE", 501),
        ("SIZE=", 501),
        ("SIZE=1x", 501),
        ("SIZE=-1", 501),
        ("SIZE=١", 501),
        ("SIZE=1 SIZE=2", 501),
        ("size=1 SIZE=1", 501),
        ("BODY=BINARYMIME", 501),
        ("SMTPUTF8=yes", 501),
        ("RET=SOME", 501),
        ("ENVID=" + "x" * 101, 501),
        ("ENVID=+2b", 501),
        ("=x", 501),
        ("-X=y", 501),
        ("A==b", 501),
        ("X-OWN=1", 555),
        ("NOTIFY=NEVER", 555),
        ("HOLDFOR=60", 555),
    ],
)
def test_other_mail_parameters_are_refused(written: str, code: int) -> None:
    with pytest.raises(Refused) as refused:
        mail_parameters(written, EVERYTHING)
    assert refused.value.reply.code == code


@pytest.mark.parametrize(
    "written",
    ["NOTIFY=NEVER,DELAY", "NOTIFY=", "NOTIFY=OFTEN", "ORCPT=bob", "ORCPT=;x", "RET=FULL", "SIZE=1"],
)
def test_other_rcpt_parameters_are_refused(written: str) -> None:
    with pytest.raises(Refused):
        rcpt_parameters(written, EVERYTHING)


@pytest.mark.parametrize("written", ["RET=FULL", "ENVID=x"])
def test_dsn_is_refused_where_it_was_not_offered(written: str) -> None:
    with pytest.raises(Refused) as refused:
        mail_parameters(written, replace(EVERYTHING, dsn=False))
    assert refused.value.reply.code == 555


def test_smtputf8_has_its_own_refusal() -> None:
    for offered in (None, replace(EVERYTHING, utf8=False)):
        with pytest.raises(Refused) as refused:
            mail_parameters("SMTPUTF8", offered)
        assert refused.value.reply.line().startswith("550 5.6.7")


def test_body_is_refused_where_it_was_not_offered() -> None:
    with pytest.raises(Refused):
        mail_parameters("BODY=8BITMIME", replace(EVERYTHING, eight_bit=False))


def test_after_helo_there_are_none() -> None:
    assert mail_parameters("", None).passed_on == ()
    with pytest.raises(Refused):
        mail_parameters("SIZE=1", None)


@given(st.text(max_size=80))
def test_what_is_passed_on_is_what_was_said(text: str) -> None:
    try:
        parameters = rcpt_parameters(text, EVERYTHING)
    except Refused:
        return
    assert all(written in text and " " not in written and "\r" not in written for written in parameters)
