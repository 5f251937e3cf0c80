"""Asks the recursors of the operator, or those of the system."""

from collections.abc import Sequence

import dns.inet
import dns.resolver

from domains.dns_answer import Unanswered
from domains.lookup.deadline import Deadline
from domains.lookup.exchange import (
    DNS_PORT,
    Server,
    Unreachable,
    ask_server,
    is_referral,
    values,
)
from domains.lookup.reply import Reply

ROUNDS = 2  # a datagram may be lost


class Recursor:
    """Asks the given name servers and no others; without any, those of the system.

    `nameservers` are IP addresses (`ValueError` otherwise). `timeout` in seconds is how long one of them may
    take over one question. Safe to share between threads.
    """

    def __init__(
        self, nameservers: Sequence[str] = (), port: int = DNS_PORT, *, timeout: float = 2.0
    ) -> None:
        for address in nameservers:
            if not dns.inet.is_address(address):
                raise ValueError(f"a name server is given by its IP address, not as {address!r}")
        self._servers = [Server(address=address, port=port) for address in nameservers]
        self._timeout = timeout

    def ask(self, name: str, kind: str, deadline: Deadline) -> Reply:
        """Return what the first of them says that says anything definite. Raises `Unanswered`."""
        complaints: dict[Server, str] = {}
        hopeless: set[Server] = set()
        for server in (self._servers or _system_servers()) * ROUNDS:
            if server in hopeless or (complaints and deadline.is_over):
                continue
            try:
                return self._ask_one(server, name, kind, deadline)
            except Unreachable as fault:
                complaints[server] = str(fault)
            except Unanswered as fault:
                complaints[server] = str(fault)
                hopeless.add(server)
        raise Unanswered("; ".join(complaints.values()))

    def _ask_one(self, server: Server, name: str, kind: str, deadline: Deadline) -> Reply:
        timeout = deadline.allow(self._timeout)
        response = ask_server(server, name, kind, recursive=True, timeout=timeout)
        found = values(response, name, kind)
        if not found and is_referral(response):
            raise Unanswered(f"the DNS server {server} knows nothing of {name} and refers to others")
        return Reply(values=found, asked=f"the resolver {server}")


def _system_servers() -> list[Server]:
    """Read anew each time: a change of the system's servers counts at once."""
    try:
        addresses = dns.resolver.Resolver().nameservers
    except (dns.resolver.NoResolverConfiguration, OSError) as fault:
        raise Unanswered("this machine has no DNS server configured") from fault
    return [Server(address=str(each)) for each in addresses]
