"""The few header fields that decide how a message is handled, read from its bytes. Never raises.

The standard library's parsers are not asked: they recurse on nested comments, and know addresses that
are none.
"""

import re
from dataclasses import dataclass

_MOST = 1024 * 1024  # octets of header that are looked at
_MAX_ID = 998

_FIELD = re.compile(
    rb"^(from|sender|message-id|auto-submitted|received)[ \t]*+:((?>(?:[^\r\n]++|\r\n[ \t])*))",
    re.IGNORECASE | re.MULTILINE,
)
# Of an address list: quoted string, address in brackets, escaped or special character, run of text.
_LEXEME = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|<[^<>]*+>|\\.|[^"<>\\(),;:]++|.', re.DOTALL)
# Of our own Received field; anybody can write it, and only makes a Waypost leave the message alone.
_DECIDED = re.compile(r"\sby\s+\S+\s+\(Waypost, tracking decided\)\s")
_DOMAIN = re.compile(r"@[ \t]*+([^@\s\"<>()\[\]]++)[ \t]*+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeaders:
    """Domains are lower case, as they were written, without a trailing dot."""

    from_domains: tuple[str, ...]  # of each address in From, in order
    sender_domains: tuple[str, ...]  # of Sender
    message_id: str  # "" where there is none
    automatic: bool  # Auto-Submitted says other than `no` [RFC 3834 section 5]
    received: int  # how many Received fields
    tracking_decided: bool = False  # one of them is of a Waypost that decided what is tracked
    cut: bool = False  # whether the header goes on beyond what was looked at


def read_headers(message: bytes) -> MessageHeaders:
    """Read a message with CRLF line endings."""
    end = 0 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n", 0, _MOST)
    fields: dict[str, list[str]] = {}
    for found in _FIELD.finditer(message, 0, end if end >= 0 else _MOST):
        fields.setdefault(found[1].lower().decode("ascii"), []).append(_text(found[2]))
    return MessageHeaders(
        from_domains=tuple(domain for value in fields.get("from", []) for domain in address_domains(value)),
        sender_domains=tuple(
            domain for value in fields.get("sender", []) for domain in address_domains(value)
        ),
        message_id=fields.get("message-id", [""])[0][:_MAX_ID],
        automatic=any(_is_automatic(value) for value in fields.get("auto-submitted", [])),
        received=len(fields.get("received", [])),
        tracking_decided=any(map(_DECIDED.search, fields.get("received", []))),
        cut=end < 0 and len(message) > _MOST,
    )


def address_domains(value: str) -> list[str]:
    """Return the domain of each address in a From or Sender field, in order.

    `Doe, John <john@example.com>` is malformed and common: what holds no address counts for nothing.
    """
    return [domain for address in _addresses(value) if (domain := mailbox_domain(address))]


def mailbox_domain(mailbox: str) -> str:
    """Return the domain of one address; "" where there is none, or an address literal."""
    found = _DOMAIN.search(mailbox)
    return found[1].lower().removesuffix(".") if found else ""


def _addresses(value: str) -> list[str]:
    """Split at commas, semicolons and group names; within each, brackets win over bare text."""
    addresses, bare, depth = [], "", 0
    for lexeme in _LEXEME.findall(value):
        if lexeme in "()":
            depth = max(0, depth + (1 if lexeme == "(" else -1))
        elif depth:
            continue
        elif lexeme.startswith("<"):
            addresses.append(lexeme[1:-1])
            bare = ""
        elif lexeme in ",;:":
            addresses.append(bare)
            bare = ""
        else:
            bare += lexeme
    return [*addresses, bare]


def _is_automatic(value: str) -> bool:
    return value.partition(";")[0].partition("(")[0].strip().lower() not in ("", "no")


def _text(value: bytes) -> str:
    return value.replace(b"\r\n", b"").decode("utf-8", "replace").strip()
