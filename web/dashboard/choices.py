"""What forms give to choose from, and how a choice is read."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeVar

from domains.model import Https
from web.dashboard.refusal import Refusal

Choice = TypeVar("Choice", bound=StrEnum)

HTTPS: Final = (
    (Https.AUTO, "auto: https once it was seen to work"),
    (Https.REQUIRE, "require: https alone, and no use before that"),
    (Https.OFF, "off: http alone"),
)


def one_of(choices: type[Choice], text: str) -> Choice | None:
    """Return the one of this name, None for no name. Raises `Refusal`."""
    if not text:
        return None
    for each in choices:
        if each == text:
            return each
    raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"choose one of {', '.join(choices)}")
