"""The envelope of one transaction: what MAIL and RCPT said, ready to be said again to the upstream."""

from dataclasses import dataclass
from typing import Final

from accounts.model import DEFAULT_PROJECT

LOCAL: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Of MAIL. `parameters` are passed on as they were written; SIZE is not among them."""

    mailbox: str  # exact, without angle brackets and source route; "" is the null sender
    parameters: tuple[str, ...] = ()
    size: int = 0  # octets as the client declared; 0 where it did not
    utf8: bool = False  # SMTPUTF8 was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Of one RCPT."""

    mailbox: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who speaks with us."""

    address: str  # IP; LOCAL on a Unix socket
    helo: str  # as it was said: anything at all
    extended: bool  # EHLO, or LHLO
    lmtp: bool = False
    tls: str = ""  # version and cipher suite; "" without TLS
    project: int = DEFAULT_PROJECT  # whose mail it sends
    credential: str = ""  # the username it signed in with; "" where its address alone admits it
    route: str = ""  # the credential's, for mail that names none


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A whole message as it was handed to us, with the recipients that the upstream accepted."""

    id: str  # ours: 24 hex digits
    at: int  # milliseconds
    client: Client
    sender: Sender
    recipients: tuple[Recipient, ...]
    content: bytes  # CRLF line endings only
