"""One conversation with an ACME server: bounded in time, and patient with nonces.

`acme` leaves three things to be done: it repeats a request once where the nonce was refused, which servers do
at will [RFC 8555, section 6.5]; each of its requests may take 45 seconds, however many there are; and what an
error says of Retry-After is lost.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import requests
from acme.client import ClientNetwork
from acme.messages import Error
from josepy.jwa import ES256
from requests.adapters import HTTPAdapter

from certificates.acme_errors import short_type
from certificates.errors import AuthorityError
from certificates.retry_after import retry_after

_USER_AGENT: Final = "waypost (python-acme)"
_REQUEST_SECONDS: Final = 20.0
_NONCE_ROUNDS: Final = 10  # of two tries each, the library's own


class Deadline:
    """The end of a conversation. `clock` gives monotonic seconds."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds left. Raises `AuthorityError` of the type `timeout` where there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise AuthorityError("timeout", "the authority did not finish in time")
        return left

    def wait(self, seconds: float) -> None:
        """Sleep so long, but not past the end."""
        self._sleep(min(seconds, self.remaining()))


class AcmeNetwork(ClientNetwork):
    """For one thread. `trust_root` is the file of the certificates to trust, "" for those of the public web.

    `refused_until` is what the last answer that was an error said of when to come again.
    """

    def __init__(self, deadline: Deadline, *, trust_root: str, now: Callable[[], datetime]) -> None:
        super().__init__(alg=ES256, user_agent=_USER_AGENT)
        self.deadline = deadline
        self.new_nonce_url = ""
        self.refused_until: datetime | None = None
        self._now = now
        adapter = _BoundedAdapter(deadline, trust_root)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        self.session.hooks["response"].append(self._note_refusal)

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As the library's, with more patience for nonces. `None` as the object is POST-as-GET."""
        kwargs.setdefault("new_nonce_url", self.new_nonce_url)
        for _ in range(_NONCE_ROUNDS - 1):
            try:
                return super().post(*args, **kwargs)
            except Error as error:
                if short_type(error) != "badNonce":
                    raise
        return super().post(*args, **kwargs)

    def _note_refusal(self, response: requests.Response, *args: object, **kwargs: object) -> None:
        self.refused_until = None if response.ok else retry_after(response.headers, self._now())


class _BoundedAdapter(HTTPAdapter):
    """Lets no request outlast the conversation, and trusts what the settings say."""

    def __init__(self, deadline: Deadline, trust_root: str) -> None:
        super().__init__()
        self._deadline = deadline
        self._trust_root = trust_root

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = min(_REQUEST_SECONDS, self._deadline.remaining())
        if self._trust_root:
            kwargs["verify"] = self._trust_root
        return super().send(*args, **kwargs)
