from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence, ProbeAnswer, Reached
from domains.findings import Verdict, find
from domains.history import Cause, Step
from domains.model import Https, State, TrackingDomain
from domains.rules import CheckPolicy, judge
from tests.domains.builders import NOW, tracking_domain

HOST = "track.example.com"
TARGET = "links.waypost.test"
OURS = ("192.0.2.10", "2001:db8::10")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY = CheckPolicy(targets=(TARGET, "eu.waypost.test"))
PROBING = replace(POLICY, require_probe=True)


def seen(status: DnsStatus, *chain: str, addresses: tuple[str, ...] = OURS) -> Evidence:
    answer = DnsAnswer(host=HOST, status=status, chain=chain, addresses=addresses, detail="a detail")
    return Evidence(at=NOW, dns=answer, target_addresses=OURS)


def probed(http: Reached, https: Reached = Reached.NOT_PROBED) -> Evidence:
    return replace(GOOD, http=ProbeAnswer(reached=http), https=ProbeAnswer(reached=https))


GOOD = seen(DnsStatus.FOUND, TARGET)
FLATTENED = seen(DnsStatus.ADDRESS_ONLY, addresses=OURS[:1])
UNKNOWN_BEHIND_TARGET = seen(DnsStatus.UNKNOWN, TARGET, addresses=())
WRONG = seen(DnsStatus.FOUND, "other.example.net", addresses=("203.0.113.1",))
CONFLICT = seen(DnsStatus.ADDRESS_ONLY, addresses=(OURS[0], "203.0.113.1"))
MISSING = seen(DnsStatus.NO_RECORD, addresses=())
UNKNOWN = seen(DnsStatus.UNKNOWN, addresses=())

PENDING, VERIFIED, FAILED, RETIRED = State.PENDING, State.VERIFIED, State.FAILED, State.RETIRED


def domain_in(state: State) -> TrackingDomain:
    domain = tracking_domain(HOST, state=state, verified_at=None if state is PENDING else NOW - DAY)
    return replace(domain, pending_since=NOW if state is PENDING else None)


def step_of(
    domain: TrackingDomain,
    evidence: Evidence,
    now: datetime = NOW,
    *,
    by_hand: bool = False,
    policy: CheckPolicy = POLICY,
) -> Step:
    return judge(domain, evidence, now, policy=policy, by_hand=by_hand, jitter=0.5)


def after(
    domain: TrackingDomain,
    evidence: Evidence,
    now: datetime = NOW,
    *,
    by_hand: bool = False,
    policy: CheckPolicy = POLICY,
) -> TrackingDomain:
    domain_after = step_of(domain, evidence, now, by_hand=by_hand, policy=policy).after
    assert domain_after is not None
    return domain_after


TABLE = {
    # evidence, then the state after it by hand of a domain that was pending, verified, failed, retired
    "good": (GOOD, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    "flattened": (FLATTENED, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    "the rest of the chain is unknown": (UNKNOWN_BEHIND_TARGET, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    "wrong target": (WRONG, PENDING, FAILED, FAILED, RETIRED),
    "conflict": (CONFLICT, PENDING, FAILED, FAILED, RETIRED),
    "no record": (MISSING, PENDING, FAILED, FAILED, RETIRED),
    "no answer": (UNKNOWN, PENDING, VERIFIED, FAILED, RETIRED),
}
CASES = [
    pytest.param(before, evidence, expected, id=f"{before}, {name}")
    for name, (evidence, *row) in TABLE.items()
    for before, expected in zip((PENDING, VERIFIED, FAILED, RETIRED), row, strict=True)
]


@pytest.mark.parametrize(("before", "evidence", "expected"), CASES)
def test_by_hand_a_check_decides_at_once(before: State, evidence: Evidence, expected: State) -> None:
    assert after(domain_in(before), evidence, by_hand=True).state is expected


@pytest.mark.parametrize(("before", "evidence", "expected"), CASES)
def test_by_schedule_one_bad_answer_fails_no_verified_domain(
    before: State, evidence: Evidence, expected: State
) -> None:
    assert after(domain_in(before), evidence).state is (VERIFIED if before is VERIFIED else expected)


def test_a_bad_answer_counts_when_it_stays_so_for_fifteen_minutes() -> None:
    domain, now = domain_in(VERIFIED), NOW
    for minutes, state in ((0, VERIFIED), (5, VERIFIED), (15, FAILED)):
        now = NOW + minutes * MINUTE
        assert domain.next_check_at in (None, now)
        domain = after(domain, MISSING, now)
        assert domain.state is state
    assert domain.next_check_at == now + DAY


def test_a_good_answer_ends_the_doubts() -> None:
    domain = after(after(after(domain_in(VERIFIED), MISSING), GOOD), MISSING)
    assert (domain.state, domain.doubts) == (VERIFIED, 1)


def test_no_answer_between_two_bad_ones_neither_counts_nor_clears() -> None:
    domain = domain_in(VERIFIED)
    for evidence in (MISSING, UNKNOWN, MISSING, UNKNOWN):
        domain = after(domain, evidence)
        assert domain.state is VERIFIED
    assert after(domain, MISSING).state is FAILED


def test_a_failed_domain_comes_back_by_itself() -> None:
    failed = after(domain_in(FAILED), MISSING)
    assert failed.next_check_at == NOW + DAY
    back = after(failed, GOOD, NOW + DAY)
    assert (back.state, back.verified_at) == (VERIFIED, NOW - DAY)


@pytest.mark.parametrize("evidence", [MISSING, WRONG, UNKNOWN])
def test_a_pending_domain_fails_after_three_days_and_not_before(evidence: Evidence) -> None:
    waiting = after(domain_in(PENDING), evidence, NOW + 71 * HOUR)
    assert (waiting.state, waiting.pending_since) == (PENDING, NOW)
    over = after(waiting, evidence, NOW + 72 * HOUR)
    assert (over.state, over.pending_since) == (FAILED, None)


def test_a_good_answer_on_the_third_day_still_verifies() -> None:
    assert after(domain_in(PENDING), GOOD, NOW + 73 * HOUR).state is VERIFIED


def test_a_pending_domain_is_told_at_once_what_is_wrong() -> None:
    assert "other.example.net" in after(domain_in(PENDING), WRONG).diagnosis


def test_the_first_verification_is_dated_and_kept() -> None:
    first = after(domain_in(PENDING), GOOD)
    assert (first.verified_at, first.pending_since, first.checked_at) == (NOW, None, NOW)
    lost = after(first, MISSING, NOW + DAY, by_hand=True)
    assert (lost.state, lost.verified_at) == (FAILED, NOW)


def test_https_is_dated_when_first_seen_and_kept() -> None:
    first = after(domain_in(PENDING), probed(Reached.NOBODY, Reached.OURS))
    assert first.https_since == NOW
    assert after(first, probed(Reached.OURS, Reached.UNTRUSTED), NOW + DAY).https_since == NOW
    assert after(domain_in(PENDING), probed(Reached.OURS, Reached.OTHER)).https_since is None


ALONE = [Reached.OTHER, Reached.NOBODY, Reached.UNTRUSTED, Reached.NOT_ALLOWED, Reached.NOT_PROBED]


@pytest.mark.parametrize("reached", ALONE)
@pytest.mark.parametrize("state", [PENDING, VERIFIED, FAILED])
def test_a_probe_alone_takes_nothing_down(state: State, reached: Reached) -> None:
    assert after(domain_in(state), probed(reached, reached), by_hand=True).state is VERIFIED


@pytest.mark.parametrize("reached", ALONE)
def test_where_a_probe_is_required_only_another_server_is_definite(reached: Reached) -> None:
    evidence = probed(reached, reached)
    assert after(domain_in(PENDING), evidence, by_hand=True, policy=PROBING).state is PENDING
    expected = FAILED if reached is Reached.OTHER else VERIFIED
    assert after(domain_in(VERIFIED), evidence, by_hand=True, policy=PROBING).state is expected


@pytest.mark.parametrize(
    ("https", "http_ours", "https_ours"),
    [(Https.AUTO, True, True), (Https.OFF, True, False), (Https.REQUIRE, False, True)],
)
def test_a_required_probe_goes_the_way_of_the_links(https: Https, http_ours: bool, https_ours: bool) -> None:
    domain = replace(domain_in(PENDING), https=https)
    by_http = after(domain, probed(Reached.OURS, Reached.NOBODY), policy=PROBING)
    by_https = after(domain, probed(Reached.NOBODY, Reached.OURS), policy=PROBING)
    assert (by_http.state is VERIFIED, by_https.state is VERIFIED) == (http_ours, https_ours)


def test_a_required_probe_that_comes_through_does_not_excuse_dns() -> None:
    evidence = replace(MISSING, http=ProbeAnswer(reached=Reached.OURS))
    assert after(domain_in(PENDING), evidence, policy=PROBING).state is PENDING


@pytest.mark.parametrize(("by_hand", "cause"), [(True, Cause.VERIFIED_BY_HAND), (False, Cause.CHECKED)])
def test_a_change_of_state_is_an_entry_with_its_evidence(by_hand: bool, cause: Cause) -> None:
    step = step_of(domain_in(PENDING), GOOD, by_hand=by_hand)
    assert step.change is not None
    assert (step.change.domain, step.change.at, step.change.cause) == (HOST, NOW, cause)
    assert (step.change.before, step.change.after) == (PENDING, VERIFIED)
    assert step.change.evidence is step.evidence is GOOD
    assert TARGET in step.change.detail


def test_a_check_that_changes_no_state_is_no_entry() -> None:
    step = step_of(domain_in(VERIFIED), MISSING)
    assert step.change is None
    assert step.evidence is MISSING


HOSTS = st.sampled_from([TARGET, HOST, "edge.example.net", "links.waypost.test.example.com"])
ADDRESSES = st.lists(st.sampled_from([*OURS, "203.0.113.1"]), max_size=2).map(tuple)
ANSWERS = st.builds(
    DnsAnswer,
    host=st.just(HOST),
    status=st.sampled_from(DnsStatus),
    chain=st.lists(HOSTS, max_size=3).map(tuple),
    addresses=ADDRESSES,
    detail=st.sampled_from(["", "no reply"]),
).filter(lambda answer: bool(answer.chain) or answer.status is not DnsStatus.FOUND)
PROBES = st.builds(ProbeAnswer, reached=st.sampled_from(Reached))
EVIDENCE = st.builds(
    Evidence, at=st.just(NOW), dns=ANSWERS, target_addresses=ADDRESSES, http=PROBES, https=PROBES
)
CHECKS = st.tuples(
    EVIDENCE,
    st.timedeltas(min_value=timedelta(seconds=1), max_value=2 * DAY),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
)
POLICIES = st.sampled_from([POLICY, PROBING])


@given(st.sampled_from(State), st.sampled_from(Https), POLICIES, st.lists(CHECKS, max_size=8))
def test_whatever_checks_see(
    state: State,
    https: Https,
    policy: CheckPolicy,
    checks: list[tuple[Evidence, timedelta, bool, float]],
) -> None:
    domain, now = replace(domain_in(state), https=https), NOW
    for evidence, passed, by_hand, jitter in checks:
        now += passed
        step = judge(domain, evidence, now, policy=policy, by_hand=by_hand, jitter=jitter)
        assert step.before == domain
        assert step.after is not None
        _holds(step, step.after, evidence, now, policy)
        domain = step.after


def _holds(
    step: Step, domain: TrackingDomain, evidence: Evidence, now: datetime, policy: CheckPolicy
) -> None:
    before = step.before
    if before.state is RETIRED:
        assert step == Step(before=before, after=before)
        return
    dns = find(before, evidence, policy.targets).verdict
    if domain.state is VERIFIED and before.state is not VERIFIED:
        assert dns is Verdict.GOOD
    if before.state is VERIFIED and dns is Verdict.UNKNOWN:
        assert domain.state is VERIFIED
    assert (step.change is None) == (domain.state is before.state)
    assert step.change is None or (step.change.before, step.change.after) == (before.state, domain.state)
    assert domain.next_check_at is not None
    assert domain.next_check_at > now
    assert domain.checked_at == now
    assert domain.diagnosis
    assert domain.state is not VERIFIED or domain.verified_at is not None
    assert before.verified_at in (None, domain.verified_at)
    assert before.https_since in (None, domain.https_since)
    kept = ("id", "project", "name", "target", "https", "is_default", "created_at")
    assert all(getattr(domain, name) == getattr(before, name) for name in kept)
