import asyncio
from collections.abc import Sequence

import pytest

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.transaction import Transaction
from relay.upstream.port import Capabilities, ConnectionLost, Unreachable, UpstreamError

OK = Reply(250, "2.0.0", "ok")
NO = Reply(550, "5.1.1", "no")
LATER = Reply(450, "4.2.1", "later")
LEAVING = Reply(421, "4.3.2", "leaving")
A = Recipient(mailbox="a@b.example")


class FakeRemote:
    """An upstream and its one transaction, answering from a list."""

    def __init__(self, answers: Sequence[Reply | UpstreamError]) -> None:
        self._answers = list(answers)
        self.done: list[str] = []
        self.server, self.replayed, self.eight_bit = "mx.example:25", False, True

    def _next(self) -> Reply:
        answer = self._answers.pop(0)
        if isinstance(answer, UpstreamError):
            raise answer
        return answer

    async def capabilities(self) -> Capabilities | None:
        return None

    async def open(self, sender: Sender) -> tuple[Reply, "FakeRemote | None"]:
        reply = self._next()
        return reply, self if reply.accepted else None

    async def recipient(self, recipient: Recipient) -> Reply:
        return self._next()

    async def message(self, content: bytes, *, name: str) -> Reply:
        self.done.append(f"message {name}")
        return self._next()

    async def abandon(self) -> None:
        self.done.append("abandon")

    def abort(self) -> None:
        self.done.append("abort")

    async def close(self) -> None:
        self.done.append("close")


def play(remote: FakeRemote, *recipients: Recipient) -> tuple[Transaction, list[Reply]]:
    transaction = Transaction(remote, id="id", at=0)

    async def run() -> list[Reply]:
        replies = [await transaction.mail(Sender(mailbox="x@y.example"))]
        return replies + [await transaction.rcpt(recipient) for recipient in recipients]

    return transaction, asyncio.run(run())


def test_every_reply_is_the_upstreams() -> None:
    transaction, replies = play(FakeRemote([OK, OK, NO, LATER]), A, A, A)
    assert replies == [OK, OK, NO, LATER]
    assert transaction.recipients == [A]
    assert transaction.data_refusal() is None


@pytest.mark.parametrize(
    ("answers", "code"),
    [([NO], 554), ([NO, NO], 554), ([LATER], 451), ([NO, LATER], 451), ([], 503)],
)
def test_data_without_a_recipient(answers: list[Reply], code: int) -> None:
    transaction, _ = play(FakeRemote([OK, *answers]), *[A] * len(answers))
    refusal = transaction.data_refusal()
    assert refusal is not None
    assert refusal.code == code


def test_a_refused_sender_opens_nothing() -> None:
    transaction, replies = play(FakeRemote([NO]))
    assert replies == [NO]
    assert not transaction.lost


def test_an_upstream_away_is_451_from_then_on() -> None:
    transaction, replies = play(FakeRemote([Unreachable("x")]), A)
    assert replies == [Unreachable.reply, Unreachable.reply]
    assert transaction.lost
    assert transaction.data_refusal() == Unreachable.reply


def test_a_lost_upstream_poisons_even_behind_an_accepted_recipient() -> None:
    remote = FakeRemote([OK, OK, ConnectionLost("x"), OK])
    transaction, replies = play(remote, A, A, A)
    assert replies == [OK, OK, ConnectionLost.reply, ConnectionLost.reply]
    assert transaction.data_refusal() == ConnectionLost.reply
    assert remote.done == ["abort"]


def test_a_421_is_a_451_with_the_same_text() -> None:
    transaction, replies = play(FakeRemote([OK, LEAVING]), A, A)
    assert replies[1:] == [Reply(451, "4.3.2", "leaving")] * 2
    assert transaction.data_refusal() == Reply(451, "4.3.2", "leaving")


def test_a_421_to_mail() -> None:
    transaction, replies = play(FakeRemote([LEAVING]), A)
    assert replies == [Reply(451, "4.3.2", "leaving")] * 2
    assert transaction.lost


def test_sending_ends_it() -> None:
    remote = FakeRemote([OK, OK, OK])
    transaction, _ = play(remote, A)

    async def send_and_abandon() -> Reply:
        reply = await transaction.send(b"x")
        await transaction.abandon()
        transaction.abort()
        return reply

    assert asyncio.run(send_and_abandon()) == OK
    assert remote.done == ["message id"]


def test_abandoning_tells_the_upstream_once() -> None:
    remote = FakeRemote([OK])
    transaction, _ = play(remote)

    async def abandon_twice() -> None:
        await transaction.abandon()
        await transaction.abandon()

    asyncio.run(abandon_twice())
    assert remote.done == ["abandon"]
