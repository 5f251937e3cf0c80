"""What the rewriter may do with one message, as a frozen value: it learns all it needs from here."""

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Final, Protocol


class Mode(StrEnum):
    """Going live is gentle: off, observe (report, but send the original), on."""

    OFF = "off"
    OBSERVE = "observe"
    ON = "on"


class VisibleUrl(StrEnum):
    """What to do with a link whose visible text is itself a URL (rule 8)."""

    SKIP_FOREIGN = "skip-foreign"  # leave it unless the text is on the tracking domain's registrable domain
    TRACK = "track"


class SignedMail(StrEnum):
    """What to do with a message that carries a DKIM or ARC signature (rule 19)."""

    LEAVE = "leave"
    TRACK = "track"


class PixelPlace(StrEnum):
    """Where the open pixel goes; `AUTO` is rule 22."""

    AUTO = "auto"
    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond a limit the rest stays as it is, with a reason. Sizes in bytes."""

    message_size: int = 64 * 1024 * 1024
    html_size: int = 2 * 1024 * 1024  # of one decoded part
    text_size: int = 2 * 1024 * 1024
    parts: int = 1_000
    depth: int = 50  # of nested multiparts
    html_elements: int = 600_000  # that a parser may make of one part, copies of open formatting included
    html_depth: int = 400  # of nested elements; selectolax is quadratic, and turbohtml stops at 512
    attributes: int = 200  # on one element; selectolax is quadratic
    links: int = 5_000  # in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for one message."""

    clicks: bool = True
    html: bool = True  # links in HTML, where clicks are on
    text: bool = False  # links in plain text, where clicks are on
    opens: bool = True
    tracking_site: str = ""  # registrable domain of the tracking domain, an A-label; "" matches nothing
    excluded_hosts: tuple[str, ...] = ()  # `shop.example`, or `*.shop.example` for every subdomain
    allowed_destinations: tuple[str, ...] = ()  # same form; where not empty, only these are tracked
    visible_url: VisibleUrl = VisibleUrl.SKIP_FOREIGN
    signed_mail: SignedMail = SignedMail.LEAVE
    pixel_place: PixelPlace = PixelPlace.AUTO
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What one level, such as a sending domain, says about the rules; None leaves it to the next level."""

    clicks: bool | None = None
    html: bool | None = None
    text: bool | None = None
    opens: bool | None = None
    excluded_hosts: tuple[str, ...] | None = None
    allowed_destinations: tuple[str, ...] | None = None
    visible_url: VisibleUrl | None = None
    signed_mail: SignedMail | None = None

    def over(self, policy: Policy) -> Policy:
        """Return the policy of the next level with what is said here in its place."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(policy, **{name: value for name, value in said.items() if value is not None})


NO_OVERRIDES: Final = Overrides()


class Links(Protocol):
    """Makes the tracked URLs of one message; injected, since the rewriter knows no keys and no hosts."""

    def click(self, url: str, number: int, path: str = "") -> str | None:
        """Return the tracked URL for link `number` (from 1), ASCII; None where it would be too long.

        `path` is the sender's, of unreserved characters, to stand before the token; "" for none.
        """

    def open(self) -> str:
        """Return the URL of the open pixel, ASCII."""

    def is_tracked(self, url: str) -> bool:
        """Tell whether `url` is already one of our tracked links: its token opens."""
