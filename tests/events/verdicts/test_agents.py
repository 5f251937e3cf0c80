from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.verdicts import Reason
from events.verdicts.agents import AGENTS, says_of_itself
from events.verdicts.model import HitVerdict, worth
from tests.events.verdicts.agents import OTHERS, PEOPLE


@pytest.mark.parametrize("agent", PEOPLE)
def test_what_people_read_mail_with_raises_no_doubt(agent: str) -> None:
    assert says_of_itself(agent) == frozenset()


@pytest.mark.parametrize(("reason", "agent"), OTHERS)
def test_others_are_known(reason: Reason, agent: str) -> None:
    assert reason in says_of_itself(agent)


@pytest.mark.parametrize(
    ("reason", "words"), [(reason, words) for reason, words in AGENTS.items()], ids=list(AGENTS)
)
def test_each_word_of_the_tables_is_found_in_any_case(reason: Reason, words: Sequence[str]) -> None:
    assert len({word.lower() for word in words}) == len(words)
    assert worth(reason) is HitVerdict.MACHINE
    for word in words:
        assert reason in says_of_itself(f"Mozilla/5.0 (compatible; {word.upper()}1.0)"), word


@given(st.text())
def test_any_text_is_an_agent(agent: str) -> None:
    assert says_of_itself(agent) <= set(Reason)
