from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.model import State
from domains.rules import judge
from tests.domains.builders import NOW, tracking_domain

HOST = "track.example.com"
TARGET = "links.waypost.test"
EARLIER = NOW - timedelta(days=1)


def seen(status: DnsStatus, *chain: str) -> DnsAnswer:
    return DnsAnswer(host=HOST, status=status, chain=chain, detail="a detail")


GOOD = seen(DnsStatus.FOUND, TARGET)
VIA = seen(DnsStatus.FOUND, "edge.example.net", TARGET, "lb.waypost.test")
WRONG = seen(DnsStatus.FOUND, "other.example.net")
MISSING = seen(DnsStatus.NO_RECORD)
ADDRESSES = seen(DnsStatus.ADDRESS_ONLY)
BROKEN = seen(DnsStatus.BROKEN, "a.example.net")
UNKNOWN = seen(DnsStatus.UNKNOWN)
UNKNOWN_BEHIND_TARGET = seen(DnsStatus.UNKNOWN, TARGET)
UNKNOWN_ELSEWHERE = seen(DnsStatus.UNKNOWN, "edge.example.net")

PENDING, VERIFIED, FAILED, RETIRED = State.PENDING, State.VERIFIED, State.FAILED, State.RETIRED

TABLE = [
    # answer, then the state after it for a domain that was pending, verified, failed, retired
    (GOOD, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    (VIA, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    (UNKNOWN_BEHIND_TARGET, VERIFIED, VERIFIED, VERIFIED, RETIRED),
    (WRONG, PENDING, FAILED, FAILED, RETIRED),
    (MISSING, PENDING, FAILED, FAILED, RETIRED),
    (ADDRESSES, PENDING, FAILED, FAILED, RETIRED),
    (BROKEN, PENDING, FAILED, FAILED, RETIRED),
    (UNKNOWN, PENDING, VERIFIED, FAILED, RETIRED),
    (UNKNOWN_ELSEWHERE, PENDING, VERIFIED, FAILED, RETIRED),
]
CASES = [
    pytest.param(before, answer, after, id=f"{before}, {answer.status} {','.join(answer.chain)}")
    for answer, *row in TABLE
    for before, after in zip((PENDING, VERIFIED, FAILED, RETIRED), row, strict=True)
]


@pytest.mark.parametrize(("before", "answer", "after"), CASES)
def test_states(before: State, answer: DnsAnswer, after: State) -> None:
    assert judge(tracking_domain(HOST, state=before), answer, NOW).state is after


def test_each_check_is_dated_and_diagnosed() -> None:
    judged = judge(tracking_domain(HOST), UNKNOWN, NOW)
    assert judged.checked_at == NOW
    assert "a detail" in judged.diagnosis


def test_the_first_verification_is_dated() -> None:
    assert judge(tracking_domain(HOST), GOOD, NOW).verified_at == NOW


def test_later_verifications_keep_the_first_date() -> None:
    domain = tracking_domain(HOST, state=FAILED, verified_at=EARLIER)
    assert judge(domain, GOOD, NOW).verified_at == EARLIER


def test_losing_the_record_keeps_the_date() -> None:
    domain = tracking_domain(HOST, state=VERIFIED, verified_at=EARLIER)
    assert judge(domain, MISSING, NOW).verified_at == EARLIER


def test_a_domain_never_verified_has_no_date() -> None:
    assert judge(tracking_domain(HOST), MISSING, NOW).verified_at is None


HOSTS = st.sampled_from([TARGET, HOST, "edge.example.net", "links.waypost.test.example.com"])
ANSWERS = st.builds(
    DnsAnswer,
    host=st.just(HOST),
    status=st.sampled_from(DnsStatus),
    chain=st.lists(HOSTS, max_size=4).map(tuple),
    addresses=st.lists(st.sampled_from(["192.0.2.1", "2001:db8::1"]), max_size=2).map(tuple),
    detail=st.sampled_from(["", "no reply"]),
).filter(lambda answer: answer.chain or answer.status is not DnsStatus.FOUND)


@given(st.sampled_from(State), ANSWERS)
def test_only_a_chain_to_the_target_verifies_and_only_a_definite_answer_fails(
    before: State, answer: DnsAnswer
) -> None:
    after = judge(tracking_domain(HOST, state=before), answer, NOW).state
    if after is VERIFIED and before is not VERIFIED:
        assert TARGET in answer.chain
    if after is FAILED and before is not FAILED:
        assert answer.status is not DnsStatus.UNKNOWN
        assert before is VERIFIED
    assert (after is RETIRED) == (before is RETIRED)


@given(st.sampled_from(State), ANSWERS)
def test_a_check_changes_nothing_but_its_finding(before: State, answer: DnsAnswer) -> None:
    domain = tracking_domain(HOST, state=before)
    judged = judge(domain, answer, NOW)
    assert judged == replace(
        domain,
        state=judged.state,
        diagnosis=judged.diagnosis,
        checked_at=NOW,
        verified_at=judged.verified_at,
    )
    assert judged.diagnosis


@given(st.lists(ANSWERS, max_size=8))
def test_the_same_answer_twice_changes_nothing_more(answers: list[DnsAnswer]) -> None:
    domain = tracking_domain(HOST)
    for answer in answers:
        domain = judge(domain, answer, NOW)
        assert judge(domain, answer, NOW) == domain
