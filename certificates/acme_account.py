"""The one account with an authority: its key made, registered, and registered again where it was lost."""

from dataclasses import replace

from acme.client import ClientV2
from acme.errors import ConflictError
from acme.messages import NewRegistration, Registration, RegistrationResource, UpdateRegistration
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from josepy.jwk import JWKEC
from josepy.util import ComparableECKey

from certificates.acme_network import AcmeNetwork
from certificates.errors import KeyUnreadable
from certificates.model import Account
from certificates.ports import AccountStore
from certificates.sealed_keys import KeySeal


class AcmeAccount:
    """The key is kept before it is registered.

    Registering a known key gives the account that it has [RFC 8555, section 7.3.1], so that neither a death
    in between nor two nodes at once make a second one.
    """

    def __init__(
        self, store: AccountStore, seal: KeySeal, *, directory: str, contact: tuple[str, ...], agreed: bool
    ) -> None:
        """`agreed`: the operator agreed to the authority's terms."""
        self._store = store
        self._seal = seal
        self._directory = directory
        self._contact = contact
        self._agreed = agreed

    def sign_in(self, net: AcmeNetwork, client: ClientV2) -> None:
        """Let `net` sign with the account's key, the account registered if need be."""
        account = self._kept()
        net.key = _json_web_key(self._seal.open(self._directory, account.sealed_key))
        if not account.uri:
            self.register(net, client)
            return
        net.account = _registration(account.uri)
        if account.contact != self._contact:
            net.post(account.uri, UpdateRegistration(contact=self._contact))
            self._store.update_account(replace(account, contact=self._contact))

    def register(self, net: AcmeNetwork, client: ClientV2) -> None:
        """Register the key that `net` signs with, whatever the account was before."""
        net.account = None  # a registration is signed with the key itself, not in an account's name
        wanted = NewRegistration(contact=self._contact, terms_of_service_agreed=self._agreed)
        try:
            uri = client.new_account(wanted).uri
        except ConflictError as known:
            uri = known.location
        net.account = _registration(uri)
        self._store.update_account(replace(self._kept(), uri=uri, contact=self._contact))

    def _kept(self) -> Account:
        """Return the account, its key sealed anew where another key seals now; a new one if need be."""
        account = self._store.account(self._directory) or self._store.add_account(self._new())
        if self._seal.is_current(account.sealed_key):
            return account
        try:
            key = self._seal.open(self._directory, account.sealed_key)
        except KeyUnreadable:
            account = self._new()
        else:
            account = replace(account, sealed_key=self._seal.seal(self._directory, key))
        self._store.update_account(account)
        return account

    def _new(self) -> Account:
        sealed = self._seal.seal(self._directory, new_private_key())
        return Account(directory=self._directory, sealed_key=sealed)


def new_private_key() -> bytes:
    """Return a new P-256 key, PEM in the clear."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _json_web_key(pem: bytes) -> JWKEC:
    key = load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - for mypy: it was made above
    return JWKEC(key=ComparableECKey(key))


def _registration(uri: str) -> RegistrationResource:
    return RegistrationResource(uri=uri, body=Registration())
