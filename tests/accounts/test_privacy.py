import pytest

from accounts.errors import InvalidDays
from accounts.privacy import (
    MOST_DAYS,
    NOTHING_SAID,
    PrivacySettings,
    ProjectPrivacy,
    privacy_from_json,
    privacy_to_json,
)
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking

ALL = ProjectPrivacy(
    recipients=RecipientTracking.NONE,
    client_addresses=AddressPrecision.TRUNCATED,
    message_days=7,
    event_days=0,
)


@pytest.mark.parametrize("privacy", [NOTHING_SAID, ALL, ProjectPrivacy(event_days=1)])
def test_what_is_said_comes_back(privacy: ProjectPrivacy) -> None:
    assert privacy_from_json(privacy_to_json(privacy)) == privacy


def test_what_is_not_said_is_not_kept_and_what_is_not_known_is_passed_over() -> None:
    assert privacy_to_json(NOTHING_SAID) == {}
    assert privacy_from_json({"event_days": 3, "eyes": "closed"}) == ProjectPrivacy(event_days=3)


def test_what_is_set_is_set_and_the_rest_stays() -> None:
    changed = ALL.changed(PrivacySettings(message_days=None, event_days=90))
    assert (changed.message_days, changed.event_days, changed.recipients) == (None, 90, ALL.recipients)


@pytest.mark.parametrize("days", [-1, MOST_DAYS + 1])
def test_what_is_no_number_of_days_is_refused(days: int) -> None:
    with pytest.raises(InvalidDays, match=f"{days} is no number of days"):
        NOTHING_SAID.changed(PrivacySettings(event_days=days))
