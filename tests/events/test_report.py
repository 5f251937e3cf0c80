from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.report import Tally, by_sender


def tally(messages: int = 1, **fields: Any) -> Tally:
    """Return messages that were rewritten."""
    given: dict[str, Any] = {
        "project": 1,
        "sending_domain": "shop.example",
        "mode": "on",
        "rewritten": True,
        "pixel": False,
        "untracked": "",
        "left_alone": {},
        "links": 0,
    }
    return Tally(**given | fields, messages=messages)


def test_each_message_is_one_of_four() -> None:
    [sender] = by_sender(
        [
            tally(10, links=30, pixel=True),
            tally(4, rewritten=False),
            tally(3, mode="observe", rewritten=False, links=6, pixel=True),
            tally(2, mode="observe", rewritten=False, untracked="outside-share", links=4),
            tally(7, rewritten=False, untracked="null-sender"),
            tally(1, mode="observe", rewritten=False, untracked="automatic-reply"),
            tally(5, mode="off", rewritten=False, untracked="off"),
        ]
    )
    assert sender.messages == 32
    assert (sender.rewritten, sender.observed, sender.unchanged, sender.untracked) == (10, 5, 4, 13)
    assert (sender.links, sender.pixels) == (30, 10)
    assert (sender.links_observed, sender.pixels_observed) == (10, 3)
    assert sender.why_untracked == Counter(
        {"null-sender": 7, "off": 5, "outside-share": 2, "automatic-reply": 1}
    )


def test_reasons_count_as_often_as_there_are_messages() -> None:
    alike = [tally(3, left_alone={"not-http": 2, "opens-off": 1}), tally(1, left_alone={"not-http": 1})]
    [sender] = by_sender(alike)
    assert sender.left_alone == {"not-http": 7, "opens-off": 3}


def test_a_line_for_each_sending_domain_of_each_project_the_largest_first() -> None:
    senders = by_sender(
        [tally(1), tally(5, sending_domain="b.example"), tally(1, project=2), tally(1, sending_domain="")]
    )
    assert [(each.messages, each.project, each.sending_domain) for each in senders] == [
        (5, 1, "b.example"),
        (1, 1, ""),
        (1, 1, "shop.example"),
        (1, 2, "shop.example"),
    ]


tallies = st.builds(
    Tally,
    project=st.integers(1, 2),
    sending_domain=st.sampled_from(("a.example", "b.example")),
    mode=st.sampled_from(("off", "observe", "on")),
    rewritten=st.booleans(),
    pixel=st.booleans(),
    untracked=st.sampled_from(("", "off", "outside-share")),
    left_alone=st.dictionaries(st.sampled_from(("not-http", "opens-off")), st.integers(1, 5)),
    messages=st.integers(1, 5),
    links=st.integers(0, 5),
)


@given(st.lists(tallies))
def test_no_message_is_lost_or_counted_twice(given: list[Tally]) -> None:
    senders = by_sender(given)
    assert sum(each.messages for each in senders) == sum(each.messages for each in given)
    assert all(min(each.rewritten, each.observed, each.unchanged, each.untracked) >= 0 for each in senders)
