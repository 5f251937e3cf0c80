from hypothesis import given
from hypothesis import strategies as st

from relay.message_budget import COST, MessageBudget


def test_a_share_grows_as_far_as_there_is_room() -> None:
    budget = MessageBudget(COST * 100)
    first, second = budget.claim(), budget.claim()
    assert first.cover(60)
    assert second.cover(40)
    assert not budget.has_room(1)
    assert budget.used == COST * 100


def test_the_first_that_would_pass_the_bound_may() -> None:
    budget = MessageBudget(COST * 100)
    first, second = budget.claim(), budget.claim()
    assert first.cover(50)
    assert second.cover(50)
    assert first.cover(80)
    assert not second.cover(51)
    assert first.cover(200)
    first.release()
    assert second.cover(120)


def test_less_than_it_has_is_covered() -> None:
    claim = MessageBudget(COST * 10).claim()
    assert claim.cover(10)
    assert claim.cover(5)


def test_alone_it_may_pass_the_bound() -> None:
    budget = MessageBudget(1)
    claim, other = budget.claim(), budget.claim()
    assert claim.cover(100)
    assert claim.cover(200)
    assert not other.cover(1)
    assert not budget.has_room(0)
    claim.release()
    assert budget.has_room(10**9)
    assert other.cover(1)


def test_release_is_for_once() -> None:
    budget = MessageBudget(COST * 10)
    claim, other = budget.claim(), budget.claim()
    claim.cover(5)
    other.cover(5)
    claim.release()
    claim.release()
    assert budget.used == COST * 5


def test_one_that_was_split_lets_another_pass_the_bound() -> None:
    budget = MessageBudget(COST * 10)
    first, second = budget.claim(), budget.claim()
    assert first.cover(20)
    shares = first.split(2)
    assert budget.used == COST * 20
    assert second.cover(1)
    for share in shares:
        share.release()
    assert budget.used == COST


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50) | st.none()), max_size=60))
def test_the_sum_is_right_and_bounded(steps: list[tuple[int, int | None]]) -> None:
    budget = MessageBudget(COST * 60)
    claims = [budget.claim() for _ in range(5)]
    covered = [0] * 5
    for number, size in steps:
        if size is None:
            claims[number].release()
            covered[number] = 0
        elif claims[number].cover(size):
            covered[number] = max(covered[number], size)
        assert budget.used == COST * sum(covered)
        assert budget.used <= COST * (60 + max(covered))
    for claim in claims:
        claim.release()
    assert budget.used == 0
