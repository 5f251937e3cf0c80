from events.agent_family import family
from events.counting import Counts, Statistics, merged, ranked
from tests.events.verdicts.agents import CHROME, GMAIL_OPEN


def some(value: str, readers: int = 1, opens: int = 0) -> Statistics:
    clicks = Counts(readers=readers, human=2 * readers, all_readers=readers + 1, all=9)
    return Statistics(value=value, clicks=clicks, opens=Counts(readers=opens))


def test_what_shares_a_value_is_added_up() -> None:
    found = {each.value: each for each in merged([some("ab", 1), some("b", 3)], list)}
    assert found["a"] == some("a", 1)
    assert found["b"].clicks == Counts(readers=4, human=8, all_readers=6, all=18)
    assert found["b"].opens == Counts()


def test_those_with_most_readers_come_first() -> None:
    few, more, opened = some("few"), some("more", 2), some("opened", 1, opens=5)
    assert ranked([few, opened, more]) == [more, opened, few]


def test_programs_are_known_by_family() -> None:
    assert family(CHROME) == "Chrome"
    assert family(GMAIL_OPEN) == "GmailImageProxy"
    assert family("no such thing") == "Other"
    assert family("") == "Other"
