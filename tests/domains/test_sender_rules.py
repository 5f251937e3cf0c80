import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.errors import InvalidName
from domains.sender_rules import host_patterns, rules_from_json, rules_to_json
from rewriter.policy import NO_OVERRIDES, Overrides, SignedMail, VisibleUrl

SWITCH = st.none() | st.booleans()
HOSTS = st.none() | st.lists(st.text()).map(tuple)
RULES = st.builds(
    Overrides,
    clicks=SWITCH,
    html=SWITCH,
    text=SWITCH,
    opens=SWITCH,
    excluded_hosts=HOSTS,
    allowed_destinations=HOSTS,
    visible_url=st.none() | st.sampled_from(VisibleUrl),
    signed_mail=st.none() | st.sampled_from(SignedMail),
)


@given(RULES)
def test_they_come_back_from_json_as_they_were(rules: Overrides) -> None:
    assert rules_from_json(json.loads(json.dumps(rules_to_json(rules)))) == rules


def test_what_says_nothing_is_kept_as_nothing() -> None:
    assert rules_to_json(NO_OVERRIDES) == {}
    assert rules_from_json({}) is NO_OVERRIDES
    assert rules_from_json({"of a newer version": 1}) == NO_OVERRIDES


def test_hosts_in_stored_form_and_once() -> None:
    assert host_patterns(["Shop.example", "*.shop.EXAMPLE.", "shop.example"]) == (
        "shop.example",
        "*.shop.example",
    )


@pytest.mark.parametrize("text", ["*.", "**.shop.example", "*shop.example", "shop.example/path"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        host_patterns([text])
