"""What the rewriter found and did, for people and for events: frozen values, no behaviour."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why something was left as it was. The closed list; `docs/reasons.md` explains each."""

    # a message
    POLICY_OFF = "policy-off"
    MESSAGE_TOO_LARGE = "message-too-large"
    MALFORMED_HEADER = "malformed-header"  # of a part too
    NOTHING_TO_REWRITE = "nothing-to-rewrite"
    DKIM_SIGNED = "dkim-signed"
    ARC_SEALED = "arc-sealed"
    INTERNAL_ERROR = "internal-error"

    # a part
    OTHER_TYPE = "other-type"
    TEXT_OFF = "text-off"
    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    INLINE_PGP = "inline-pgp"
    DELIVERY_REPORT = "delivery-report"
    NESTED_MESSAGE = "nested-message"
    CALENDAR = "calendar"
    AMP = "amp"
    ATTACHED = "attached"
    NAMED = "named"
    RELATED_RESOURCE = "related-resource"
    DUPLICATE_HEADER = "duplicate-header"
    CONTRADICTORY_HEADER = "contradictory-header"
    CONTENT_MD5 = "content-md5"
    UNKNOWN_ENCODING = "unknown-encoding"
    ENCODED_MULTIPART = "encoded-multipart"
    MALFORMED_ENCODING = "malformed-encoding"
    UNSUPPORTED_CHARSET = "unsupported-charset"
    NO_BOUNDARY = "no-boundary"
    TOO_DEEP = "too-deep"
    TOO_MANY_PARTS = "too-many-parts"
    PART_TOO_LARGE = "part-too-large"

    # an HTML or text part
    ENGINES_DISAGREE = "engines-disagree"
    TOO_COMPLEX = "too-complex"
    UNCLEAR_ESCAPES = "unclear-escapes"

    # a link
    CLICKS_OFF = "clicks-off"
    NOT_ABSOLUTE = "not-absolute"
    NOT_HTTP = "not-http"
    PLACEHOLDER = "placeholder"
    UNUSUAL_ADDRESS = "unusual-address"
    UNDECODABLE = "undecodable"
    NON_ASCII_QUERY = "non-ascii-query"
    ALREADY_TRACKED = "already-tracked"
    LIST_UNSUBSCRIBE = "list-unsubscribe"
    EXCLUDED_HOST = "excluded-host"
    NOT_ALLOWED = "destination-not-allowed"
    OPTED_OUT = "opted-out"
    VISIBLE_URL = "visible-url"
    URL_TOO_LONG = "url-too-long"
    TOO_MANY_LINKS = "too-many-links"
    LINE_TOO_LONG = "line-too-long"
    UNCLEAR_COMMENT = "unclear-comment"
    UNCLEAR_END = "unclear-end"

    # the pixel
    OPENS_OFF = "opens-off"
    NO_HTML_PART = "no-html-part"
    PIXEL_PRESENT = "pixel-present"
    NO_PLACE = "no-place"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """One link found. `reason` is None where it is tracked."""

    part: str  # "1.2": the second part of the first part; "1" is the body of a message without parts
    line: int  # from 1, in the decoded part
    url: str  # as a browser would read it: decoded, stripped
    reason: Reason | None
    # The same for each of its (URL, name): the place of the first one among all links of the message, from 1;
    # 0 where it is not tracked.
    number: int = 0
    name: str = ""  # from data-waypost-name, data-msys-linkname
    tags: tuple[str, ...] = ()  # from ses:tags


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """One part of the message, and why it was left alone; `reason` is None where it was examined."""

    part: str
    content_type: str
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelReport:
    """Where the open pixel went (`part`, `line`), or why there is none."""

    part: str = ""
    line: int = 0
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `reason` is set where the whole message was left alone."""

    links: tuple[LinkReport, ...] = ()
    parts: tuple[PartReport, ...] = ()
    pixel: PixelReport = PixelReport()
    reason: Reason | None = None


class Edit(NamedTuple):
    """Replace `[start, end)` of the original by `replacement`."""

    start: int
    end: int
    replacement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The message to send on, what was found, and the edits: `message` without them is the original.

    `fault` is what went wrong where the reason is `INTERNAL_ERROR`, for the caller to count and log.
    """

    message: bytes
    report: Report
    edits: tuple[Edit, ...] = ()
    fault: Exception | None = None
