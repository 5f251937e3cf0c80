"""Where the relay listens, and what it speaks there: one value for each entry of `relay.listen`.

127.0.0.1:2525                           SMTP; STARTTLS is offered where there is a certificate
smtp://[::1]:587?starttls=required       off, offered or required
smtps://0.0.0.0:465                      TLS from the first byte [RFC 8314]
lmtp://127.0.0.1:2424                    LMTP, a reply for each recipient [RFC 2033]
lmtp:///run/waypost/lmtp                 the same on a Unix socket
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import parse_qsl

_SMTP_PORT = 25


class Protocol(StrEnum):
    """The language."""

    SMTP = "smtp"
    LMTP = "lmtp"


class Tls(StrEnum):
    """Whether it is encrypted. The first three are what `?starttls=` can say."""

    OFF = "off"
    OFFERED = "offered"
    REQUIRED = "required"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One address. `path` is that of a Unix socket, without host and port then. Port 0: any free one."""

    protocol: Protocol = Protocol.SMTP
    host: str = ""
    port: int = 0
    path: str = ""
    tls: Tls = Tls.OFF

    @property
    def lmtp(self) -> bool:
        """Whether LMTP is spoken."""
        return self.protocol is Protocol.LMTP

    def __str__(self) -> str:
        """Return it as settings write it, without its options."""
        if self.path:
            return f"{self.protocol}://{self.path}"
        scheme = "smtps" if self.tls is Tls.IMPLICIT else self.protocol
        place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return place if scheme == "smtp" else f"{scheme}://{place}"


def parse_listener(text: str, *, certificate: bool) -> Listener:
    """Parse an entry of `relay.listen`. `certificate`: there is one. Raises ValueError with a sentence."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "smtp", text
    place, _, options = rest.partition("?")
    if scheme not in ("smtp", "smtps", "lmtp"):
        raise ValueError(f"{text!r} must begin with smtp://, smtps:// or lmtp://, or be HOST:PORT")
    tls = _tls(scheme, options, certificate=certificate)
    if scheme == "lmtp" and place.startswith("/"):
        return Listener(protocol=Protocol.LMTP, path=_socket_path(place), tls=tls)
    host, port = parse_host_port(place)
    if scheme == "lmtp" and port == _SMTP_PORT:  # RFC 2033 section 5
        raise ValueError(f"{text!r}: LMTP must not be spoken on port 25")
    return Listener(
        protocol=Protocol.LMTP if scheme == "lmtp" else Protocol.SMTP, host=host, port=port, tls=tls
    )


def parse_host_port(text: str) -> tuple[str, int]:
    """Split HOST:PORT or [IPV6]:PORT; port 0 lets the system choose. Raises ValueError."""
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:2525 or [::1]:2525")
    return host, int(port)


def _tls(scheme: str, options: str, *, certificate: bool) -> Tls:
    chosen = dict(parse_qsl(options, keep_blank_values=True))
    starttls = chosen.pop("starttls", None)
    if chosen:
        raise ValueError(f"unknown option {', '.join(chosen)}; known: starttls")
    if scheme == "smtps":
        if starttls is not None:
            raise ValueError("smtps:// begins with TLS: it takes no starttls")
        tls = Tls.IMPLICIT
    elif starttls is None:
        tls = Tls.OFFERED if certificate else Tls.OFF
    elif starttls in (Tls.OFF, Tls.OFFERED, Tls.REQUIRED):
        tls = Tls(starttls)
    else:
        raise ValueError(f"starttls must be off, offered or required, not {starttls!r}")
    if tls is not Tls.OFF and not certificate:
        raise ValueError("TLS needs relay.tls_certificate and relay.tls_key")
    return tls


def _socket_path(place: str) -> str:
    """A socket's address holds 108 bytes, its final NUL among them [unix(7)]."""
    path = str(PurePosixPath(place))
    if path == "/" or len(path.encode()) > 107:
        raise ValueError(f"{place!r} is no path for a Unix socket: it may have 107 bytes")
    return path
