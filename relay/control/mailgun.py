"""Mailgun's `X-Mailgun-Track`, `-Track-Clicks`, `-Track-Opens`, `-Tag`, `-Variables` [its SMTP reference]."""

from collections.abc import Sequence

from relay.control.header_fields import HeaderField
from relay.control.values import clean_tags, json_object, metadata, switch
from relay.control.waypost import only_value
from relay.control.wishes import Wishes

TRACK, CLICKS, OPENS = "x-mailgun-track", "x-mailgun-track-clicks", "x-mailgun-track-opens"
TAG, VARIABLES = "x-mailgun-tag", "x-mailgun-variables"
NAMES = frozenset((TRACK, CLICKS, OPENS, TAG, VARIABLES))
SWITCHES = frozenset((TRACK, CLICKS, OPENS))
_WRITTEN = {TRACK: b"X-Mailgun-Track", CLICKS: b"X-Mailgun-Track-Clicks", OPENS: b"X-Mailgun-Track-Opens"}


def read(fields: Sequence[HeaderField]) -> Wishes:
    """Read them. The switch for all counts where those for clicks and opens are silent. Raises BadValue."""
    given: dict[str, list[HeaderField]] = {}
    for field in fields:
        given.setdefault(field.name, []).append(field)
    single = {name: only_value(same) for name, same in given.items() if name not in (TAG, VARIABLES)}
    everything = Wishes()
    if TRACK in single:
        on = switch(single[TRACK])
        everything = Wishes(clicks=on, opens=on)
    variables = {
        name: value for field in given.get(VARIABLES, []) for name, value in json_object(field.value).items()
    }
    return (
        Wishes(
            opens=switch(single[OPENS]) if OPENS in single else None,
            tags=clean_tags(field.value for field in given.get(TAG, [])),
            metadata=metadata(variables),
        )
        .over(_clicks(single.get(CLICKS)))
        .over(everything)
    )


def silent(fields: Sequence[HeaderField]) -> bytes:
    """Return the headers that switch Mailgun's tracking off."""
    names = [TRACK, *(name for name in (CLICKS, OPENS) if any(field.name == name for field in fields))]
    return b"".join(_WRITTEN[name] + b": no\r\n" for name in names)


def _clicks(value: str | None) -> Wishes:
    if value is None:
        return Wishes()
    if value.lower() == "htmlonly":
        return Wishes(clicks=True, html=True, text=False)
    on = switch(value)
    return Wishes(clicks=on, text=on or None)
