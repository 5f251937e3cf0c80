"""A tracker without a network: calls the application as a server would."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from connections.client_address import Network
from domains.app_files import AppFile
from events.model import Hit
from links import Block, BlockKind, BlockList, ClickToken, KeyRing, OpenToken, seal
from links.blocks import NO_BLOCKS
from tracker import OperatorPage, TrackerApp
from tracker.app import Reply
from tracker.metrics import TrackerMetrics
from tracker.reader_privacy import ALL_KEPT, ReaderPrivacy

MESSAGE = "01977420dc00010203040506"
RECIPIENT = "a1b2c3d4e5f60718"
URL = "https://www.example.com/sale?id=7"
RING = KeyRing.first(bytes(range(32)), now=0)
NOW = 1_750_000_000_000

CLICK = ClickToken(project=3, message=MESSAGE, recipient=RECIPIENT, link=2, url=URL)
OPEN = OpenToken(project=3, message=MESSAGE, recipient=RECIPIENT)
CLICK_TEXT = seal(CLICK, RING.sealing(0))
OPEN_TEXT = seal(OPEN, RING.sealing(0))
CLICK_PATH = f"/c/{CLICK_TEXT}"
OPEN_PATH = f"/o/{OPEN_TEXT}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for given, value in self.headers if given == name.encode()]
        assert len(values) <= 1
        return values[0].decode("ascii") if values else None


def blocking(kind: BlockKind, value: str) -> BlockList:
    """Return a list with one block."""
    return BlockList.of(
        [Block(kind=kind, value=value, reason="phishing", created_at=datetime(2026, 3, 1, tzinfo=UTC))]
    )


@dataclass
class Asking:
    """A tracker whose hits are kept in `hits`."""

    record: Callable[[Hit], object] | None = None
    on_disk: Callable[[], Awaitable[bool]] | None = None
    page: OperatorPage = field(default_factory=OperatorPage)
    trusted: Sequence[Network] = ()
    challenges: Mapping[str, str] | None = None
    ring: KeyRing = RING
    blocks: BlockList = NO_BLOCKS
    privacy: ReaderPrivacy = ALL_KEPT
    app_files: dict[tuple[str, AppFile], str] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    blocked: list[ClickToken] = field(default_factory=list)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    asked_for: list[str] = field(default_factory=list)  # tokens of challenges
    hits_at_answer: list[int] = field(default_factory=list)  # how many there were at each answer

    def app(self) -> TrackerApp:
        self.registry = CollectorRegistry()
        ids = (f"{number:032x}" for number in range(1, 1_000_000))
        return TrackerApp(
            ring=lambda: self.ring,
            record=self.record or self.hits.append,
            on_disk=self.on_disk,
            metrics=TrackerMetrics(self.registry),
            clock=lambda: NOW,
            new_id=lambda: next(ids),
            page=self.page,
            trusted_proxies=self.trusted,
            blocks=lambda: self.blocks,
            blocked=self.blocked.append,
            privacy=self.privacy,
            challenges=None if self.challenges is None else self._challenge,
            app_files=lambda host, file: self.app_files.get((host, file)),
        )

    async def _challenge(self, token: str) -> str | None:
        self.asked_for.append(token)
        return (self.challenges or {}).get(token)

    def __call__(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Sequence[tuple[bytes, bytes]] = ((b"host", b"track.example.com"),),
        client: tuple[str, int] | None = ("203.0.113.9", 5000),
        http_version: str = "1.1",
    ) -> Answer:
        raw_path, _, query = path.partition("?")
        scope = {
            "method": method,
            "http_version": http_version,
            "raw_path": raw_path.encode("utf-8", "surrogatepass"),
            "query_string": query.encode("utf-8", "surrogatepass"),
            "headers": list(headers),
            "client": client,
        }
        answering = self.app().answer(scope)
        reply = answering if isinstance(answering, Reply) else asyncio.run(_awaited(answering))
        self.hits_at_answer.append(len(self.hits))
        return read_answer(reply.response.message(closes=reply.closes, head=method == "HEAD"))


async def _awaited(answering: Awaitable[Reply]) -> Reply:
    return await answering


def read_answer(message: bytes) -> Answer:
    """Take the octets of an answer apart."""
    head, _, body = message.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    return Answer(int(start.split(b" ")[1]), headers, body)
