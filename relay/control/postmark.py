"""Postmark's `X-PM-TrackOpens`, `X-PM-TrackLinks`, `X-PM-Tag`, `X-PM-Metadata-*` [its SMTP guide]."""

from collections.abc import Sequence

from relay.control.header_fields import HeaderField
from relay.control.values import BadValue, clean_tags, metadata, switch
from relay.control.waypost import only_value
from relay.control.wishes import Wishes

OPENS, LINKS, TAG, METADATA = "x-pm-trackopens", "x-pm-tracklinks", "x-pm-tag", "x-pm-metadata-"
SWITCHES = frozenset((OPENS, LINKS))
_LINKS = {
    "none": Wishes(clicks=False),
    "htmlandtext": Wishes(clicks=True, html=True, text=True),
    "htmlonly": Wishes(clicks=True, html=True, text=False),
    "textonly": Wishes(clicks=True, html=False, text=True),
}


def read(fields: Sequence[HeaderField]) -> Wishes:
    """Read them. Raises BadValue."""
    opens = [field for field in fields if field.name == OPENS]
    links = [field for field in fields if field.name == LINKS]
    asked = _LINKS.get(only_value(links).lower()) if links else Wishes()
    if asked is None:
        raise BadValue("X-PM-TrackLinks is none of None, HtmlAndText, HtmlOnly, TextOnly")
    return Wishes(
        opens=switch(only_value(opens)) if opens else None,
        tags=clean_tags(field.value for field in fields if field.name == TAG),
        metadata=metadata(
            {
                field.name.removeprefix(METADATA): field.value
                for field in fields
                if field.name.startswith(METADATA)
            }
        ),
    ).over(asked)


def silent(fields: Sequence[HeaderField]) -> bytes:
    """Return the headers that switch Postmark's tracking off."""
    return b"X-PM-TrackOpens: false\r\nX-PM-TrackLinks: None\r\n"
