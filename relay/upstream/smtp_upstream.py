"""The upstream over SMTP: one server, or several in the order in which they are tried."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from relay.envelope import Sender
from relay.replies import Reply
from relay.upstream.connection_pool import PoolLimits
from relay.upstream.health import Health
from relay.upstream.next_hop import Lease, NextHop
from relay.upstream.port import Busy, Capabilities, Unreachable, shared
from relay.upstream.smtp_server import SmtpServer
from relay.upstream.smtp_transaction import SmtpTransaction, lacks

_LEARNING_PATIENCE = 5.0  # seconds; a server that is away delays one EHLO by so much, not each


class SmtpUpstream:
    """The `Upstream` that speaks SMTP, on pooled connections.

    The first server that can be reached takes the message. `monotonic` returns seconds, `jitter` a number
    from 0 to 1; `watch` is told how each server is, now and when that changes.
    """

    def __init__(
        self,
        servers: Sequence[SmtpServer],
        limits: PoolLimits,
        *,
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        watch: Callable[[Health], None] = lambda health: None,
    ) -> None:
        self._hops = [
            NextHop(server, limits, monotonic=monotonic, jitter=jitter, watch=watch) for server in servers
        ]
        self.patience = min(server.final_timeout for server in servers)  # Chooser
        self._asked = False
        self._learning: dict[NextHop, asyncio.Task[None]] = {}

    @property
    def health(self) -> tuple[Health, ...]:
        """How each server is, the first one first."""
        return tuple(hop.health for hop in self._hops)

    @property
    def eight_bit(self) -> bool:
        """Whether a server that was reached takes 8-bit messages."""
        return any(one.eight_bit for one in self._known)

    async def capabilities(self) -> Capabilities | None:
        """Return what all servers can do, as far as they were reached."""
        for hop in self._hops:
            if self._worth_asking(hop):
                self._learn(hop)
        first, self._asked = not self._asked, True
        if self._learning and (first or not self._known):
            await asyncio.wait(self._learning.values(), timeout=_LEARNING_PATIENCE)
        known = self._known
        return (known[0] if len(known) == 1 else shared(known)) if known else None

    async def open(self, sender: Sender) -> tuple[Reply, SmtpTransaction | None]:
        """Answer MAIL once a connection is at hand."""
        lease = await self.lease(sender)
        transaction = SmtpTransaction(self, lease, sender)
        try:
            reply = await transaction.mail()
        except BaseException:
            transaction.abort()
            raise
        return reply, transaction if reply.accepted else None

    async def lease(self, sender: Sender, *, fresh: bool = False, without: Sequence[NextHop] = ()) -> Lease:
        """Return a connection to the first server that works and can take this sender's message.

        Raises Busy, Unreachable. Where no other is left, one that rests after a failure, or is being tried
        now, is asked all the same.
        """
        unreachable = Unreachable("no server is left")
        skipped: list[NextHop] = []
        for hop in self._hops:
            if hop in without:
                continue
            if not hop.available:
                skipped.append(hop)
                continue
            try:
                return await self._suitable(hop, sender, fresh)
            except Unreachable as error:
                unreachable = error
        if skipped:
            return await self._suitable(min(skipped, key=lambda hop: hop.retry_at), sender, fresh)
        raise unreachable

    async def close(self) -> None:
        for learning in self._learning.values():
            learning.cancel()
        for hop in self._hops:
            hop.close()

    async def _suitable(self, hop: NextHop, sender: Sender, fresh: bool) -> Lease:
        lease = await hop.acquire(fresh=fresh)
        if lacks(lease.connection.capabilities, sender):
            lease.release()
            raise Unreachable(f"{hop.name}: does not know a parameter of MAIL that the other servers know")
        return lease

    @property
    def _known(self) -> list[Capabilities]:
        return [hop.capabilities for hop in self._hops if hop.capabilities]

    def _worth_asking(self, hop: NextHop) -> bool:
        return hop.capabilities is None and hop.available and hop not in self._learning

    def _learn(self, hop: NextHop) -> None:
        """Ask a server in the background: nobody waits for one that is away while others answer."""
        learning = asyncio.create_task(_reach(hop))
        self._learning[hop] = learning
        learning.add_done_callback(lambda _: self._learning.pop(hop, None))


async def _reach(hop: NextHop) -> None:
    with suppress(Unreachable, Busy):  # MAIL will meet the same error, and say it
        (await hop.acquire()).release()
