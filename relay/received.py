"""The Received header that stands in front of every message we pass on [RFC 5321 section 4.4]."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from relay.envelope import LOCAL, Client

_UNSAFE_IN_HELO = re.compile(r"[^A-Za-z0-9.:_\[\]-]")
_MAX_HELO = 255


def received_header(
    *,
    client: Client,
    hostname: str,
    protocol: str,
    message: str,
    recipient: str | None,
    decided: bool,
    at: int,
) -> bytes:
    """Return the header with its line ending. `at` is in milliseconds; `message` is our id.

    `recipient` is None where there are several, since each would read of the others. `decided` tells the next
    Waypost on the way that tracking was decided here, so that nothing is tracked twice.
    """
    lines = [
        f"Received: from {_clean_helo(client.helo)} ({_address_literal(client.address)})",
        f"\tby {hostname} ({'Waypost, tracking decided' if decided else 'Waypost'})",
        f"\twith {protocol} id {message}",
    ]
    if client.tls:
        lines.append(f"\t({client.tls})")
    if recipient is not None and recipient.isascii():
        lines.append(f"\tfor <{recipient}>")
    return "\r\n".join([*lines[:-1], f"{lines[-1]};", f"\t{_date(at // 1000)}", ""]).encode("ascii")


def protocol_name(client: Client, *, utf8: bool) -> str:
    """Return what the `with` clause calls the protocol [RFC 3848, RFC 6531 section 4.3]."""
    if not client.extended:
        return "SMTP"
    name = "LMTP" if client.lmtp else "SMTP" if utf8 else "ESMTP"
    return ("UTF8" if utf8 else "") + name + ("S" if client.tls else "") + ("A" if client.credential else "")


def _clean_helo(helo: str) -> str:
    """The client may say anything: here it must not end the header, open a comment or hide the address."""
    return _UNSAFE_IN_HELO.sub("?", helo[:_MAX_HELO]) or "unknown"


def _address_literal(address: str) -> str:
    if address == LOCAL:
        return LOCAL
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@lru_cache(maxsize=16)  # many messages come in one second
def _date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))
