"""What a message, a route, a sending domain or a project asks for; None leaves it to the next in line."""

from dataclasses import dataclass
from functools import reduce

from links.recipients import RecipientTracking


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Tracking switches, and what is to be kept with the events of a message."""

    clicks: bool | None = None
    html: bool | None = None  # links in HTML, where clicks are on
    text: bool | None = None  # links in plain text, where clicks are on
    opens: bool | None = None
    recipients: RecipientTracking | None = None
    route: str = ""
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()

    def over(self, weaker: "Wishes") -> "Wishes":
        """Return these, and where they are silent the `weaker` ones; tags and metadata of both."""
        return Wishes(
            clicks=_first(self.clicks, weaker.clicks),
            html=_first(self.html, weaker.html),
            text=_first(self.text, weaker.text),
            opens=_first(self.opens, weaker.opens),
            recipients=self.recipients or weaker.recipients,
            route=self.route or weaker.route,
            tags=_tags(self, weaker),
            metadata=_metadata(self, weaker),
        )

    def both(self, other: "Wishes") -> "Wishes":
        """Return what two equals ask for: where they contradict each other, off wins, for people's sake."""
        return Wishes(
            clicks=_lower(self.clicks, other.clicks),
            html=_lower(self.html, other.html),
            text=_lower(self.text, other.text),
            opens=_lower(self.opens, other.opens),
            recipients=self.recipients or other.recipients,
            route=self.route or other.route,
            tags=_tags(self, other),
            metadata=_metadata(self, other),
        )


NO_WISHES = Wishes()


def strongest_first(*levels: Wishes) -> Wishes:
    """Return what holds when the first level is asked first."""
    return reduce(Wishes.over, levels, NO_WISHES)


def _first(stronger: bool | None, weaker: bool | None) -> bool | None:
    return weaker if stronger is None else stronger


def _lower(one: bool | None, other: bool | None) -> bool | None:
    return other if one is None else one if other is None else one and other


def _tags(stronger: Wishes, weaker: Wishes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stronger.tags + weaker.tags))


def _metadata(stronger: Wishes, weaker: Wishes) -> tuple[tuple[str, str], ...]:
    return tuple({**dict(weaker.metadata), **dict(stronger.metadata)}.items())
