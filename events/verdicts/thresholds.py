"""How much is too much. Part of the rules: another value is another version of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Times in milliseconds; each is counted up to and including it."""

    instant_click: int = 2_000
    """After relaying: too soon for any person, whose message must be shown and read first."""

    fast_click: int = 10_000
    """A person who waits for the message, such as one with a code, can be so quick."""

    fast_open: int = 3_000
    """A mail program that is open may show it so soon; a server that fetches all images does."""

    window: int = 10_000
    """What lies so long before or after a hit surrounds it."""

    burst_links: int = 5
    """Distinct links of one message by one reader: nobody reads five pages in ten seconds."""

    every_link: int = 3
    """The same where these are all that the message has, however few."""

    crowd: int = 10
    """Recipients whose links one address clicks: an office behind one address rarely is so quick."""


DEFAULT = Thresholds()
