"""Where the certificate for a name comes from: a port."""

import ssl
from typing import Protocol


class Certificates(Protocol):
    """Contexts, one for each certificate, as `Contexts` makes and keeps them.

    Names are lower case without a final dot, and may be anything that a client makes up.
    """

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        """Return the context for a name from memory, at once; None: of a client that names no host."""

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        """Return the context for a name that is not at hand; None where the name is not served here.

        It may wait for an order. Who waits too long is cancelled: the order must go on for the others.
        """
