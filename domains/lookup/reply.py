"""What came back to one question, from whichever servers were asked."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The values of the records of that name and type, none where there is a definite no.

    `asked` and `disagreement` are those of `domains.dns_answer.DnsAnswer`.
    """

    values: tuple[str, ...] = ()
    asked: str = ""
    disagreement: str = ""


Ask = Callable[[str, str], Reply]
"""(name, type) to what came back. Raises `domains.dns_answer.Unanswered`."""
