from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.model import Project
from domains.directory import Directory
from domains.model import Https
from links.recipients import RecipientTracking
from relay.envelope import Sender
from relay.message_headers import read_headers
from relay.plan import Plan, Untracked, make_plan, within_share
from relay.settings import TrackingSettings
from rewriter.policy import Mode, Overrides
from tests.accounts import builders
from tests.relay import shop
from tests.relay.shop import DIRECTORY, SENDER, SETTINGS, SHOP, TRACK, submission

FROM_SHOP = b"From: a@shop.example\r\n\r\n"
DECIDED = (
    b"Received: from x ([192.0.2.1])\r\n\tby first.example (Waypost, tracking decided)\r\n"
    b"\twith ESMTP id 1; date\r\n"
)


def plan(
    message: bytes = FROM_SHOP,
    *,
    sender: Sender = SENDER,
    settings: TrackingSettings = SETTINGS,
    directory: Directory = DIRECTORY,
    project: Project | None = None,
    switched_off: bool = False,
) -> Plan:
    return make_plan(
        read_headers(message),
        replace(submission(message), sender=sender),
        settings=settings,
        directory=directory,
        project=project,
        switched_off=switched_off,
    )


def test_the_linked_tracking_domain_of_the_from_header() -> None:
    assert plan(b"From: a@shop.example\r\n\r\n") == Plan(
        sending_domain="shop.example",
        mode=Mode.ON,
        base="https://track.shop.example",
        recipients=RecipientTracking.ANONYMOUS,
    )


def test_the_scheme_is_that_of_the_tracking_domain() -> None:
    by_http = Directory.build([replace(TRACK, https=Https.OFF)], [SHOP])
    assert plan(b"From: a@shop.example\r\n\r\n", directory=by_http).base == "http://track.shop.example"


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
    assert (known.sending_domain, known.base) == ("other.example", "http://localhost:8080")
    assert known.untracked is None
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


modes = st.sampled_from(Mode)


@given(system=modes, project=st.none() | modes, domain=st.none() | modes)
def test_the_nearest_level_decides_and_off_of_the_system_is_over_all(
    system: Mode, project: Mode | None, domain: Mode | None
) -> None:
    found = plan(
        settings=replace(SETTINGS, mode=system),
        project=replace(builders.project(), tracking=project),
        directory=shop.directory(tracking=domain),
    )
    wanted = Mode.OFF if system is Mode.OFF else domain or project or system
    assert (found.mode, found.untracked) == (wanted, Untracked.OFF if wanted is Mode.OFF else None)


def test_the_switch_is_over_all_of_them() -> None:
    stopped = plan(directory=shop.directory(tracking=Mode.ON), switched_off=True)
    assert (stopped.mode, stopped.untracked) == (Mode.OFF, Untracked.SWITCHED_OFF)
    assert not stopped.examined
    assert not stopped.silences


@pytest.mark.parametrize(
    ("own", "untracked"), [(True, None), (False, Untracked.UNKNOWN_SENDER), (None, None)]
)
def test_a_project_has_its_own_word_about_strangers(own: bool | None, untracked: Untracked | None) -> None:
    settings = replace(SETTINGS, unknown_senders=own is None)
    project = replace(builders.project(), unknown_senders=own)
    message = b"From: a@other.example\r\n\r\n"
    assert plan(message, settings=settings, project=project).untracked is untracked


def test_outside_the_share_a_message_is_looked_at_as_in_observe() -> None:
    outside = plan(directory=shop.directory(share=0))
    assert (outside.mode, outside.untracked) == (Mode.OBSERVE, Untracked.OUTSIDE_SHARE)
    assert outside.examined
    assert not outside.silences


def test_a_share_says_nothing_where_the_mode_is_observe() -> None:
    settings = replace(SETTINGS, mode=Mode.OBSERVE)
    assert plan(settings=settings, directory=shop.directory(share=0)).untracked is None


def test_a_share_is_of_messages_by_their_message_id() -> None:
    half = shop.directory(share=50)
    ids = [b"Message-ID: <%d@shop.example>\r\n" % number + FROM_SHOP for number in range(200)]
    decisions = [plan(message, directory=half).untracked for message in ids]
    assert decisions == [plan(message, directory=half).untracked for message in ids]
    assert 70 < decisions.count(None) < 130


@given(st.text(), st.integers(0, 100), st.integers(0, 100))
def test_what_is_inside_a_share_stays_inside_as_it_grows(message: str, one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert within_share(small, message) <= within_share(large, message)
    assert within_share(100, message)
    assert not within_share(0, message)


def test_what_a_waypost_decided_before_stays() -> None:
    assert plan(DECIDED + FROM_SHOP).untracked is Untracked.DECIDED_BEFORE
    plain = DECIDED.replace(b", tracking decided", b"")
    assert plan(plain + FROM_SHOP).untracked is None


def test_where_the_upstreams_own_tracking_is_switched_off() -> None:
    assert plan().silences
    assert plan(DECIDED + FROM_SHOP).silences
    assert plan(sender=Sender(mailbox="")).silences
    assert not plan(b"From: a@other.example\r\n\r\n").silences
    assert not plan(directory=Directory.build([], [SHOP])).silences
    assert not plan(settings=replace(SETTINGS, mode=Mode.OBSERVE)).silences


@pytest.mark.parametrize(
    ("project", "base"),
    [(builders.project(2, "shop"), "https://pshop.t.example.net"), (None, "")],
    ids=["known", "unknown"],
)
def test_the_default_host_of_a_project(project: Project | None, base: str) -> None:
    directory = Directory.build([], [SHOP], system_default="https://p{sid}.t.example.net")
    found = plan(directory=directory, project=project)
    assert found.base == base
    assert found.untracked is (None if project else Untracked.NO_TRACKING_DOMAIN)


def test_the_rules_of_the_sending_domain() -> None:
    rules = Overrides(opens=False)
    assert plan(directory=shop.directory(rules=rules)).rules == rules
    assert plan(b"From: a@other.example\r\n\r\n", directory=shop.directory(rules=rules)).rules == Overrides()
