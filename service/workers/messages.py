"""What the parent process and the processes that it starts tell each other."""

from dataclasses import dataclass
from pathlib import Path

from relay.listener import Listener
from service.live.seed import Seed
from service.settings import LogSection, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What a worker needs to start; it comes over standard input, since it may be large and holds secrets.

    `seed` is what the parent has: a worker starts while the database is away.
    """

    settings: Settings
    seed: Seed
    numbers: Path  # where its metrics go
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginTracker(Begin):
    """A worker of the tracker inherits the descriptors of the sockets that it listens on."""

    plain: tuple[int, ...]
    secure: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginWork:
    """What a process for background work needs to start, over standard input as well."""

    settings: Settings
    owner: str  # what its leases are known by
    numbers: Path
    slot: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker takes connections."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker cannot start; `reason` is one line for the operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Here is a connection, accepted by that listener. It is the worker's now."""

    connection: int
    listener: Listener


@dataclass(frozen=True, slots=True)
class Closed:
    """That connection has ended."""

    connection: int


@dataclass(frozen=True, slots=True)
class Order:
    """A client waits for a certificate for the host; it may be any name of ours."""

    host: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """The host has a certificate, or will have none for now; `version` is that of what is known of it."""

    host: str
    version: int


@dataclass(frozen=True, slots=True)
class Log:
    """Log by other settings."""

    section: LogSection


@dataclass(frozen=True, slots=True)
class Retire:
    """No connection will come any more; end when the last one has."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End: what is past DATA, or asked for, has `grace` seconds. May come again with fewer."""

    grace: float
