"""`certificates.ports.Authority` by ACME [RFC 8555]. Blocks: for threads."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from acme.client import ClientV2
from acme.errors import ConflictError
from acme.messages import Directory, Error
from cryptography import x509

from certificates.acme_account import AcmeAccount
from certificates.acme_errors import short_type, translated
from certificates.acme_network import AcmeNetwork, Deadline
from certificates.acme_order import AcmeOrder, json_object
from certificates.errors import AuthorityError
from certificates.model import Certificate, Issued, RenewalAdvice
from certificates.ports import AccountStore, Publish
from certificates.renewal_information import certificate_id, read_advice
from certificates.retry_after import retry_after
from certificates.sealed_keys import KeySeal

T = TypeVar("T")

_NEEDED: Final = ("newNonce", "newAccount", "newOrder")
_UNSPECIFIED: Final = 0  # the reason of a revocation [RFC 5280, section 5.3.1]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """`contact` are URLs such as mailto:ops@example.com; `trust_root` a file, "" for the public web's roots.

    `seconds` bound all of an order together.
    """

    directory: str
    contact: tuple[str, ...] = ()
    terms_agreed: bool = False
    trust_root: str = ""
    seconds: float = 90.0


class AcmeAuthority:
    """Each conversation has a connection of its own, so that threads share nothing."""

    def __init__(
        self,
        settings: AcmeSettings,
        accounts: AccountStore,
        seal: KeySeal,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`clock` gives monotonic seconds."""
        self._settings = settings
        self._account = AcmeAccount(
            accounts,
            seal,
            directory=settings.directory,
            contact=settings.contact,
            agreed=settings.terms_agreed,
        )
        self._now = now
        self._clock = clock
        self._sleep = sleep

    @property
    def directory(self) -> str:
        return self._settings.directory

    def issue(self, host: str, publish: Publish, *, replaces: Certificate | None = None) -> Issued:
        net = self._network()
        with _translated(net):
            directory = self._read_directory(net)
            order = AcmeOrder(net, directory["newOrder"], now=self._now)
            known = certificate_id(replaces) if replaces is not None and "renewalInfo" in directory else None
            try:
                return self._signed_in(net, directory, lambda _: order.place(host, publish, replaces=known))
            except (ConflictError, Error) as error:
                if known is None or not _already_replaced(error):
                    raise
                # By an order that was lost: a plain one is as good, but for the rate limits.
                return order.place(host, publish, replaces=None)

    def renewal_advice(self, certificate: Certificate) -> RenewalAdvice | None:
        net, asked = self._network(), self._now()
        with _translated(net):
            directory, known = self._read_directory(net), certificate_id(certificate)
            if "renewalInfo" not in directory or known is None:
                return None
            response = net.get(f"{directory['renewalInfo'].rstrip('/')}/{known}")
            again = retry_after(response.headers, asked)
            return read_advice(json_object(response), asked=asked, again=again)

    def revoke(self, certificate: Certificate) -> None:
        if certificate.authority != self.directory:
            raise AuthorityError("malformed", f"it was issued by another authority, {certificate.authority}")
        leaf = x509.load_pem_x509_certificate(certificate.chain.encode())
        net = self._network()
        with _translated(net):
            try:
                self._signed_in(
                    net, self._read_directory(net), lambda client: client.revoke(leaf, _UNSPECIFIED)
                )
            except Error as error:
                if short_type(error) != "alreadyRevoked":
                    raise

    def _network(self) -> AcmeNetwork:
        deadline = Deadline(self._settings.seconds, clock=self._clock, sleep=self._sleep)
        return AcmeNetwork(deadline, trust_root=self._settings.trust_root, now=self._now)

    def _read_directory(self, net: AcmeNetwork) -> dict[str, Any]:
        document = json_object(net.get(self._settings.directory))
        if missing := [name for name in _NEEDED if not isinstance(document.get(name), str)]:
            raise AuthorityError("unexpected", f"the directory does not name {missing[0]}")
        net.new_nonce_url = document["newNonce"]
        return document

    def _signed_in(self, net: AcmeNetwork, directory: dict[str, Any], work: Callable[[ClientV2], T]) -> T:
        """Do `work` with the account; where the authority has lost that, register again and repeat."""
        client = ClientV2(Directory.from_json({**directory}), net)
        try:
            self._account.sign_in(net, client)
            return work(client)
        except Error as error:
            if short_type(error) != "accountDoesNotExist":
                raise
            self._account.register(net, client)
            return work(client)


def _already_replaced(error: ConflictError | Error) -> bool:
    """The status ought to be 409 [RFC 9773, section 5], of which the library tells no more than that."""
    return isinstance(error, ConflictError) or short_type(error) == "alreadyReplaced"


def _translated(net: AcmeNetwork) -> AbstractContextManager[None]:
    return translated(lambda: net.refused_until)
