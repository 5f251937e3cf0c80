"""SendGrid's `X-SMTPAPI` [docs of the SMTP API: filters, categories, unique_args]."""

from collections.abc import Sequence
from typing import Any

from relay.control.header_fields import HeaderField
from relay.control.json_header import json_line
from relay.control.values import json_object, mapping, metadata, optional_switch, tag_list
from relay.control.waypost import only_value
from relay.control.wishes import Wishes

NAMES = frozenset(("x-smtpapi",))
_HEADER = b"X-SMTPAPI"


def read(fields: Sequence[HeaderField]) -> Wishes:
    """Read it. `enable_text` stands beside `enable`: text is tracked where both are 1. Raises BadValue."""
    given = json_object(only_value(fields))
    clicks = _settings(given, "clicktrack")
    return Wishes(
        clicks=optional_switch(clicks, "enable"),
        text=optional_switch(clicks, "enable_text"),
        opens=optional_switch(_settings(given, "opentrack"), "enable"),
        tags=tag_list(given.get("category")),
        metadata=metadata(mapping(given.get("unique_args"))),
    )


def silent(fields: Sequence[HeaderField]) -> bytes:
    """Return the header that switches SendGrid's tracking off, the rest of it as it was. Raises BadValue."""
    given = json_object(only_value(fields)) if fields else {}
    filters = mapping(given.get("filters"))
    off = {
        "clicktrack": {"settings": {**_settings(given, "clicktrack"), "enable": 0, "enable_text": False}},
        "opentrack": {"settings": {**_settings(given, "opentrack"), "enable": 0}},
    }
    return json_line(_HEADER, {**given, "filters": {**filters, **off}})


def _settings(given: dict[str, Any], name: str) -> dict[str, Any]:
    return mapping(mapping(mapping(given.get("filters")).get(name)).get("settings"))
