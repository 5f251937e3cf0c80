"""What a project says about the people whom its mail goes to; None leaves it to the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypedDict

from accounts.errors import InvalidDays
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking

FOR_EVER: Final = 0
MOST_DAYS: Final = 36_500


class PrivacySettings(TypedDict, total=False):
    """What to set. What is left out stays as it is; None goes back to the settings."""

    recipients: RecipientTracking | None
    client_addresses: AddressPrecision | None
    message_days: int | None
    event_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPrivacy:
    """Of one project. Days: how long something is kept, `FOR_EVER` without an end."""

    recipients: RecipientTracking | None = None  # of its mail
    client_addresses: AddressPrecision | None = None  # of its readers
    message_days: int | None = None  # whom anonymous references stand for, and what else names them
    event_days: int | None = None  # clicks, opens, outcomes, and all that is known of a message

    def changed(self, settings: PrivacySettings) -> "ProjectPrivacy":
        """Return it with what is set. Raises `InvalidDays`."""
        after = replace(self, **settings)
        for days in (after.message_days, after.event_days):
            if days is not None and not 0 <= days <= MOST_DAYS:
                raise InvalidDays(f"{days} is no number of days; give 1 to {MOST_DAYS}, or 0 for ever")
        return after


NOTHING_SAID: Final = ProjectPrivacy()


def privacy_to_json(privacy: ProjectPrivacy) -> dict[str, Any]:
    """Return what is said, for a JSON column; nothing for what is left to the settings."""
    said = {each.name: getattr(privacy, each.name) for each in fields(privacy)}
    return {name: value for name, value in said.items() if value is not None}


def privacy_from_json(kept: Mapping[str, Any]) -> ProjectPrivacy:
    """Return it again. Names that this version does not know are left out."""
    if not kept:
        return NOTHING_SAID
    return ProjectPrivacy(
        recipients=RecipientTracking(kept["recipients"]) if "recipients" in kept else None,
        client_addresses=AddressPrecision(kept["client_addresses"]) if "client_addresses" in kept else None,
        message_days=kept.get("message_days"),
        event_days=kept.get("event_days"),
    )
