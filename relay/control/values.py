"""Values of control headers, read strictly: what is not understood is a problem, never a guess."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

MAX_VALUE = 16 * 1024  # octets of one header; SparkPost takes 10 KB of metadata
MAX_TAGS = 10  # SparkPost's limit, and SendGrid's
MAX_TAG = 128  # characters
MAX_METADATA = 10 * 1024  # characters of names and values

_ON = frozenset(("yes", "true", "on", "1"))
_OFF = frozenset(("no", "false", "off", "0"))


class BadValue(ValueError):
    """A value that is none of those documented."""


def switch(value: object) -> bool:
    """Read yes or no, in the spellings that senders use. Raises BadValue."""
    written = str(value).strip().lower()
    if written in _ON:
        return True
    if written in _OFF:
        return False
    raise BadValue("neither on nor off")


def optional_switch(values: Mapping[str, Any], name: str) -> bool | None:
    """Read a switch of a JSON object that may be missing. Raises BadValue."""
    value = values.get(name)
    return None if value is None else switch(value)


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object.

    A sender that folds in the middle of a string leaves a blank there, which the standard reading keeps; tabs
    in strings are let through for the same reason. Raises BadValue.
    """
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise BadValue("no JSON") from None
    return mapping(value)


def mapping(value: object) -> dict[str, Any]:
    """Return the value where it is a JSON object; an empty one for null. Raises BadValue."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadValue("no JSON object")
    return value


def tag_list(values: object) -> tuple[str, ...]:
    """Return distinct tags in order, from a string or a list of strings. Raises BadValue."""
    listed = [values] if isinstance(values, str) else values or []
    if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
        raise BadValue("tags are no list of strings")
    return clean_tags(listed)


def clean_tags(values: Iterable[str]) -> tuple[str, ...]:
    """Return distinct printable tags in order. Raises BadValue where they are too many or too long."""
    tags = tuple(dict.fromkeys(tag for value in values if (tag := printable(value))))
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise BadValue(f"more than {MAX_TAGS} tags, or one of more than {MAX_TAG} characters")
    return tags


def metadata(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return names and values as text, nested ones as JSON. Raises BadValue where they are too large."""
    pairs = tuple((printable(name), _text(value)) for name, value in values.items())
    if sum(len(name) + len(value) for name, value in pairs) > MAX_METADATA:
        raise BadValue(f"metadata of more than {MAX_METADATA} characters")
    return pairs


def printable(value: str) -> str:
    """Return it without control characters, which could break out of a log line or a terminal."""
    return "".join(character for character in value if character.isprintable()).strip()


def _text(value: object) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
