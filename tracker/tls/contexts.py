"""OpenSSL's settings for serving, and the contexts that are kept: each costs a millisecond and 23 KiB."""

import os
import ssl
from collections import OrderedDict
from collections.abc import Callable, Hashable

HTTP = "http/1.1"  # RFC 7301 section 6

# Tickets are sealed under a key that a context makes for itself and keeps: Python's ssl can neither set nor
# change it. With a new context a new key begins, and what was recorded before stays closed
# (RFC 8446 appendix F.1, RFC 5077 section 5.5).
MAX_AGE_SECONDS = 12 * 3600.0
# Clients of TLS 1.2 without tickets leave their sessions here, by OpenSSL's default up to 20,000 a context.
MAX_SESSIONS = 1_000
_COUNT_EVERY = 256  # uses of a context: counting its sessions costs as much as finding it


def server_context(pem: bytes) -> ssl.SSLContext:
    """Return the context that serves `pem`: a private key and its certificate, the chain behind it.

    TLS 1.2 and 1.3 (RFC 8996), forward secrecy and AEAD alone (RFC 9325 section 4.2). Raises ssl.SSLError,
    and ValueError for a locked key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_RENEGOTIATION  # a client could ask for handshakes without end
    context.set_alpn_protocols([HTTP])
    context.num_tickets = 1  # OpenSSL's two are for browsers with many connections at once
    _load(context, pem)
    return context


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Python loads keys from files alone; this one is in memory, and no other process can open it."""
    file = os.memfd_create("certificate")
    try:
        with open(file, "wb", closefd=False) as written:
            written.write(pem)
        context.load_cert_chain(f"/proc/self/fd/{file}", password=_no_password)
    finally:
        os.close(file)


def _no_password() -> str:
    """Without this OpenSSL would ask on the terminal."""
    raise ValueError("the key is locked with a password")


class Contexts:
    """The contexts that were used last, by whatever names a certificate: its host and fingerprint, say.

    `monotonic` returns seconds.
    """

    def __init__(self, *, monotonic: Callable[[], float], most: int = 1_000) -> None:
        self._monotonic = monotonic
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def of(self, certificate: Hashable, pem: Callable[[], bytes]) -> ssl.SSLContext:
        """Return its context; `pem` is called where there is none yet. Raises as `server_context` does."""
        kept = self._kept.get(certificate)
        if kept is None or kept.is_worn(self._monotonic()):
            kept = self._kept[certificate] = _Kept(server_context(pem()), self._monotonic())
        self._kept.move_to_end(certificate)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept.context


class _Kept:
    __slots__ = ("_since", "_uses", "context")

    def __init__(self, context: ssl.SSLContext, since: float) -> None:
        self.context = context
        self._since = since
        self._uses = 0

    def is_worn(self, now: float) -> bool:
        self._uses += 1
        if now - self._since > MAX_AGE_SECONDS:
            return True
        return self._uses % _COUNT_EVERY == 0 and self.context.session_stats()["number"] > MAX_SESSIONS
