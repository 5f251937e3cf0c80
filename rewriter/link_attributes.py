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
_PATHS = ("data-waypost-sublink", "data-msys-sublink")
_KNOWN = frozenset([*_OPT_OUT, *_NAMES, _TAGS, *_PATHS])

# Events keep them: of a name as long as a page only the beginning.
_LONGEST_NAME = 100
_MOST_TAGS = 10
# RFC 3986's unreserved characters: nothing that a URL or an attribute would escape. A segment begins with a
# letter or a digit, since clients resolve `.` and `..`, and the token with them.
_LONGEST_PATH = 100
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*+(?>(?:/[A-Za-z0-9][A-Za-z0-9._~-]*+)*)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class LinkMarks(NamedTuple):
    """What the attributes of one link say."""

    opted_out: bool = False
    name: str = ""
    tags: tuple[str, ...] = ()
    path: str = ""  # in the tracked URL, for an app to know it by


NO_MARKS = LinkMarks()


def link_marks(attributes: Iterable[str], read: Callable[[str], str]) -> LinkMarks:
    """Return what a link with these attributes says; `read` returns the value of one of them."""
    if _KNOWN.isdisjoint(attributes):
        return NO_MARKS
    present = _KNOWN.intersection(attributes)
    opted_out = any(_opts_out(name, read) for name in present & _OPT_OUT.keys())
    names = (_clean(read(name)) for name in _NAMES if name in present)
    tags = read(_TAGS).split(";")[:_MOST_TAGS] if _TAGS in present else []
    paths = (_path(read(name)) for name in _PATHS if name in present)
    return LinkMarks(
        opted_out=opted_out,
        name=next(filter(None, names), ""),
        tags=tuple(filter(None, map(_clean, tags))),
        path=next(filter(None, paths), ""),
    )


def _opts_out(name: str, read: Callable[[str], str]) -> bool:
    values = _OPT_OUT[name]
    return values is None or read(name).strip().lower() in values


def _path(value: str) -> str:
    """Return "" for what cannot stand in a URL as it is: the link is tracked without it."""
    path = value.strip().strip("/")
    return path if len(path) <= _LONGEST_PATH and _PATH.fullmatch(path) else ""


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text[:_LONGEST_NAME]).strip()
