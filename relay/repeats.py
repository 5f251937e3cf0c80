"""Messages that a client may send again although the upstream has them, or may have them.

That is so where the upstream's last reply never came, and where the client was gone before it could hear
ours. The second attempt is relayed like any other, since nobody can know; but operators are told.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from relay.envelope import Submission

SECONDS: Final = 2 * 3600.0  # Postfix comes again after an hour at most, unless told otherwise
MOST: Final = 10_000  # recipients; a fault that lasts must not fill the memory


class Repeats:
    """Remembers doubtful messages for a while, in this process alone. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float], *, most: int = MOST) -> None:
        self._monotonic = monotonic
        self._most = most
        self._until: dict[bytes, float] = {}  # the oldest first

    def remember(self, submission: Submission, message_id: str) -> None:
        """The client may come again with this message."""
        until = self._monotonic() + SECONDS
        for key in _keys(submission, message_id):
            self._until.pop(key, None)
            self._until[key] = until
        while len(self._until) > self._most:
            del self._until[next(iter(self._until))]

    def has(self, submission: Submission, message_id: str) -> bool:
        """Tell whether one of its recipients may have this message already."""
        if not self._until:
            return False
        now = self._monotonic()
        return any(self._until.get(key, 0.0) > now for key in _keys(submission, message_id))


def _keys(submission: Submission, message_id: str) -> list[bytes]:
    """Return a hash for each recipient: a client may come again for only some of them."""
    name = message_id.encode("utf-8", "surrogateescape") if message_id else submission.content
    common = blake2b(name, digest_size=16)
    common.update(b"\0%d\0%b" % (len(submission.content), submission.sender.mailbox.encode()))
    keys = []
    for recipient in submission.recipients:
        key = common.copy()
        key.update(b"\0" + recipient.mailbox.encode())
        keys.append(key.digest())
    return keys
