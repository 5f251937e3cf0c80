"""Posts to an endpoint by its IP address, as it was looked up and checked: `events.webhooks.ports.Post`.

One look-up serves both the check and the connection: a second one could lead elsewhere (DNS rebinding).
Redirects are answers like others, never followed: where they lead nobody has checked. Nothing is taken from
the environment, no proxy and no credentials; there are no cookies. As with probes the whole exchange has one
deadline: the usual clients for HTTP have patience for each read, so that a server which sends a byte now and
then would hold a thread for hours.
"""

import contextlib
import ipaddress
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from certificates.retry_after import retry_after
from domains.addresses import is_public
from domains.probing.deadline import Deadline
from domains.probing.http_exchange import HttpAnswer, NoAnswer, NotHttp, exchange
from domains.probing.tls_words import plain_words
from events.webhooks.endpoint import Endpoint, endpoint
from events.webhooks.model import Answer
from events.webhooks.ports import Unanswered

log = logging.getLogger("waypost.webhooks")

MAX_SHOWN = 120  # characters of an answer's body
USER_AGENT = "waypost-webhooks"

LookUp = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host, for a port. Raises OSError."""


def system_look_up(host: str, port: int) -> Sequence[str]:
    """Ask as any program on this machine does: /etc/hosts and a private zone count. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPost:
    """`tls` verifies certificates and names; `private` are networks that may be sent to all the same."""

    tls: ssl.SSLContext
    private: tuple[IPv4Network | IPv6Network, ...] = ()
    look_up: LookUp = system_look_up
    connect_seconds: float = 5.0
    seconds: float = 10.0  # for all of it but the look-up, whose patience is the system's
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """As `events.webhooks.ports.Post`."""
        to = endpoint(url)
        addresses = self._allowed(to)
        deadline = Deadline(self.seconds, self.monotonic)
        try:
            with self._connected(to, addresses, deadline) as connection:
                return _answer(exchange(connection, _request(to, headers, body), deadline))
        except (NoAnswer, NotHttp) as fault:
            raise Unanswered(f"{to.host} {fault}") from None
        except TimeoutError:
            raise Unanswered(f"{to.host} did not answer in time") from None

    def _allowed(self, to: Endpoint) -> Sequence[str]:
        try:
            addresses = self.look_up(to.host, to.port)
        except OSError:
            addresses = ()
        if not addresses:
            raise Unanswered(f"{to.host} has no address; see to its DNS")
        allowed = [each for each in addresses if self._may_be_sent_to(each, to.scheme)]
        if not allowed:
            # Not in the answer: whoever may add a webhook would look up the names of the operator's network.
            log.info("%s leads to %s, which may not be sent to", to.host, ", ".join(addresses))
            raise Unanswered(
                f"{to.host} has no address that may be sent to; "
                "where that is meant, list its network in webhooks.allow_private"
            )
        return allowed

    def _may_be_sent_to(self, address: str, scheme: str) -> bool:
        """Tell whether the settings allow it. In the clear nothing goes to the world."""
        return self._is_listed(address) or (scheme == "https" and is_public(address))

    def _is_listed(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self.private)

    def _connected(self, to: Endpoint, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        """Return a connection to the first address that takes one, with TLS. Raises `Unanswered`."""
        connection = self._connection(to, addresses, deadline)
        if to.scheme == "http":
            return connection
        try:
            connection.settimeout(deadline.remaining())
            return self.tls.wrap_socket(connection, server_hostname=to.host)
        except TimeoutError:
            connection.close()
            raise
        except OSError as fault:
            connection.close()
            raise Unanswered(f"{to.host}: {plain_words(fault)}") from None

    def _connection(self, to: Endpoint, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        complaint = ""
        for address in addresses:
            seconds = min(self.connect_seconds, deadline.remaining())
            try:
                return socket.create_connection((address, to.port), timeout=seconds)
            except TimeoutError:
                complaint = "did not answer in time"
            except ConnectionRefusedError:
                complaint = "refused the connection"
            except OSError as fault:
                complaint = f"cannot be reached ({fault.strerror})"
        raise Unanswered(f"{to.host} port {to.port} {complaint}")


def _request(to: Endpoint, headers: Mapping[str, str], body: bytes) -> bytes:
    fields = {
        "Host": to.authority,
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {to.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _answer(answer: HttpAnswer) -> Answer:
    detail = f"answered {answer.status}"
    if 300 <= answer.status < 400:
        detail += ", a redirect, which is not followed; give the URL that it leads to"
    elif answer.status >= 400 and answer.body:
        detail += f": {_shown(answer.body)}"
    return Answer(status=answer.status, detail=detail, retry_after=_wish(answer))


def _wish(answer: HttpAnswer) -> float | None:
    now = datetime.now(UTC)
    with contextlib.suppress(ValueError, OverflowError):
        until = retry_after({"Retry-After": answer.header("retry-after")}, now)
        return None if until is None else max((until - now).total_seconds(), 0.0)
    return None


def _shown(body: bytes) -> str:
    """Return the beginning of a foreign text, without what would steer a terminal, or is an address.

    It is kept for longer than a person whom somebody wants forgotten.
    """
    text = re.sub(r"\S*@\S*", "…", body[: 4 * MAX_SHOWN].decode("utf-8", "replace"))
    return "".join(each if each.isprintable() else " " for each in text[:MAX_SHOWN]).strip()
