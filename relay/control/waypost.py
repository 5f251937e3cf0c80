"""Our own headers, `X-Waypost-Track`, `-Recipients`, `-Route`, `-Tag`, `-Metadata`: they never leave here.

X-Waypost-Track: clicks=on, opens=off, text=on
X-Waypost-Track: off
X-Waypost-Recipients: none
X-Waypost-Route: receipts
X-Waypost-Tag: welcome
X-Waypost-Metadata: {"customer": "42"}
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from links.recipients import RecipientTracking
from relay.control.header_fields import HeaderField
from relay.control.values import BadValue, clean_tags, json_object, metadata, printable, switch
from relay.control.wishes import NO_WISHES, Wishes

PREFIX = "x-waypost-"
_SWITCHES = ("clicks", "html", "text", "opens")


def read(fields: Sequence[HeaderField]) -> Wishes:
    """Read fields of one name. Raises BadValue."""
    name = fields[0].name.removeprefix(PREFIX)
    if name == "tag":
        return Wishes(tags=clean_tags(tag for field in fields for tag in field.value.split(",")))
    value = only_value(fields)
    if name == "track":
        return _switches(value)
    if name == "recipients":
        return Wishes(recipients=_recipients(value))
    if name == "route":
        return Wishes(route=printable(value))
    if name == "metadata":
        return Wishes(metadata=metadata(json_object(value)))
    raise BadValue("there is no such header")


def only_value(fields: Sequence[HeaderField]) -> str:
    """Return the value of a field that may stand once; twice the same counts as once. Raises BadValue."""
    values = {field.value for field in fields}
    if len(values) > 1:
        raise BadValue("given more than once, with different values")
    return values.pop()


def _recipients(value: str) -> RecipientTracking:
    try:
        return RecipientTracking(value.strip().lower())
    except ValueError:
        raise BadValue(f"none of {', '.join(RecipientTracking)}") from None


def _switches(value: str) -> Wishes:
    wishes = NO_WISHES
    for item in filter(None, (item.strip() for item in value.split(","))):
        name, given, setting = (part.strip().lower() for part in item.partition("="))
        if not given:
            on = switch(name)  # all of it at once
            wishes = Wishes(clicks=on, opens=on).over(wishes)
        elif name in _SWITCHES:
            one: dict[str, Any] = {name: switch(setting)}
            wishes = replace(wishes, **one)
        else:
            raise BadValue("an unknown switch")
    return wishes
