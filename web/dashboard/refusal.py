"""What a page is refused with."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

FOR_OPERATORS: Final = "this is for those who act for the whole installation"


class Refusal(Exception):
    """A refusal of the dashboard itself; the message is a sentence that says what to do."""

    def __init__(
        self, status: HTTPStatus, sentence: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class SignInFirst(Exception):
    """There is no session."""
