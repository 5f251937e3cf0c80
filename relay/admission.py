"""Who may relay, as whom, from which senders, and how much: default deny.

A client is admitted by a network that a project lists, or by a credential; a credential wins, and binds its
senders to the sending domains of its project. Accounts are looked at anew at each MAIL, so that what an
operator took back ends within a second in sessions that are open, too.
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from accounts.binding import OwnerOfDomain, Unbound, unbound
from accounts.directory import AccountDirectory
from accounts.lockout import Lockout
from accounts.model import DEFAULT_PROJECT, Credential
from accounts.rate_limits import RateLimits
from accounts.secret_hash import PREFIX
from connections.addresses import plain_address
from relay.authentication import Login
from relay.envelope import Client
from relay.mail_log import MailEvent, log_mail
from relay.message_headers import MessageHeaders, mailbox_domain
from relay.metrics import RelayMetrics, SignIn
from relay.replies import Refused, Reply

_MOST_LOGGED: Final = 64  # characters of a username that a stranger made up


class Admission:
    """The rules, for all clients. `accounts` returns what is current, `owner` whose a sending domain is."""

    def __init__(
        self,
        *,
        accounts: Callable[[], AccountDirectory],
        owner: OwnerOfDomain,
        lockout: Lockout,
        rates: RateLimits,
        metrics: RelayMetrics,
        bind_senders: bool = True,
    ) -> None:
        self.accounts = accounts
        self.lockout = lockout
        self.rates = rates
        self.metrics = metrics
        self._owner = owner
        self._bind_senders = bind_senders

    def check_sender(self, client: Client, mailbox: str) -> None:
        """Raise Refused where the envelope sender is not the client's to use."""
        if mailbox and self._binds(client):
            domain = mailbox_domain(mailbox)
            if not domain or unbound(client.project, domain, (), self._owner):
                raise _foreign(Unbound.ENVELOPE_SENDER)

    def message_refusal(self, client: Client, headers: MessageHeaders) -> Reply | None:
        """Return why a message is not the client's to send, by its From."""
        if not self._binds(client):
            return None
        if headers.cut:  # a From far down, where we do not look, would be seen by readers
            return Reply(550, "5.7.1", "The header is too large to see whom the message is from")
        foreign = unbound(client.project, "", headers.from_domains, self._owner)
        return _foreign(foreign).reply if foreign else None

    def _binds(self, client: Client) -> bool:
        return self._bind_senders and bool(client.credential)


class Standing:
    """What one client is to us.

    `address` is its IP address, "" on a Unix socket, whose permissions admit by themselves. `tls`: whether
    it can be spoken, without which nobody signs in.
    """

    def __init__(self, admission: Admission, address: str, *, tls: bool) -> None:
        self._admission = admission
        self._tls = tls
        self._address: IPv4Address | IPv6Address | None = plain_address(address) if address else None
        self._credential: Credential | None = None

    @property
    def can_sign_in(self) -> bool:
        """Whether there is somebody that it could be, and is not yet."""
        if not self._tls or self._address is None or self._credential:
            return False
        return self._admission.accounts().has_credentials

    @property
    def signed_in(self) -> bool:
        """Whether it has."""
        return self._credential is not None

    @property
    def listed(self) -> int | None:
        """The project whose network it is in; None for a stranger."""
        if self._address is None:
            return DEFAULT_PROJECT
        project = self._admission.accounts().project_of_address(self._address)
        return project.id if project else None

    @property
    def project(self) -> int | None:
        """Whose mail it may send; None where nobody's."""
        return self._credential.project if self._credential else self.listed

    def check_not_locked(self) -> None:
        """Raise Refused where its address failed too often."""
        if self._address is not None and self._admission.lockout.address_locked(self._address):
            raise self._locked("")

    def sign_in(self, login: Login) -> None:
        """Take it for whom it says it is. Raises Refused."""
        admission, address = self._admission, self._address
        if address is None:
            raise Refused(502, "5.5.1", "AUTH is not offered here")
        if admission.lockout.locked(address, login.username):
            raise self._locked(login.username)
        self._credential = admission.accounts().authenticate(login.username, login.password)
        if self._credential is None:
            admission.lockout.failed(address, login.username)
            self._log(MailEvent.SIGN_IN_REFUSED, SignIn.REFUSED, login.username)
            raise Refused(535, "5.7.8", "Username or password is wrong")
        self._log(MailEvent.SIGNED_IN, SignIn.ACCEPTED, login.username)

    def admitted(self, client: Client) -> Client:
        """Return the client with whom it is. Raises Refused."""
        if self._credential is not None:
            return self._with_credential(client, self._credential)
        project = self.listed
        if project is None:
            raise self._denied()
        return replace(client, project=project, credential="", route="")

    def take_message(self) -> None:
        """Raise Refused where its credential has sent enough for now."""
        if self._credential is not None:
            _check_rate("messages", self._admission.rates.take_message(self._credential))

    def take_recipient(self) -> None:
        """Raise Refused where its credential has sent to enough for now."""
        if self._credential is not None:
            _check_rate("recipients", self._admission.rates.take_recipient(self._credential))

    def _with_credential(self, client: Client, known: Credential) -> Client:
        self._credential = current = self._admission.accounts().credential(known.username)
        if current is None:
            # A 5xx would leave a client in a listed network free to go on as that network's project.
            raise Refused(421, "4.7.0", "This login has ended, sign in anew")
        return replace(
            client, project=current.project, credential=current.username, route=current.route or ""
        )

    def _denied(self) -> Refused:
        if self.can_sign_in:
            return Refused(530, "5.7.0", "Sign in first")  # RFC 4954 section 6
        return Refused(550, "5.7.1", "Relaying denied")

    def _locked(self, username: str) -> Refused:
        self._log(MailEvent.SIGN_IN_REFUSED, SignIn.LOCKED, username)
        return Refused(421, "4.7.0", "Too many failed attempts to sign in, try again later")

    def _log(self, event: MailEvent, result: SignIn, username: str) -> None:
        self._admission.metrics.signed_in(result)
        # Who typed the password where the username belongs must not find it in the log.
        shown = "(a password)" if PREFIX in username else username[:_MOST_LOGGED]
        log_mail(event, client=str(self._address), credential=shown, result=result.value)


def _foreign(what: Unbound) -> Refused:
    return Refused(550, "5.7.1", f"The domain of {what} is not a sending domain of this login")


def _check_rate(what: str, wait: float) -> None:
    if wait:
        raise Refused(450, "4.7.1", f"Too many {what}, try again in {wait:.0f} seconds")
