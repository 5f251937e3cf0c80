"""Each header, value and service, with what that service's documents say of it."""

import pytest

from relay.control.header_fields import control_fields
from relay.control.reader import Control, read_control
from relay.control.wishes import NO_WISHES, Wishes


def control(*lines: str) -> Control:
    header = "".join(f"{line}\r\n" for line in ("From: a@shop.example", *lines, "Subject: hello"))
    return read_control(control_fields(f"{header}\r\nX-Waypost-Track: off\r\n".encode()))


# SparkPost: "SMTP API", Using the X-MSYS-API header. Click tracking there is that of HTML and text.
SPARKPOST = [
    ('{"options":{"open_tracking":false}}', Wishes(opens=False)),
    ('{"options":{"open_tracking":true,"click_tracking":true}}', Wishes(opens=True, clicks=True, text=True)),
    ('{"options":{"click_tracking":false}}', Wishes(clicks=False)),
    ('{"options":{"transactional":true}}', NO_WISHES),
    ('{"options":null,"tags":null,"metadata":null}', NO_WISHES),
    ('{"campaign_id":"autumn"}', Wishes(metadata=(("campaign_id", "autumn"),))),
    ('{"metadata":{"user":"a b","n":5,"deep":{"x":[1]}}}',
     Wishes(metadata=(("user", "a b"), ("n", "5"), ("deep", '{"x": [1]}')))),
    ('{"tags":["a","b","a"]}', Wishes(tags=("a", "b"))),
]  # fmt: skip
# SendGrid: "SMTP API", filters (apps), categories, unique arguments.
SENDGRID = [
    ('{"filters":{"clicktrack":{"settings":{"enable":1,"enable_text":true}}}}',
     Wishes(clicks=True, text=True)),
    ('{"filters":{"clicktrack":{"settings":{"enable":1,"enable_text":false}}}}',
     Wishes(clicks=True, text=False)),
    ('{"filters":{"clicktrack":{"settings":{"enable":0}},"opentrack":{"settings":{"enable":"0"}}}}',
     Wishes(clicks=False, opens=False)),
    ('{"filters":{"opentrack":{"settings":{"enable":1}}}}', Wishes(opens=True)),
    ('{"category":"welcome"}', Wishes(tags=("welcome",))),
    ('{"category":["a","b"],"unique_args":{"order":"7"}}',
     Wishes(tags=("a", "b"), metadata=(("order", "7"),))),
]  # fmt: skip
# The others: Mailgun "Sending via SMTP"; Postmark "Send email with SMTP"; ours: docs/control-headers.md.
LINES = [
    (("X-Mailgun-Track: no",), Wishes(clicks=False, opens=False)),
    (("X-Mailgun-Track: yes",), Wishes(clicks=True, opens=True)),
    (("X-Mailgun-Track: false",), Wishes(clicks=False, opens=False)),
    (("X-Mailgun-Track-Clicks: yes",), Wishes(clicks=True, text=True)),
    (("X-Mailgun-Track-Clicks: htmlonly",), Wishes(clicks=True, html=True, text=False)),
    (("X-Mailgun-Track-Clicks: no",), Wishes(clicks=False)),
    (("X-Mailgun-Track-Opens: no",), Wishes(opens=False)),
    (("X-Mailgun-Track: no", "X-Mailgun-Track-Opens: true"), Wishes(clicks=False, opens=True)),
    (("X-Mailgun-Tag: a", "X-Mailgun-Tag: b"), Wishes(tags=("a", "b"))),
    (('X-Mailgun-Variables: {"id": 5}',), Wishes(metadata=(("id", "5"),))),
    (("X-PM-TrackOpens: true",), Wishes(opens=True)),
    (("X-PM-TrackOpens: false",), Wishes(opens=False)),
    (("X-PM-TrackLinks: None",), Wishes(clicks=False)),
    (("X-PM-TrackLinks: HtmlAndText",), Wishes(clicks=True, html=True, text=True)),
    (("X-PM-TrackLinks: HtmlOnly",), Wishes(clicks=True, html=True, text=False)),
    (("X-PM-TrackLinks: TextOnly",), Wishes(clicks=True, html=False, text=True)),
    (("X-PM-Tag: welcome", "X-PM-Metadata-color: blue"),
     Wishes(tags=("welcome",), metadata=(("color", "blue"),))),
    (("X-Waypost-Track: off",), Wishes(clicks=False, opens=False)),
    (("X-Waypost-Track: on",), Wishes(clicks=True, opens=True)),
    (("X-Waypost-Track: clicks=on, opens=off, text=on",), Wishes(clicks=True, opens=False, text=True)),
    (("x-waypost-track:CLICKS=Off",), Wishes(clicks=False)),
    (("X-Waypost-Track: off, opens=on",), Wishes(clicks=False, opens=True)),
    (("X-Waypost-Track: off", "X-Waypost-Track: off"), Wishes(clicks=False, opens=False)),
    (("X-Waypost-Route: receipts",), Wishes(route="receipts")),
    (("X-Waypost-Tag: a, b", "X-Waypost-Tag: c"), Wishes(tags=("a", "b", "c"))),
    (("X-Waypost-Tag: =?utf-8?q?gr=C3=BC=C3=9Fe?=",), Wishes(tags=("grüße",))),
    (("X-Waypost-Tag: grüße",), Wishes(tags=("grüße",))),
    (("X-Waypost-Tag: a\x1b[31m\x00",), Wishes(tags=("a[31m",))),
    (('X-Waypost-Metadata: {"customer":', ' "42"}'), Wishes(metadata=(("customer", "42"),))),
    ((), NO_WISHES),
]  # fmt: skip


@pytest.mark.parametrize(("value", "wishes"), SPARKPOST)
def test_sparkpost(value: str, wishes: Wishes) -> None:
    assert control(f"X-MSYS-API: {value}") == Control(wishes=wishes)


@pytest.mark.parametrize(("value", "wishes"), SENDGRID)
def test_sendgrid(value: str, wishes: Wishes) -> None:
    assert control(f"X-SMTPAPI: {value}") == Control(wishes=wishes)


@pytest.mark.parametrize(("lines", "wishes"), LINES)
def test_plain_headers(lines: tuple[str, ...], wishes: Wishes) -> None:
    assert control(*lines) == Control(wishes=wishes)


def test_a_folded_string_keeps_the_blank_of_the_fold() -> None:
    assert control('X-MSYS-API: {"tags":["two', ' words"]}').wishes.tags == ("two words",)
    assert control('X-MSYS-API: {"tags":["two', '\twords"]}').wishes.tags == (
        "twowords",
    )  # no control character


def test_ours_win_over_other_services_which_agree_on_off() -> None:
    assert control("X-PM-TrackOpens: false", "X-Waypost-Track: opens=on").wishes.opens is True
    assert control("X-PM-TrackOpens: true", "X-Mailgun-Track-Opens: no").wishes.opens is False


@pytest.mark.parametrize(
    "lines",
    [
        ("X-MSYS-API: {not json",),
        ("X-MSYS-API: [1]",),
        ('X-MSYS-API: {"options":[]}',),
        ('X-MSYS-API: {"options":{"open_tracking":"maybe"}}',),
        ("X-MSYS-API: " + "[" * 10_000,),
        ('X-MSYS-API: {"tags":[1]}',),
        ('X-MSYS-API: {"tags":["%s"]}' % ("x" * 129),),
        ("X-MSYS-API: {}", 'X-MSYS-API: {"tags":["a"]}'),
        ('X-SMTPAPI: {"filters":{"clicktrack":1}}',),
        ("X-Mailgun-Track: perhaps",),
        ("X-Mailgun-Variables: 5",),
        ("X-PM-TrackLinks: All",),
        ("X-PM-TrackOpens:",),
        ("X-Waypost-Track: clicks=maybe",),
        ("X-Waypost-Track: pixels=on",),
        ("X-Waypost-Track: on", "X-Waypost-Track: off"),
        ("X-Waypost-Colour: red",),
        ("X-Waypost-Tag: " + ",".join(map(str, range(11))),),
        ('X-Waypost-Metadata: {"x":"%s"}' % ("y" * 11_000),),
        ("X-Waypost-Route: " + "r" * 100_000,),
    ],
)
def test_what_is_not_understood_counts_for_nothing_and_is_told(lines: tuple[str, ...]) -> None:
    read = control(*lines)
    assert read.wishes == NO_WISHES
    assert [problem.header for problem in read.problems] == [lines[0].partition(":")[0].lower()]


def test_a_bad_header_spoils_no_other() -> None:
    read = control("X-Waypost-Track: maybe", "X-Waypost-Tag: a", "X-PM-TrackOpens: false")
    assert read.wishes == Wishes(opens=False, tags=("a",))
    assert len(read.problems) == 1


def test_a_problem_holds_no_value() -> None:
    read = control("X-Waypost-Metadata: secret-of-a-person")
    assert "secret" not in repr(read)


def test_the_body_is_no_header() -> None:
    assert read_control(control_fields(b"\r\nX-Waypost-Track: off\r\n")) == Control()
    assert read_control(control_fields(b"From: a@b.example\r\n\r\nX-Waypost-Track: off\r\n")) == Control()


def test_a_message_without_body_is_read() -> None:
    assert read_control(control_fields(b"X-Waypost-Track: off\r\n")).wishes.clicks is False
    assert read_control(control_fields(b"X-Waypost-Track: off\r\n\r\n")).wishes.clicks is False
