from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domains.directory import Directory
from domains.model import SendingDomain, State, TrackingDomain
from links.tokens import ClickToken, open_token
from relay.control.header_fields import control_fields
from relay.envelope import Client, Recipient, Sender, Submission
from relay.message_headers import read_headers
from relay.pipeline import Pipeline, Prepared, make_policy, reasons, tracked_links
from relay.plan import Plan, Untracked, make_plan
from relay.settings import TrackingSettings
from rewriter.policy import Links, Mode, Policy
from rewriter.report import LinkReport, PartReport, PixelReport, Reason, Report, Result
from tests.relay.harness import LINK, NOW, RING, TRACKED_MESSAGE, pipeline_of

WHEN = datetime(2026, 11, 18, tzinfo=UTC)
TRACK = TrackingDomain(
    id=1,
    project=1,
    name="track.shop.example",
    target="t.relay.example",
    state=State.VERIFIED,
    is_default=False,
    diagnosis="",
    created_at=WHEN,
)
SHOP = SendingDomain(
    id=1, project=1, name="shop.example", tracking_domain="track.shop.example", created_at=WHEN
)
DIRECTORY = Directory.build([TRACK], [SHOP], system_default="http://localhost:8080")
SETTINGS = TrackingSettings()
SENDER = Sender(mailbox="bounce@esp.example")


def plan(
    message: bytes,
    *,
    sender: Sender = SENDER,
    settings: TrackingSettings = SETTINGS,
    directory: Directory = DIRECTORY,
) -> Plan:
    return make_plan(
        read_headers(message),
        replace(submission(message), sender=sender),
        settings=settings,
        directory=directory,
        project=None,
    )


def test_the_linked_tracking_domain_of_the_from_header() -> None:
    assert plan(b"From: a@shop.example\r\n\r\n") == Plan(
        sending_domain="shop.example", mode=Mode.ON, base="https://track.shop.example"
    )


def test_the_scheme_is_the_setting() -> None:
    assert plan(b"From: a@shop.example\r\n\r\n", settings=replace(SETTINGS, scheme="http")).base == (
        "http://track.shop.example"
    )


def test_a_subdomain_counts_as_its_sending_domain() -> None:
    assert plan(b"From: a@mail.shop.example\r\n\r\n").sending_domain == "shop.example"


def test_sender_where_from_holds_several() -> None:
    message = b"From: a@one.example, b@two.example\r\nSender: c@shop.example\r\n\r\n"
    assert plan(message).base == "https://track.shop.example"


def test_several_of_one_domain_are_that_domain() -> None:
    assert plan(b"From: a@shop.example, b@shop.example\r\n\r\n").base == "https://track.shop.example"


def test_several_without_sender_are_nobody() -> None:
    unclear = plan(b"From: a@one.example, b@shop.example\r\n\r\n")
    assert unclear.untracked is Untracked.UNKNOWN_SENDER


def test_the_envelope_where_there_is_no_from() -> None:
    assert plan(b"\r\n", sender=Sender(mailbox="x@shop.example")).base == "https://track.shop.example"


def test_from_wins_over_the_envelope() -> None:
    stranger = plan(b"From: a@other.example\r\n\r\n", sender=Sender(mailbox="x@shop.example"))
    assert stranger.untracked is Untracked.UNKNOWN_SENDER


def test_unknown_senders_get_the_default_where_the_setting_says_so() -> None:
    message = b"From: a@other.example\r\n\r\n"
    assert plan(message).untracked is Untracked.UNKNOWN_SENDER
    known = plan(message, settings=replace(SETTINGS, unknown_senders=True))
    assert known == Plan(sending_domain="other.example", mode=Mode.ON, base="http://localhost:8080")
    assert known.host == "localhost"


def test_no_tracking_domain() -> None:
    without = Directory.build([], [SHOP])
    assert plan(b"From: a@shop.example\r\n\r\n", directory=without).untracked is Untracked.NO_TRACKING_DOMAIN


def test_the_null_sender_stays_untracked() -> None:
    assert plan(b"From: a@shop.example\r\n\r\n", sender=Sender(mailbox="")).untracked is Untracked.NULL_SENDER


def test_automatic_replies_stay_untracked() -> None:
    automatic = b"From: a@shop.example\r\nAuto-Submitted: auto-replied\r\n\r\n"
    by_hand = b"From: a@shop.example\r\nAuto-Submitted: no\r\n\r\n"
    assert plan(automatic).untracked is Untracked.AUTOMATIC_REPLY
    assert plan(by_hand).untracked is None


def test_off() -> None:
    assert plan(b"From: a@shop.example\r\n\r\n", settings=replace(SETTINGS, mode=Mode.OFF)).untracked is (
        Untracked.OFF
    )


def submission(content: bytes = TRACKED_MESSAGE) -> Submission:
    return Submission(
        id="a" * 24,
        at=NOW,
        client=Client(address="127.0.0.1", helo="x", extended=True),
        sender=SENDER,
        recipients=(Recipient(mailbox="b@there.example"),),
        content=content,
    )


def prepared_by(
    pipeline: Pipeline, content: bytes = TRACKED_MESSAGE, reference: str | None = None
) -> Prepared:
    return pipeline.prepare(submission(content), read_headers(content), control_fields(content), reference)


def prepare(settings: TrackingSettings = SETTINGS, reference: str | None = "b" * 16) -> Prepared:
    return prepared_by(pipeline_of(settings, directory=lambda: DIRECTORY), reference=reference)


@pytest.mark.parametrize("reference", ["b" * 16, None])
def test_on_sends_links_that_open_to_what_they_were(reference: str | None) -> None:
    prepared = prepare(reference=reference)
    url = prepared.content.split(b"href=")[1].split(b">")[0].decode()
    assert url.startswith("https://track.shop.example/c/")
    assert open_token(url.rpartition("/")[2], RING) == ClickToken(
        project=1, message="a" * 24, recipient=reference, link=1, url=LINK.decode()
    )
    assert (prepared.key, prepared.tracking_domain) == (1, "track.shop.example")
    assert [(link.number, link.url) for link in prepared.links] == [(1, LINK.decode())]


def test_observe_reports_and_sends_the_original() -> None:
    prepared = prepare(replace(SETTINGS, mode=Mode.OBSERVE))
    assert prepared.content == TRACKED_MESSAGE
    assert [link.url for link in prepared.links] == [LINK.decode()]
    assert (prepared.key, prepared.tracking_domain) == (0, "")


def test_off_does_not_ask_the_rewriter() -> None:
    def never(message: bytes, policy: Policy, links: Links) -> Result:
        raise AssertionError

    pipeline = pipeline_of(replace(SETTINGS, mode=Mode.OFF), directory=lambda: DIRECTORY, rewrite=never)
    prepared = prepared_by(pipeline)
    assert prepared.content == TRACKED_MESSAGE


def test_a_fault_of_the_rewriter_is_handed_on_with_the_original() -> None:
    fault = ValueError("bug")

    def broken(message: bytes, policy: Policy, links: Links) -> Result:
        return Result(message=b"half", report=Report(), fault=fault)

    pipeline = pipeline_of(SETTINGS, directory=lambda: DIRECTORY, rewrite=broken)
    prepared = prepared_by(pipeline)
    assert (prepared.content, prepared.fault) == (TRACKED_MESSAGE, fault)


@pytest.mark.parametrize("lone", [b"\n", b"\r", b"\n.\n"])
def test_a_rewriter_cannot_end_the_message_early(lone: bytes) -> None:
    def careless(message: bytes, policy: Policy, links: Links) -> Result:
        return Result(message=message + lone, report=Report())

    pipeline = pipeline_of(SETTINGS, directory=lambda: DIRECTORY, rewrite=careless)
    with pytest.raises(ValueError, match="lone"):
        prepared_by(pipeline)


def test_the_policy_is_the_settings_and_the_site_of_the_tracking_domain() -> None:
    policy = make_policy(
        TrackingSettings(policy=Policy(clicks=False, opens=False, text=True)), "track.shop.example.com"
    )
    assert (policy.clicks, policy.opens, policy.text) == (False, False, True)
    assert policy.tracking_site == "example.com"


def link(number: int, url: str, reason: Reason | None = None) -> LinkReport:
    return LinkReport(part="1", line=1, url=url, reason=reason, number=number)


def test_each_tracked_link_once() -> None:
    links = [link(2, "http://b/"), link(1, "http://a/"), link(2, "http://b/"), link(0, "x", Reason.NOT_HTTP)]
    assert [(kept.number, kept.url) for kept in tracked_links(links)] == [(1, "http://a/"), (2, "http://b/")]


def test_reasons_are_counted_from_all_of_the_report() -> None:
    report = Report(
        links=(link(0, "x", Reason.NOT_HTTP), link(0, "y", Reason.NOT_HTTP), link(1, "http://a/")),
        parts=(PartReport(part="2", content_type="text/html", reason=Reason.ATTACHED),),
        pixel=PixelReport(reason=Reason.OPENS_OFF),
        reason=None,
    )
    assert reasons(report) == (("attached", 1), ("not-http", 2), ("opens-off", 1))
