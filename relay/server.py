"""The relay as a whole: it takes connections that were accepted already, in the loop that runs."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from events.model import Record
from links.ids import MESSAGE_RANDOM_BYTES, message_id
from relay.admission import Admission
from relay.arrivals import Arrivals
from relay.delivery import Delivery
from relay.dialogue import OWN_FAULT
from relay.envelope import Submission
from relay.listener import Listener
from relay.message_budget import Claim, MessageBudget
from relay.metrics import Fault, RelayMetrics
from relay.pipeline import Pipeline
from relay.replies import Reply
from relay.session import SmtpSession
from relay.settings import RelaySettings
from relay.transaction import Transaction
from relay.upstream.per_project import Upstreams
from relay.upstream.port import Capabilities

_log = logging.getLogger("waypost.relay")


class Relay:
    """SMTP in, rewrite, SMTP out.

    `record` is the journal's `append`, and `on_disk`, where given, is awaited after it; `now` returns
    milliseconds since 1970, `monotonic` seconds, `random_bytes` that many of them, `tls` the context for new
    connections, None where there is none.
    """

    def __init__(
        self,
        settings: RelaySettings,
        *,
        upstreams: Upstreams,
        admission: Admission,
        pipeline: Pipeline,
        record: Callable[[Record], object],
        on_disk: Callable[[], Awaitable[bool]] | None = None,
        metrics: RelayMetrics,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.admission = admission
        self._upstreams = upstreams
        self.metrics = metrics
        self._now = now
        self._random_bytes = random_bytes
        self._delivery = Delivery(
            hostname=settings.hostname,
            pipeline=pipeline,
            sender_refusal=admission.message_refusal,
            record=record,
            on_disk=on_disk,
            metrics=metrics,
            now=now,
            monotonic=monotonic,
            random_bytes=random_bytes,
        )
        self.budget = MessageBudget(settings.max_bytes_in_flight, metrics.in_flight.inc)
        self._tls = tls
        self._arrivals = Arrivals(settings, tls, partial(SmtpSession, self))
        self._sessions: dict[SmtpSession, asyncio.Task[None]] = {}
        self._deliveries: set[asyncio.Task[Reply]] = set()

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Speak with the client of an accepted connection; `on_closed` is called once when it has ended."""
        self._arrivals.take(sock, listener, on_closed)

    async def stop(self, grace: float) -> None:
        """Stop, once nothing more is adopted: idle clients go, messages have `grace` seconds to get through.

        Await it before the loop ends: `asyncio.run` cancels whatever is left, past the final dot too.
        """
        await self._arrivals.stop()
        for session in list(self._sessions):
            session.drain()
        deadline = asyncio.get_running_loop().time() + grace
        await _wait(self._sessions.values(), until=deadline)
        for session in list(self._sessions):
            session.cut()
        await _wait(self._sessions.values(), until=None)
        await _wait(self._deliveries, until=deadline)
        for delivery in list(self._deliveries):
            delivery.cancel()
        await _wait(self._deliveries, until=None)
        await self._upstreams.close()

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The context for a client that begins TLS now."""
        return self._tls()

    @property
    def connected(self) -> int:
        """How many clients are."""
        return len(self._sessions)

    async def capabilities(self, project: int | None) -> Capabilities | None:
        """Return what the project's upstream can do, or all of them where the project is not known yet."""
        return await self._upstreams.capabilities(project)

    def new_transaction(self, project: int) -> Transaction:
        """Return a transaction on the project's upstream, with an id of its own."""
        now = self._now()
        return Transaction(
            self._upstreams.of(project), id=message_id(now, self._random_bytes(MESSAGE_RANDOM_BYTES)), at=now
        )

    async def deliver(self, submission: Submission, transaction: Transaction, claim: Claim) -> Reply:
        """Deliver it in a task of its own: a client that goes away now must not leave it half done."""
        delivery = asyncio.create_task(self._deliver(submission, transaction))
        self._deliveries.add(delivery)
        self.metrics.deliveries.inc()
        delivery.add_done_callback(self._delivered)
        delivery.add_done_callback(lambda _: claim.release())
        try:
            return await asyncio.shield(delivery)
        except asyncio.CancelledError:
            delivery.add_done_callback(lambda done: self._ended_unheard(done, submission))
            raise

    def unheard(self, submission: Submission) -> None:
        """Know that the client was gone before it could hear that the message was taken."""
        self._delivery.unheard(submission)

    def _ended_unheard(self, delivery: asyncio.Task[Reply], submission: Submission) -> None:
        if not delivery.cancelled() and delivery.result().accepted:
            self.unheard(submission)

    def _delivered(self, delivery: asyncio.Task[Reply]) -> None:
        self._deliveries.discard(delivery)
        self.metrics.deliveries.dec()

    async def _deliver(self, submission: Submission, transaction: Transaction) -> Reply:
        try:
            return await self._delivery.deliver(submission, transaction, await transaction.capabilities())
        except Exception:  # noqa: BLE001 - the client still has the message; a 5xx of ours would bounce it
            _log.exception("message %s was not sent", submission.id)
            self.count_fault()
            transaction.abort()
            return OWN_FAULT.with_id(submission.id)

    def opened(self, session: SmtpSession, task: asyncio.Task[None]) -> None:
        """Know a session, and the task that runs it."""
        self._sessions[session] = task
        self.metrics.connections.inc()

    def closed(self, session: SmtpSession) -> None:
        """Forget it."""
        if self._sessions.pop(session, None):
            self.metrics.connections.dec()

    def count_fault(self) -> None:
        """Count a fault of ours that a client was told about."""
        self.metrics.failed(Fault.SESSION)


async def _wait(tasks: Iterable[Awaitable[object]], *, until: float | None) -> None:
    """Wait for tasks to end, however they do, at most until the loop's time `until`."""
    waiting: Sequence[asyncio.Future[object]] = [asyncio.ensure_future(task) for task in tasks]
    if waiting:
        timeout = None if until is None else max(0.0, until - asyncio.get_running_loop().time())
        await asyncio.wait(waiting, timeout=timeout)
