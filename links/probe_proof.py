"""The proof that a request to a tracking domain reached this installation and no other. Pure.

Whoever checks a domain asks it for `/.well-known/waypost-probe/NONCE`; any node answers with a code over the
nonce and the host, under a key of the ring that all nodes share. So no database is asked, and an answer
cannot be repeated by others, only forwarded: whoever forwards to us is a proxy, and those are welcome.
"""

import hmac
import re
from collections.abc import Collection, Iterator

from links.key_ring import Key, KeyRing

NONCE_BYTES = 16

_PREFIX = "/.well-known/waypost-probe/"
_NONCE = re.compile(f"[0-9a-f]{{{2 * NONCE_BYTES}}}")
_INFO = b"waypost probe proof, version 1"  # a key for this alone: no answer says anything about a token
_KEY_BYTES = 32


def probe_path(nonce: str) -> str:
    """Return the path to ask for. `nonce` is 32 lower-case hex digits."""
    return _PREFIX + nonce


def parse_probe_path(path: str) -> str | None:
    """Return the nonce of a path that asks for a proof, None for any other path."""
    if not path.startswith(_PREFIX):
        return None
    nonce = path.removeprefix(_PREFIX)
    return nonce if _NONCE.fullmatch(nonce) else None


def prove(key: Key, nonce: str, host: str) -> str:
    """Return the proof, 64 hex digits. `host` is what the request named: lower case, no port, no final dot.

    The nonce has one length, so that no other nonce and host read the same. Raises `KeyRingError` for a
    revoked key.
    """
    return hmac.digest(key.derive(_INFO, _KEY_BYTES), f"{nonce} {host}".encode(), "sha256").hex()


def holds_proof(ring: KeyRing, nonce: str, hosts: Collection[str], answer: bytes) -> bool:
    """Tell whether `answer`, the body of a response, holds a proof for one of the hosts.

    By any live key: the node that answered may seal with another one for a while.
    """
    return any(proof.encode() in answer for proof in _proofs(ring, nonce, hosts))


def _proofs(ring: KeyRing, nonce: str, hosts: Collection[str]) -> Iterator[str]:
    return (prove(key, nonce, host) for key in ring.keys if not key.revoked for host in hosts)
