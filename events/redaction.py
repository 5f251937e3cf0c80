"""Takes addresses of people out of texts that others wrote: replies of servers, URLs, tags, metadata.

Found are the address itself, as a URL encodes it, and with `=` for `@`, as VERP puts it into the envelope
sender (https://cr.yp.to/proto/verp.txt); never one that is only the end of a longer one. What a sender
derived from an address by a way of his own, such as a hash, is not known here.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from events.model import MessageRecord, TrackedLink

REMOVED: Final = "[removed]"

Redaction = Callable[[str], str]

# A letter before it belongs to the same word, unless it is the end of an escape such as %3D.
_BEFORE: Final = r"(?:(?<![\w.])|(?<=%[0-9A-Fa-f]{2}))"
_AFTER: Final = r"(?![\w-]|\.\w)"


def redaction(addresses: Iterable[str]) -> Redaction:
    """Return what puts `REMOVED` in place of each of the addresses, in capitals or not."""
    spellings = sorted({each for address in addresses for each in _spellings(address)}, key=len, reverse=True)
    if not spellings:
        return str
    any_of_them = re.compile(
        f"{_BEFORE}(?:{'|'.join(map(re.escape, spellings))}){_AFTER}", re.IGNORECASE | re.UNICODE
    )
    return lambda text: any_of_them.sub(REMOVED, text)


def redacted_record(record: MessageRecord, addresses: Iterable[str]) -> MessageRecord:
    """Return the record with no recipient, no metadata, which tell who he is, and the addresses nowhere."""
    return replace(redacted_texts(record, redaction(addresses)), recipients=(), metadata={})


def redacted_texts(record: MessageRecord, clean: Redaction) -> MessageRecord:
    """Return the record with what `clean` leaves of the texts that its sender wrote."""
    return replace(
        record,
        sender=clean(record.sender),
        message_id=clean(record.message_id),
        links=tuple(_redacted_link(link, clean) for link in record.links),
        tags=tuple(map(clean, record.tags)),
        metadata={clean(name): clean(text) for name, text in record.metadata.items()},
    )


def _redacted_link(link: TrackedLink, clean: Redaction) -> TrackedLink:
    """Return the link with what `clean` leaves of its texts."""
    tags = tuple(clean(tag) for tag in link.tags)
    return TrackedLink(number=link.number, url=clean(link.url), name=clean(link.name), tags=tags)


def _spellings(address: str) -> Iterable[str]:
    if not address:
        return
    local, _, domain = address.rpartition("@")
    yield address
    yield f"{local}={domain}"
    yield quote(address, safe="", errors="surrogateescape")
    yield quote(address, safe="@", errors="surrogateescape")
