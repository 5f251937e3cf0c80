"""SparkPost's `X-MSYS-API` [developers.sparkpost.com, SMTP API]: options, campaign_id, metadata, tags."""

from collections.abc import Sequence

from relay.control.header_fields import HeaderField
from relay.control.json_header import json_line
from relay.control.values import json_object, mapping, metadata, optional_switch, tag_list
from relay.control.waypost import only_value
from relay.control.wishes import Wishes

NAMES = frozenset(("x-msys-api",))
_HEADER = b"X-MSYS-API"


def read(fields: Sequence[HeaderField]) -> Wishes:
    """Read it. Click tracking is that of HTML and text there. Raises BadValue."""
    given = json_object(only_value(fields))
    options = mapping(given.get("options"))
    clicks = optional_switch(options, "click_tracking")
    campaign = {"campaign_id": given["campaign_id"]} if given.get("campaign_id") else {}
    return Wishes(
        clicks=clicks,
        text=clicks or None,
        opens=optional_switch(options, "open_tracking"),
        tags=tag_list(given.get("tags")),
        metadata=metadata({**mapping(given.get("metadata")), **campaign}),
    )


def silent(fields: Sequence[HeaderField]) -> bytes:
    """Return the header that switches SparkPost's tracking off, the rest of it as it was. Raises BadValue."""
    given = json_object(only_value(fields)) if fields else {}
    options = {**mapping(given.get("options")), "open_tracking": False, "click_tracking": False}
    return json_line(_HEADER, {**given, "options": options})
