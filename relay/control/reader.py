"""Reads the wishes of a message: our headers first, then those of other services."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from relay.control import waypost
from relay.control.header_fields import HeaderField
from relay.control.values import MAX_VALUE, BadValue
from relay.control.vendors import VENDORS
from relay.control.wishes import NO_WISHES, Wishes

Read = Callable[[Sequence[HeaderField]], Wishes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A control header that was not understood and counts for nothing. No part of its value is in here."""

    header: str
    why: str

    def __str__(self) -> str:
        """Return it for a log line or a record; the name of a header may be as long as its line."""
        return f"{self.header[:60]}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a message asks for."""

    wishes: Wishes = NO_WISHES
    problems: tuple[Problem, ...] = ()


NO_CONTROL = Control()


def read_control(fields: Sequence[HeaderField]) -> Control:
    """Read all control headers of a message; never raises. Ours win over those of other services."""
    if not fields:
        return NO_CONTROL
    problems: list[Problem] = []
    own = NO_WISHES
    for same in _own_by_name(fields):
        own = own.over(_understood(same, waypost.read, problems))
    foreign = NO_WISHES
    for vendor in VENDORS.values():
        if its := [field for field in fields if field.name.startswith(vendor.prefix)]:
            foreign = foreign.both(_understood(its, vendor.read, problems))
    return Control(wishes=own.over(foreign), problems=tuple(problems))


def _own_by_name(fields: Iterable[HeaderField]) -> Iterable[list[HeaderField]]:
    by_name: dict[str, list[HeaderField]] = {}
    for field in fields:
        if field.name.startswith(waypost.PREFIX):
            by_name.setdefault(field.name, []).append(field)
    return by_name.values()


def _understood(fields: Sequence[HeaderField], read: Read, problems: list[Problem]) -> Wishes:
    try:
        if sum(len(field.raw) for field in fields) > MAX_VALUE:
            raise BadValue(f"more than {MAX_VALUE} octets")
        return read(fields)
    except BadValue as error:
        problems.append(Problem(header=fields[0].name, why=str(error)))
        return NO_WISHES
