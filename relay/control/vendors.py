"""The services whose headers are read, and which an upstream may be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.control import mailgun, postmark, sendgrid, sparkpost
from relay.control.header_fields import HeaderField
from relay.control.wishes import Wishes


class Profile(StrEnum):
    """Whose server the upstream is, so that its own tracking can be switched off."""

    NONE = "none"
    SPARKPOST = "sparkpost"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"
    POSTMARK = "postmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How one service's headers are read, and how its tracking is switched off. Both raise BadValue."""

    prefix: str  # of the names of its headers, in lower case
    switches: frozenset[str]  # the headers that `silent` stands for
    read: Callable[[Sequence[HeaderField]], Wishes]
    silent: Callable[[Sequence[HeaderField]], bytes]


VENDORS: Mapping[Profile, Vendor] = {
    Profile.SPARKPOST: Vendor(
        prefix="x-msys-api", switches=sparkpost.NAMES, read=sparkpost.read, silent=sparkpost.silent
    ),
    Profile.SENDGRID: Vendor(
        prefix="x-smtpapi", switches=sendgrid.NAMES, read=sendgrid.read, silent=sendgrid.silent
    ),
    Profile.MAILGUN: Vendor(
        prefix="x-mailgun-", switches=mailgun.SWITCHES, read=mailgun.read, silent=mailgun.silent
    ),
    Profile.POSTMARK: Vendor(
        prefix="x-pm-", switches=postmark.SWITCHES, read=postmark.read, silent=postmark.silent
    ),
}
