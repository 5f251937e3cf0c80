from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.directory import Choice, Directory, Why, scheme_of
from domains.directory_entries import SendingEntry
from domains.model import Https, Scheme, SendingDomain, State, TrackingDomain
from domains.names import parents_within_registrable, registrable
from rewriter.policy import Mode, Overrides
from tests.domains.builders import NOW, sending_domain, tracking_domain

PROJECT = 1
BASE = "http://localhost:8080"
LINKED = tracking_domain("track.example.com", state=State.VERIFIED)
DEFAULT = tracking_domain("click.corp.test", state=State.VERIFIED, is_default=True)
INACTIVE = [State.PENDING, State.FAILED, State.RETIRED]


def summary(choice: Choice) -> tuple[str | None, str | None, str | None]:
    """Return sending domain, tracking domain, and the base where it is the system's default."""
    base = choice.base if choice.tracking_domain is None else None
    return choice.sending_domain, choice.tracking_domain, base or None


def test_the_linked_domain_comes_first() -> None:
    directory = Directory.build(
        [LINKED, DEFAULT], [sending_domain(linked_to=LINKED.name)], system_default=BASE
    )
    assert directory.choose(PROJECT, "example.com") == Choice(
        sending_domain="example.com",
        tracking_domain=LINKED.name,
        base=f"http://{LINKED.name}",
        why=Why.LINKED,
    )


@pytest.mark.parametrize("tracking", [[LINKED], [DEFAULT], []], ids=["linked", "default", "none"])
def test_a_choice_tells_how_far_its_sending_domain_has_gone_live(tracking: list[TrackingDomain]) -> None:
    sender = replace(sending_domain(linked_to=LINKED.name), tracking=Mode.OBSERVE, share=10)
    directory = Directory.build(tracking, [sender], system_default=BASE)
    for name in ("example.com", "mail.example.com"):
        choice = directory.choose(PROJECT, name)
        assert (choice.tracking, choice.share) == (Mode.OBSERVE, 10)
    stranger = directory.choose(PROJECT, "other.example")
    assert (stranger.tracking, stranger.share) == (None, 100)


@pytest.mark.parametrize("state", INACTIVE)
def test_an_inactive_linked_domain_falls_through(state: State) -> None:
    linked = tracking_domain("track.example.com", state=state)
    directory = Directory.build([linked, DEFAULT], [sending_domain(linked_to=linked.name)])
    assert directory.choose(PROJECT, "example.com") == Choice(
        sending_domain="example.com",
        tracking_domain=DEFAULT.name,
        base=f"http://{DEFAULT.name}",
        why=Why.PROJECT_DEFAULT,
        passed_over=linked.name,
    )


HTTP, HTTPS = Scheme.HTTP, Scheme.HTTPS
SCHEMES = [
    # use of HTTPS, whether it was seen; the scheme where nobody serves HTTPS, a proxy does, we will soon
    (Https.AUTO, False, HTTP, HTTPS, None),
    (Https.AUTO, True, HTTPS, HTTPS, HTTPS),
    (Https.REQUIRE, False, None, None, None),
    (Https.REQUIRE, True, HTTPS, HTTPS, HTTPS),
    (Https.OFF, False, HTTP, HTTP, HTTP),
    (Https.OFF, True, HTTP, HTTP, HTTP),
]


@pytest.mark.parametrize(("https", "seen", "by_nobody", "by_proxy", "soon"), SCHEMES)
def test_the_scheme_of_a_verified_domain(
    https: Https, seen: bool, by_nobody: Scheme | None, by_proxy: Scheme | None, soon: Scheme | None
) -> None:
    linked = replace(LINKED, https=https, https_since=NOW if seen else None)
    for before_https, expected in ((HTTP, by_nobody), (HTTPS, by_proxy), (None, soon)):
        assert scheme_of(linked, before_https) is expected
        directory = Directory.build(
            [linked], [sending_domain(linked_to=linked.name)], system_default=BASE, before_https=before_https
        )
        chosen = directory.choose(PROJECT, "example.com")
        assert chosen.base == (f"{expected}://{linked.name}" if expected else BASE)
        assert chosen.why is (Why.LINKED if expected else Why.SYSTEM_DEFAULT)


@pytest.mark.parametrize("state", INACTIVE)
def test_the_others_have_no_scheme(state: State) -> None:
    assert scheme_of(tracking_domain(state=state), HTTPS) is None


def test_a_default_that_waits_for_https_falls_through() -> None:
    default = replace(DEFAULT, https=Https.REQUIRE)
    choice = Directory.build([default], [sending_domain()], system_default=BASE).choose(
        PROJECT, "example.com"
    )
    assert (choice.base, choice.why) == (BASE, Why.SYSTEM_DEFAULT)


def test_a_sending_domain_without_a_link_gets_the_default() -> None:
    choice = Directory.build([LINKED, DEFAULT], [sending_domain()]).choose(PROJECT, "example.com")
    assert (choice.tracking_domain, choice.why) == (DEFAULT.name, Why.PROJECT_DEFAULT)
    assert choice.passed_over is None


@pytest.mark.parametrize("state", INACTIVE)
def test_an_inactive_default_falls_through(state: State) -> None:
    default = tracking_domain("click.corp.test", state=state, is_default=True)
    directory = Directory.build([default], [sending_domain()], system_default=BASE)
    choice = directory.choose(PROJECT, "example.com")
    assert summary(choice) == ("example.com", None, BASE)
    assert choice.why is Why.SYSTEM_DEFAULT


@pytest.mark.parametrize("system_default", [None, ""])
def test_without_any_default_there_is_none(system_default: str | None) -> None:
    directory = Directory.build([LINKED], [sending_domain()], system_default=system_default)
    choice = directory.choose(PROJECT, "example.com")
    assert summary(choice) == ("example.com", None, None)
    assert choice.why is Why.NONE


def test_a_stranger_gets_the_defaults_and_no_sending_domain() -> None:
    directory = Directory.build([LINKED, DEFAULT], [sending_domain(linked_to=LINKED.name)])
    assert summary(directory.choose(PROJECT, "elsewhere.test")) == (None, DEFAULT.name, None)


@pytest.mark.parametrize("sender", ["Example.COM", "example.com.", "EXAMPLE.com."])
def test_any_spelling_is_found(sender: str) -> None:
    directory = Directory.build([LINKED], [sending_domain(linked_to=LINKED.name)])
    assert directory.choose(PROJECT, sender).tracking_domain == LINKED.name


def test_an_internationalised_sender_is_found() -> None:
    directory = Directory.build([LINKED], [sending_domain("xn--bcher-kva.de", linked_to=LINKED.name)])
    assert directory.choose(PROJECT, "Bücher.de").sending_domain == "xn--bcher-kva.de"


def test_a_subdomain_inherits_from_the_nearest_parent() -> None:
    near = tracking_domain("track.news.example.com", state=State.VERIFIED)
    directory = Directory.build(
        [LINKED, near],
        [
            sending_domain("example.com", linked_to=LINKED.name),
            sending_domain("news.example.com", linked_to=near.name),
        ],
    )
    assert summary(directory.choose(PROJECT, "a.b.news.example.com")) == (
        "news.example.com",
        near.name,
        None,
    )
    assert summary(directory.choose(PROJECT, "shop.example.com")) == ("example.com", LINKED.name, None)


def test_a_subdomain_of_its_own_without_a_link_does_not_inherit() -> None:
    directory = Directory.build(
        [LINKED, DEFAULT],
        [sending_domain("example.com", linked_to=LINKED.name), sending_domain("news.example.com")],
    )
    assert directory.choose(PROJECT, "news.example.com").tracking_domain == DEFAULT.name


def test_a_name_that_only_ends_alike_does_not_inherit() -> None:
    directory = Directory.build([LINKED], [sending_domain("example.com", linked_to=LINKED.name)])
    assert directory.choose(PROJECT, "badexample.com").sending_domain is None


@pytest.mark.parametrize(
    ("suffix", "sender"), [("co.uk", "shop.co.uk"), ("github.io", "me.github.io"), ("com", "example.com")]
)
def test_nothing_is_inherited_from_a_public_suffix(suffix: str, sender: str) -> None:
    directory = Directory.build([LINKED], [sending_domain(suffix, linked_to=LINKED.name)])
    assert directory.choose(PROJECT, suffix).tracking_domain == LINKED.name
    assert directory.choose(PROJECT, sender).sending_domain is None


def test_nothing_is_inherited_across_a_suffix_deeper_down() -> None:
    # s3.amazonaws.com is a public suffix, amazonaws.com is none.
    directory = Directory.build([LINKED], [sending_domain("amazonaws.com", linked_to=LINKED.name)])
    assert directory.choose(PROJECT, "mail.amazonaws.com").sending_domain == "amazonaws.com"
    assert directory.choose(PROJECT, "someone.s3.amazonaws.com").sending_domain is None


def test_projects_are_apart() -> None:
    other = tracking_domain("track.other.test", state=State.VERIFIED, project=2, is_default=True)
    directory = Directory.build([LINKED, other], [sending_domain(linked_to=LINKED.name)])
    assert summary(directory.choose(2, "example.com")) == (None, other.name, None)
    assert summary(directory.choose(PROJECT, "other.test")) == (None, None, None)


def test_a_link_into_another_project_counts_for_nothing() -> None:
    foreign = tracking_domain("track.other.test", state=State.VERIFIED, project=2)
    directory = Directory.build([foreign], [sending_domain(linked_to=foreign.name)])
    assert summary(directory.choose(PROJECT, "example.com")) == ("example.com", None, None)


@pytest.mark.parametrize("state", State)
def test_what_was_verified_once_is_told_in_any_state(state: State) -> None:
    verified = tracking_domain("click.example.com", state=state, verified_at=NOW)
    never = tracking_domain("never.example.com", state=state)
    directory = Directory.build([verified, never], [sending_domain()])
    assert directory.was_verified("Click.Example.com.")
    assert not any(map(directory.was_verified, ("never.example.com", "example.com", "")))


HOSTS = st.sampled_from(["track.a.test", "track.b.test", "track.c.test"])
SENDERS = st.sampled_from(["a.test", "x.a.test", "y.x.a.test", "b.test", "co.uk", "shop.co.uk"])
PROJECTS = st.sampled_from([1, 2])
TRACKING = st.lists(
    st.builds(
        tracking_domain, HOSTS, state=st.sampled_from(State), project=PROJECTS, is_default=st.booleans()
    ),
    unique_by=lambda domain: domain.name,
)
SENDING = st.lists(
    st.builds(sending_domain, SENDERS, linked_to=st.none() | HOSTS, project=PROJECTS, verified=st.just(True)),
    unique_by=lambda domain: domain.name,
)


@given(TRACKING, SENDING, st.none() | st.just(BASE), PROJECTS, SENDERS)
def test_the_order_of_choice(
    tracking: list[TrackingDomain],
    sending: list[SendingDomain],
    system_default: str | None,
    project: int,
    sender: str,
) -> None:
    """The same order, read off the lists the slow way."""
    active = {each.name for each in tracking if each.project == project and each.state is State.VERIFIED}
    defaults = {each.name for each in tracking if each.is_default} & active
    links = {each.name: each.tracking_domain for each in sending if each.project == project}
    own = next((name for name in (sender, *parents_within_registrable(sender)) if name in links), None)

    choice = Directory.build(tracking, sending, system_default=system_default).choose(project, sender)

    assert choice.sending_domain == own
    if own and links[own] in active:
        assert summary(choice) == (own, links[own], None)
    elif defaults:
        assert choice.tracking_domain in defaults
        assert choice.base == f"http://{choice.tracking_domain}"
    else:
        assert summary(choice) == (own, None, system_default)


@given(st.text())
def test_choosing_and_asking_never_raise(text: str) -> None:
    directory = Directory.build([LINKED], [sending_domain(linked_to=LINKED.name)])
    chosen = directory.choose(PROJECT, text).sending_domain
    assert chosen is None or registrable(text) == "example.com"
    directory.was_verified(text)


OWNED = Directory.build(
    [],
    [
        sending_domain("example.com"),
        sending_domain("shop.example.com", project=2, verified=True),
        sending_domain("co.uk"),
    ],
)


@pytest.mark.parametrize(
    ("sender", "owner"),
    [
        ("example.com", 1),
        ("Bounces.Example.COM.", 1),
        ("shop.example.com", 2),
        ("a.b.shop.example.com", 2),
        ("workshop.example.com", 1),
        ("example.org", None),
        ("com", None),
        ("other.co.uk", None),
        ("", None),
        ("..", None),
    ],
)
def test_a_sender_belongs_to_the_project_of_the_nearest_sending_domain(
    sender: str, owner: int | None
) -> None:
    assert OWNED.owner(sender) == owner


RULES = Overrides(clicks=False, excluded_hosts=("a.example",))


def test_a_choice_carries_the_rules_of_its_sending_domain() -> None:
    directory = Directory.build([LINKED], [replace(sending_domain(), rules=RULES)])
    assert directory.choose(PROJECT, "mail.example.com").rules == RULES
    assert directory.choose(PROJECT, "elsewhere.test").rules == Overrides()


@pytest.mark.parametrize(("verified", "required"), [(True, True), (True, False), (False, False)])
def test_a_sending_domain_that_counts(verified: bool, required: bool) -> None:
    sender = sending_domain(linked_to=LINKED.name, verified=verified)
    directory = Directory.build([LINKED], [sender], require_verified=required)
    assert summary(directory.choose(PROJECT, "example.com")) == ("example.com", LINKED.name, None)
    assert directory.owner("mail.example.com") == PROJECT


def test_the_link_of_one_that_is_not_verified_counts_for_nothing_where_it_must_be() -> None:
    sender = sending_domain(linked_to=LINKED.name)
    directory = Directory.build([LINKED, DEFAULT], [sender], require_verified=True)
    choice = directory.choose(PROJECT, "mail.example.com")
    assert summary(choice) == ("example.com", DEFAULT.name, None)
    assert choice.passed_over == LINKED.name
    assert directory.owner("example.com") == PROJECT, "no mail is refused for it"


def test_a_subdomain_counts_with_its_verified_parent() -> None:
    senders = [sending_domain(verified=True), sending_domain("news.example.com", id=2, linked_to=LINKED.name)]
    directory = Directory.build([LINKED], senders, require_verified=True)
    assert directory.choose(PROJECT, "news.example.com").tracking_domain == LINKED.name


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("proven", [True, False])
def test_no_tenant_takes_a_subdomain_of_another(proven: bool, required: bool) -> None:
    theirs = tracking_domain("track.other.test", state=State.VERIFIED, project=2)
    mine = sending_domain(verified=True, linked_to=LINKED.name)
    taken = sending_domain("news.example.com", id=2, project=2, linked_to=theirs.name, verified=proven)
    directory = Directory.build([LINKED, theirs], [mine, taken], require_verified=required)
    assert directory.owner("news.example.com") == (2 if proven else PROJECT)
    assert directory.choose(2, "news.example.com").tracking_domain == (theirs.name if proven else None)
    assert directory.choose(PROJECT, "news.example.com").tracking_domain == LINKED.name


@given(TRACKING, SENDING, st.booleans())
def test_what_it_was_built_from_comes_back(
    tracking: list[TrackingDomain], sending: list[SendingDomain], required: bool
) -> None:
    entries = Directory.build(tracking, sending, require_verified=required).entries
    assert {entry.name for entry in entries.tracking} == {domain.name for domain in tracking}
    assert set(entries.sending) == set(map(SendingEntry.of, sending))
