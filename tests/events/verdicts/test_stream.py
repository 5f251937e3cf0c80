from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.model import Hit, HitKind
from events.verdicts import HitVerdict, Judgement, Reason, Relayed, Surroundings, judge, judged
from events.verdicts.surroundings import reader
from events.verdicts.thresholds import DEFAULT
from tests.events.records import AT, hit
from tests.events.verdicts.agents import CHROME, GMAIL_OPEN

HUMAN, SUSPECT, MACHINE = HitVerdict
MESSAGES = {"aa": Relayed(at=AT, links=3), "bb": Relayed(at=None, links=12)}


def relayed(hit: Hit) -> Relayed:
    return MESSAGES.get(hit.message, Relayed())


def verdicts(hits: Sequence[Hit]) -> dict[str, Judgement]:
    """Return what is judged of each, by its id, once all have arrived."""
    return {each.id: judgement for each, judgement in judged(sorted(hits, key=lambda one: one.at), relayed)}


def clicks(count: int, apart: int, **fields: Any) -> list[Hit]:
    """Return clicks on the links of a message, one after the other."""
    return [
        hit(number, **{"at": AT + 60_000 + number * apart, "link": number, "user_agent": CHROME} | fields)
        for number in range(count)
    ]


def test_a_burst_over_the_links_of_a_message_is_a_machine_from_its_first_to_its_last() -> None:
    found = verdicts(clicks(6, 100)).values()
    assert {each.verdict for each in found} == {MACHINE}
    assert {each.reasons for each in found} == {(Reason.LINK_BURST,)}


def test_reading_one_link_after_the_other_is_a_person() -> None:
    assert {each.verdict for each in verdicts(clicks(6, 5_001)).values()} == {HUMAN}


def test_the_same_link_again_and_again_is_no_burst() -> None:
    assert {each.verdict for each in verdicts(clicks(9, 100, link=1)).values()} == {HUMAN}


def test_the_links_of_many_readers_are_no_burst() -> None:
    crowd = [
        hit(n, link=n, recipient=f"{n:016x}", address=f"192.0.2.{n}", user_agent=CHROME) for n in range(20)
    ]
    assert {each.verdict for each in verdicts(crowd).values()} == {HUMAN}


def test_a_burst_from_many_addresses_is_one_where_the_recipient_is_known() -> None:
    spread = [hit(n, link=n, address=f"192.0.2.{n}", user_agent=CHROME) for n in range(6)]
    assert {each.verdict for each in verdicts(spread).values()} == {MACHINE}
    shared = [hit(n, link=n, address=f"192.0.2.{n}", recipient=None, user_agent=CHROME) for n in range(6)]
    assert {each.verdict for each in verdicts(shared).values()} == {HUMAN}


def test_one_address_over_many_recipients_is_suspect() -> None:
    scan = [hit(n, recipient=f"{n:016x}", user_agent=CHROME) for n in range(10)]
    assert {each.reasons for each in verdicts(scan).values()} == {(Reason.MANY_RECIPIENTS,)}
    assert {each.verdict for each in verdicts(scan[:9]).values()} == {HUMAN}


def test_opens_of_many_recipients_through_one_proxy_are_theirs() -> None:
    opens = [
        hit(n, kind=HitKind.OPEN, link=0, recipient=f"{n:016x}", user_agent=GMAIL_OPEN) for n in range(40)
    ]
    assert {each.verdict for each in verdicts(opens).values()} == {HUMAN}


def surroundings(hit: Hit, hits: Sequence[Hit]) -> Surroundings:
    """Say the same as `Neighbourhood` by looking at all of them."""
    near = [each for each in hits if each.kind is HitKind.CLICK and abs(each.at - hit.at) <= DEFAULT.window]
    if hit.kind is not HitKind.CLICK:
        return Surroundings()
    recipients = {reader(each) for each in near if each.recipient and each.address == hit.address}
    return Surroundings(
        links=len({each.link for each in near if reader(each) == reader(hit)}),
        recipients=len(recipients) if hit.recipient else 1,
    )


some_hits = st.lists(
    st.builds(
        hit,
        st.just(1),
        kind=st.sampled_from([HitKind.CLICK, HitKind.CLICK, HitKind.OPEN]),
        at=st.integers(AT - 5_000, AT + 40_000),
        message=st.sampled_from(["aa", "bb", "cc"]),
        recipient=st.sampled_from(["01", "02", None]) | st.integers(1, 30).map(str),
        link=st.integers(1, 7),
        address=st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        user_agent=st.sampled_from([CHROME, GMAIL_OPEN, "curl/8"]),
        method=st.sampled_from(["GET", "GET", "HEAD"]),
    ),
    max_size=40,
).map(lambda hits: [hit(n, **{name: getattr(h, name) for name in NAMES}) for n, h in enumerate(hits)])
NAMES = ("kind", "at", "message", "recipient", "link", "address", "user_agent", "method")


@given(some_hits)
def test_each_is_judged_by_exactly_what_surrounds_it(hits: list[Hit]) -> None:
    assert verdicts(hits) == {each.id: judge(each, relayed(each), surroundings(each, hits)) for each in hits}


@given(some_hits, st.randoms())
def test_the_order_of_arrival_makes_no_difference(hits: list[Hit], random: Any) -> None:
    before = verdicts(hits)
    random.shuffle(hits)
    assert verdicts(hits) == before


GRAVITY = list(HitVerdict)


@given(some_hits, st.integers(0, 40))
def test_more_hits_never_make_one_milder(hits: list[Hit], known: int) -> None:
    few, all_of_them = verdicts(hits[:known]), verdicts(hits)
    for each, judgement in few.items():
        assert GRAVITY.index(all_of_them[each].verdict) >= GRAVITY.index(judgement.verdict)
        assert set(judgement.reasons) <= set(all_of_them[each].reasons)


@given(some_hits)
def test_the_first_sight_is_never_graver_than_the_last(hits: list[Hit]) -> None:
    last = verdicts(hits)
    for each in hits:
        assert set(judge(each).reasons) <= set(last[each.id].reasons)
