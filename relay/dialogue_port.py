"""What a dialogue needs: of the relay that it is part of, and of the connection that carries it."""

from typing import Protocol

from relay.admission import Admission
from relay.data_reader import Source
from relay.envelope import Submission
from relay.message_budget import Claim, MessageBudget
from relay.metrics import RelayMetrics
from relay.replies import Reply
from relay.settings import RelaySettings
from relay.transaction import Transaction
from relay.upstream.port import Capabilities


class Host(Protocol):
    """What all dialogues share. Implemented by `relay.server.Relay`."""

    @property
    def settings(self) -> RelaySettings: ...

    @property
    def admission(self) -> Admission: ...

    @property
    def metrics(self) -> RelayMetrics: ...

    @property
    def budget(self) -> MessageBudget: ...

    async def capabilities(self, project: int | None) -> Capabilities | None:
        """Return what the project's upstream can do, or all of them where the project is not known yet."""

    def new_transaction(self, project: int) -> Transaction: ...

    async def deliver(self, submission: Submission, transaction: Transaction, claim: Claim) -> Reply:
        """Send it on, to the end even where the caller is cancelled; then release the claim."""

    def unheard(self, submission: Submission) -> None:
        """Know that the client was gone before it could hear that the message was taken."""

    def count_fault(self) -> None:
        """Count a fault of ours that a client was told about."""


class ConnectionOver(Exception):
    """Nothing more is read from this client; `reply` is the last that it is told."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class Wire(Source, Protocol):
    """The connection that carries the dialogue.

    Where it ends its methods raise ConnectionError, asyncio.IncompleteReadError or ConnectionOver.
    """

    @property
    def tls(self) -> str:
        """Version and cipher suite, "" without TLS."""

    @property
    def at_end(self) -> bool:
        """Whether the client has closed its side, and all that it said was read."""

    async def say(self, lines: bytes) -> None: ...

    async def read_line(self) -> bytes | Reply:
        """Return a line without its ending, or what to answer to something that is none."""

    async def start_tls(self, go_ahead: Reply) -> None: ...

    def expect_message(self) -> None: ...

    def message_taken(self) -> None: ...
