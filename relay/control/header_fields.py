"""The control headers of a message, as spans over its bytes. Never raises."""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header

_HEADER_LIMIT = 1024 * 1024  # octets of header that are looked at

_FIELD = re.compile(
    rb"^(x-waypost-[!-9;-~]++|x-msys-api|x-smtpapi|x-mailgun-(?:track(?:-clicks|-opens)?|tag|variables)"
    rb"|x-pm-(?:trackopens|tracklinks|tag|metadata-[!-9;-~]++))[ \t]*+"
    rb":((?>(?:[^\r\n]++|\r\n[ \t])*))(?:\r\n)?",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderField:
    """One field: `message[start:end]` is all of its lines, the last line ending included."""

    name: str  # lower case
    written: bytes  # the name as it was written
    raw: bytes  # what follows the colon, folded as it came
    start: int
    end: int

    @property
    def value(self) -> str:
        """The value unfolded [RFC 5322 section 2.2.3], encoded words decoded [RFC 2047]."""
        text = self.raw.replace(b"\r\n", b"").decode("utf-8", "replace").strip()
        if "=?" not in text:
            return text
        try:
            return str(make_header(decode_header(text)))
        except (HeaderParseError, LookupError, ValueError):
            return text


def control_fields(message: bytes) -> tuple[HeaderField, ...]:
    """Return the control headers of a message with CRLF line endings, in order."""
    end = 0 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n", 0, _HEADER_LIMIT)
    # The line ending of the last field belongs to it, and is the first half of the blank line.
    until = end + 2 if end >= 0 else min(len(message), _HEADER_LIMIT)
    return tuple(
        HeaderField(
            name=found[1].lower().decode("ascii"),
            written=found[1],
            raw=found[2],
            start=found.start(),
            end=found.end(),
        )
        for found in _FIELD.finditer(message, 0, until)
    )
