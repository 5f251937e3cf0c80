"""Secrets of webhooks are kept as the private keys of certificates are: `events.webhooks.ports.Seal`."""

from certificates.errors import KeyUnreadable
from certificates.sealed_keys import KeySeal
from events.webhooks.errors import SecretUnreadable


class SecretSeal:
    """Seals for a webhook by its id. Hosts have no colon in their names: none can be given such a secret."""

    def __init__(self, seal: KeySeal) -> None:
        self._seal = seal

    def seal(self, owner: str, key: bytes) -> bytes:
        """Return the secret as it can be kept."""
        return self._seal.seal(_named(owner), key)

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return the secret. Raises `SecretUnreadable`."""
        try:
            return self._seal.open(_named(owner), sealed)
        except KeyUnreadable:
            raise SecretUnreadable("the secret was sealed with a key that is gone") from None

    def opens(self, sealed: bytes) -> bool:
        """Tell whether the ring still holds the key that sealed it."""
        return self._seal.opens(sealed)

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether it was sealed with the key that seals now."""
        return self._seal.is_current(sealed)


def _named(webhook: str) -> str:
    return f"webhook:{webhook}"
