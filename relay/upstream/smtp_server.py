"""Where an SMTP upstream is, and how to speak with it: values only."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum


class Security(StrEnum):
    """How the connection is protected; the scheme of the upstream's URL."""

    NONE = "smtp"
    STARTTLS = "smtp+starttls"  # required: without it there is no connection
    TLS = "smtps"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where to connect, and how. Times in seconds; docs/upstreams.md has why they are what they are."""

    host: str
    port: int
    security: Security = Security.NONE
    tls: ssl.SSLContext | None = None  # None: the system's roots
    tls_name: str = ""  # that the certificate must be for; "": the host
    username: str = ""
    password: str = field(default="", repr=False)
    hostname: str = "localhost"  # ours, for EHLO
    pipelining: bool = True  # used where the server offers it [RFC 2920]
    chunking: bool = True  # the same [RFC 3030]
    connect_timeout: float = 20.0  # until MAIL can be said
    reply_timeout: float = 120.0  # for MAIL, RCPT, RSET
    data_timeout: float = 100.0  # for the 354 to DATA
    final_timeout: float = 570.0  # for the message, with a replay before it, to the last reply

    @property
    def name(self) -> str:
        """What operators know it by."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
