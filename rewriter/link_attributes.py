"""What a sender says about a link in its own attributes, in the spelling of several vendors (rule 7)."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

# None: being there is enough, whatever the value.
_OPT_OUT: dict[str, frozenset[str] | None] = {
    "data-waypost": frozenset(["off"]),
    "data-msys-clicktrack": frozenset(["0"]),  # SparkPost
    "clicktracking": frozenset(["off"]),  # SendGrid
    "ses:no-track": None,  # Amazon SES
    "data-pm-no-track": None,  # Postmark
    "disable-tracking": frozenset(["true", ""]),  # Mailgun
    "mc:disable-tracking": None,  # Mailchimp
}
_NAMES = ("data-waypost-name", "data-msys-linkname")
_TAGS = "ses:tags"  # `key:value;key:value`
_KNOWN = frozenset([*_OPT_OUT, *_NAMES, _TAGS])

# Events keep them: of a name as long as a page only the beginning.
_LONGEST_NAME = 100
_MOST_TAGS = 10
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class LinkMarks(NamedTuple):
    """What the attributes of one link say."""

    opted_out: bool = False
    name: str = ""
    tags: tuple[str, ...] = ()


NO_MARKS = LinkMarks()


def link_marks(attributes: Iterable[str], read: Callable[[str], str]) -> LinkMarks:
    """Return what a link with these attributes says; `read` returns the value of one of them."""
    if _KNOWN.isdisjoint(attributes):
        return NO_MARKS
    present = _KNOWN.intersection(attributes)
    opted_out = any(_opts_out(name, read) for name in present & _OPT_OUT.keys())
    names = (_clean(read(name)) for name in _NAMES if name in present)
    tags = read(_TAGS).split(";")[:_MOST_TAGS] if _TAGS in present else []
    return LinkMarks(opted_out, next(filter(None, names), ""), tuple(filter(None, map(_clean, tags))))


def _opts_out(name: str, read: Callable[[str], str]) -> bool:
    values = _OPT_OUT[name]
    return values is None or read(name).strip().lower() in values


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text[:_LONGEST_NAME]).strip()
