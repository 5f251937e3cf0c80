import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.directory import AccountDirectory
from accounts.model import Route
from links.tokens import ClickToken, open_token
from relay.control.header_edits import without_own
from relay.control.header_fields import control_fields
from relay.control.vendors import Profile
from relay.message_headers import read_headers
from relay.pipeline import Pipeline, Prepared, make_policy, reasons, tracked_links
from relay.settings import TrackingSettings
from rewriter.policy import Links, Mode, Overrides, Policy, SignedMail, VisibleUrl
from rewriter.report import LinkReport, PartReport, PixelReport, Reason, Report, Result
from tests.accounts import builders
from tests.relay import shop
from tests.relay.harness import LINK, RING, TRACKED_MESSAGE, pipeline_of
from tests.relay.shop import DIRECTORY, SETTINGS, submission


def prepared_by(
    pipeline: Pipeline, content: bytes = TRACKED_MESSAGE, reference: str | None = None, **client: Any
) -> Prepared:
    fields = control_fields(content)
    handed_over = submission(without_own(content, fields), **client)
    return pipeline.prepare(handed_over, read_headers(content), fields, reference)


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


SWITCHES = ("clicks", "html", "text", "opens")
switches = st.fixed_dictionaries(dict.fromkeys(SWITCHES, st.none() | st.booleans()))


def of(route: Route) -> AccountDirectory:
    return AccountDirectory.build([builders.project()], [], [route])


def policy_for(header: bytes, settings: TrackingSettings = SETTINGS, **parts: Any) -> Policy:
    """Return the policy that a message with this header meets."""
    met: list[Policy] = []

    def rewrite(message: bytes, policy: Policy, links: Links) -> Result:
        met.append(policy)
        return Result(message=message, report=Report())

    client = parts.pop("client", {})
    directory = parts.pop("directory", DIRECTORY)
    pipeline = pipeline_of(settings, directory=lambda: directory, rewrite=rewrite, **parts)
    prepared_by(pipeline, header + TRACKED_MESSAGE, **client)
    return met[0]


def track_header(wanted: dict[str, bool | None]) -> bytes:
    written = [f"{name}={'on' if on else 'off'}" for name, on in wanted.items() if on is not None]
    return f"X-Waypost-Track: {', '.join(written)}\r\n".encode()


@given(
    message=switches,
    route=st.fixed_dictionaries(dict.fromkeys(("clicks", "text", "opens"), st.none() | st.booleans())),
    domain=switches,
    system=st.fixed_dictionaries(dict.fromkeys(SWITCHES, st.booleans())),
)
def test_message_route_sending_domain_and_settings_in_this_order(
    message: dict[str, bool | None],
    route: dict[str, bool | None],
    domain: dict[str, bool | None],
    system: dict[str, bool],
) -> None:
    policy = policy_for(
        b"X-Waypost-Route: news\r\n" + track_header(message),
        replace(SETTINGS, policy=Policy(**system)),
        accounts=of(replace(builders.route("news"), **route)),
        directory=shop.directory(rules=Overrides(**domain)),
    )
    for name in SWITCHES:
        said = [level.get(name) for level in (message, route, domain, system)]
        assert getattr(policy, name) is next(on for on in said if on is not None), name


OF_THE_SETTINGS = Policy(
    excluded_hosts=("a.example",),
    allowed_destinations=("b.example",),
    visible_url=VisibleUrl.TRACK,
    signed_mail=SignedMail.TRACK,
)


@pytest.mark.parametrize(
    "rules",
    [
        {"excluded_hosts": ("c.example",)},
        {"excluded_hosts": ()},
        {"allowed_destinations": ("*.c.example",)},
        {"visible_url": VisibleUrl.SKIP_FOREIGN},
        {"signed_mail": SignedMail.LEAVE},
        {},
    ],
    ids=str,
)
def test_a_rule_of_the_sending_domain_takes_the_place_of_that_of_the_settings(rules: dict[str, Any]) -> None:
    policy = policy_for(
        b"",
        replace(SETTINGS, policy=OF_THE_SETTINGS),
        directory=shop.directory(rules=Overrides(**rules)),
    )
    assert policy == replace(OF_THE_SETTINGS, tracking_site="shop.example", **rules)


def test_a_credentials_route_holds_for_mail_that_names_none() -> None:
    quiet = of(replace(builders.route("quiet"), opens=False))
    client = {"route": "quiet"}
    assert policy_for(b"", accounts=quiet, client=client).opens is False
    assert policy_for(b"", accounts=quiet).opens is True


@pytest.mark.parametrize(
    "others",
    [[], [replace(builders.route("loud", project=2), opens=True, text=True)]],
    ids=["unknown", "another project's"],
)
def test_a_route_that_the_project_has_not_is_told_and_the_credentials_holds(others: list[Route]) -> None:
    quiet = replace(builders.route("quiet"), opens=False)
    known = AccountDirectory.build([builders.project()], [], [quiet, *others])
    pipeline = pipeline_of(SETTINGS, directory=lambda: DIRECTORY, accounts=known)
    prepared = prepared_by(pipeline, b"X-Waypost-Route: loud\r\n" + TRACKED_MESSAGE, route="quiet")
    assert [str(problem) for problem in prepared.asked.problems] == [
        "x-waypost-route: its project has no such route"
    ]
    assert (prepared.asked.wishes.opens, prepared.asked.wishes.text) == (False, None)
    assert prepared.asked.wishes.route == "quiet"
    assert prepared.key == 1


def test_a_name_of_a_route_is_read_in_any_case() -> None:
    policy = policy_for(b"X-Waypost-Route: NEWS\r\n", accounts=of(replace(builders.route("news"), text=True)))
    assert policy.text is True


HEADERS = b'X-Waypost-Tag: a\r\nX-Waypost-Metadata: {"n": "1"}\r\nX-Waypost-Track: maybe\r\nX-PM-Tag: b\r\n'


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, mode=Mode.OFF)], ids=["on", "off"])
def test_tags_metadata_and_problems_are_kept_in_every_mode(settings: TrackingSettings) -> None:
    prepared = prepared_by(pipeline_of(settings, directory=lambda: DIRECTORY), HEADERS + TRACKED_MESSAGE)
    assert (prepared.asked.wishes.tags, prepared.asked.wishes.metadata) == (("a", "b"), (("n", "1"),))
    assert [str(problem) for problem in prepared.asked.problems] == ["x-waypost-track: neither on nor off"]
    assert b"Waypost" not in prepared.content
    assert prepared.content.startswith(b"X-PM-Tag: b\r\n")


def test_a_problem_with_a_header_of_an_endless_name_is_short() -> None:
    name = b"X-Waypost-" + b"y" * 100_000
    prepared = prepared_by(pipeline_of(SETTINGS), name + b": 1\r\n" + TRACKED_MESSAGE)
    assert [len(str(problem)) < 100 for problem in prepared.asked.problems] == [True]


SPARKPOST = b'X-MSYS-API: {"options": {"click_tracking": true}, "campaign_id": "spring"}\r\n'


def test_a_known_upstream_is_told_not_to_track() -> None:
    pipeline = pipeline_of(SETTINGS, directory=lambda: DIRECTORY, profile=Profile.SPARKPOST)
    prepared = prepared_by(pipeline, SPARKPOST + TRACKED_MESSAGE)
    [field] = control_fields(prepared.content)
    assert json.loads(field.value) == {
        "options": {"click_tracking": False, "open_tracking": False},
        "campaign_id": "spring",
    }
    assert LINK not in prepared.content
    assert prepared.asked.wishes.text is True


def test_a_message_that_opts_out_here_is_not_tracked_there() -> None:
    pipeline = pipeline_of(
        SETTINGS,
        directory=lambda: DIRECTORY,
        profile=Profile.POSTMARK,
        rewrite=lambda message, policy, links: Result(message=message, report=Report()),
    )
    prepared = prepared_by(pipeline, b"X-Waypost-Track: off\r\n" + TRACKED_MESSAGE)
    assert prepared.content == b"X-PM-TrackOpens: false\r\nX-PM-TrackLinks: None\r\n" + TRACKED_MESSAGE


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_it_goes_on_tracking_until_the_mode_is_on(mode: Mode) -> None:
    pipeline = pipeline_of(
        replace(SETTINGS, mode=mode), directory=lambda: DIRECTORY, profile=Profile.SPARKPOST
    )
    message = SPARKPOST + TRACKED_MESSAGE
    assert prepared_by(pipeline, message).content == message


def test_a_header_that_cannot_be_silenced_is_told() -> None:
    pipeline = pipeline_of(SETTINGS, directory=lambda: DIRECTORY, profile=Profile.SPARKPOST)
    prepared = prepared_by(pipeline, b"X-MSYS-API: {no\r\n" + TRACKED_MESSAGE)
    assert prepared.content.startswith(b"X-MSYS-API: {no\r\n")
    assert [problem.header for problem in prepared.asked.problems] == ["x-msys-api", "x-msys-api"]


@pytest.mark.parametrize(
    ("header", "settings", "decided"),
    [
        (b"", SETTINGS, True),
        (b"", replace(SETTINGS, mode=Mode.OBSERVE), False),
        (b"X-Waypost-Track: off\r\n", replace(SETTINGS, mode=Mode.OBSERVE), True),
        (b"X-Waypost-Track: on\r\n", replace(SETTINGS, mode=Mode.OFF), False),
        (b"Auto-Submitted: auto-replied\r\n", SETTINGS, False),
    ],
)
def test_what_the_next_waypost_is_told(header: bytes, settings: TrackingSettings, decided: bool) -> None:
    prepared = prepared_by(pipeline_of(settings, directory=lambda: DIRECTORY), header + TRACKED_MESSAGE)
    assert prepared.decided is decided
