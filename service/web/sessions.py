"""Sessions of the dashboard, in memory: they end with the process."""

import hashlib
import hmac
import secrets
import threading
from typing import Final

from accounts.actors import Actor
from web.ports import Session

SESSION_BYTES: Final = 32
MOST: Final = 10_000


class Sessions:
    """Of one process. Kept by the hash of their tokens."""

    def __init__(self) -> None:
        self._actors: dict[bytes, Actor] = {}
        self._changing = threading.Lock()

    def begin(self, actor: Actor) -> str:
        """Return the token of a new one."""
        token = secrets.token_urlsafe(SESSION_BYTES)
        with self._changing:
            if len(self._actors) >= MOST:
                self._actors.pop(next(iter(self._actors)))
            self._actors[_hash(token)] = actor
        return token

    def find(self, token: str) -> Session | None:
        """Return the one of a token."""
        actor = self._actors.get(_hash(token))
        return None if actor is None else Session(actor=actor, form_token=form_token(token))

    def end(self, token: str) -> None:
        """Forget it."""
        with self._changing:
            self._actors.pop(_hash(token), None)


def form_token(token: str) -> str:
    """Return what stands in the forms of a session: it follows from its token, and tells nothing of it."""
    return hmac.digest(token.encode(), b"waypost form", "sha256").hex()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
