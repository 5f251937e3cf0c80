"""Asks the servers that are responsible for a name, without recursion.

A recursor remembers that a record is missing for as long as the zone says (RFC 2308, often an hour); who has
just created one is not to wait for that.
"""

from dns.flags import AA

from domains.dns_answer import Unanswered
from domains.lookup.deadline import Deadline
from domains.lookup.delegations import Delegations, Zone, referral
from domains.lookup.exchange import Server, Unreachable, ask_server, values
from domains.lookup.reply import Reply

MAX_REFERRALS = 4


class Authorities:
    """`timeout` in seconds is how long one server may take over one question. Safe to share."""

    def __init__(self, delegations: Delegations, *, timeout: float = 1.0) -> None:
        self._delegations = delegations
        self._timeout = timeout

    def ask(self, name: str, kind: str, deadline: Deadline, *, opinions: int = 1) -> Reply:
        """Return what so many servers of the zone say, as far as they answer. Raises `Unanswered`."""
        zone = self._delegations.zone_of(name, deadline)
        for _ in range(MAX_REFERRALS):
            found = self._ask_zone(zone, name, kind, deadline, opinions)
            if isinstance(found, Reply):
                return found
            self._delegations.remember_referral(name, found)
            zone = found
        raise Unanswered(f"the DNS servers for {name} refer to others, and those to others again")

    def _ask_zone(self, zone: Zone, name: str, kind: str, deadline: Deadline, opinions: int) -> Reply | Zone:
        wanted = min(opinions, len(zone.servers))
        replies: list[Reply] = []
        complaints: list[str] = []
        for server in self._delegations.servers(zone, deadline):
            if replies and self._delegations.was_silent(server):
                break  # a second opinion is not worth waiting for
            try:
                found = self._ask_server(server, zone, name, kind, deadline)
            except Unanswered as fault:
                complaints.append(str(fault))
                continue
            if isinstance(found, Reply):
                replies.append(found)
            elif not replies:
                return found
            if len(replies) == wanted:
                break
        if not replies:
            no_server = f"no DNS server of {zone.name} has an address that may be asked"
            raise Unanswered("; ".join(dict.fromkeys(complaints)) or no_server)
        return _weighed(zone, kind, replies)

    def _ask_server(
        self, server: Server, zone: Zone, name: str, kind: str, deadline: Deadline
    ) -> Reply | Zone:
        timeout = deadline.allow(self._timeout)
        try:
            response = ask_server(server, name, kind, recursive=False, timeout=timeout)
        except Unreachable:
            self._delegations.remember_silence(server)
            raise
        if response.flags & AA:
            return Reply(values=values(response, name, kind), asked=str(server))
        if zone_below := referral(response, zone, name):
            return zone_below
        raise Unanswered(f"the DNS server {server} is not responsible for {zone.name}")


def _weighed(zone: Zone, kind: str, replies: list[Reply]) -> Reply:
    """Take the record that one server has and another not: it was just created, or is about to be seen."""
    best = next((reply for reply in replies if reply.values), replies[0])
    if len({frozenset(reply.values) for reply in replies}) == 1:
        return best
    said = "; ".join(
        f"{reply.asked} has {', '.join(reply.values) or f'no {kind} record'}" for reply in replies
    )
    differ = f"the DNS servers of {zone.name} do not agree: {said}"
    return Reply(values=best.values, asked=best.asked, disagreement=differ)
