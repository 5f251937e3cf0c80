"""What each refusal of a use case is over HTTP, and what is told of it."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from accounts import errors as accounts
from certificates import errors as certificates
from domains import errors as domains
from domains.claims import ProofNeeded
from events import ports as events
from events.forgetting import InvalidAddress
from events.webhooks import errors as webhooks
from web.ports import NoCertificates, TooManyOrders
from web.turns import TooManyAtOnce

log = logging.getLogger("waypost.web")

RETRY_SECONDS: Final = 5

KINDS: Final[Mapping[type[Exception], tuple[HTTPStatus, str]]] = {
    domains.InvalidName: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_name"),
    domains.InvalidShare: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_share"),
    domains.NameTaken: (HTTPStatus.CONFLICT, "name_taken"),
    domains.UnknownDomain: (HTTPStatus.NOT_FOUND, "not_found"),
    domains.StillLinked: (HTTPStatus.CONFLICT, "still_linked"),
    domains.NotVerified: (HTTPStatus.CONFLICT, "not_verified"),
    ProofNeeded: (HTTPStatus.CONFLICT, "proof_needed"),
    domains.ChangedMeanwhile: (HTTPStatus.CONFLICT, "changed_meanwhile"),
    domains.NoTarget: (HTTPStatus.CONFLICT, "no_target"),
    domains.InvalidBlock: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_block"),
    domains.NotBlocked: (HTTPStatus.NOT_FOUND, "not_found"),
    domains.InvalidAppFile: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_app_file"),
    domains.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
    accounts.InvalidName: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_name"),
    accounts.InvalidNetwork: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_network"),
    accounts.InvalidPassword: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_password"),
    accounts.WrongPassword: (HTTPStatus.UNPROCESSABLE_ENTITY, "wrong_password"),
    accounts.InvalidLimit: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_limit"),
    accounts.InvalidDays: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_days"),
    accounts.NameTaken: (HTTPStatus.CONFLICT, "name_taken"),
    accounts.NetworkTaken: (HTTPStatus.CONFLICT, "network_taken"),
    accounts.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    accounts.NotRemovable: (HTTPStatus.CONFLICT, "not_removable"),
    accounts.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
    certificates.OrderUnderWay: (HTTPStatus.CONFLICT, "order_under_way"),
    certificates.AuthorityError: (HTTPStatus.BAD_GATEWAY, "authority_refused"),
    certificates.NoCertificate: (HTTPStatus.NOT_FOUND, "not_found"),
    certificates.KeyUnreadable: (HTTPStatus.CONFLICT, "key_unreadable"),
    certificates.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
    webhooks.InvalidEndpoint: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_endpoint"),
    webhooks.UnknownWebhook: (HTTPStatus.NOT_FOUND, "not_found"),
    webhooks.SecretUnreadable: (HTTPStatus.CONFLICT, "secret_unreadable"),
    webhooks.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
    InvalidAddress: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_address"),
    events.StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable"),
    NoCertificates: (HTTPStatus.CONFLICT, "no_certificates"),
    TooManyOrders: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_orders"),
    TooManyAtOnce: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_at_once"),
}
"""The status, and a code for programs."""


def kind_of(error: Exception) -> tuple[HTTPStatus, str]:
    """Return status and code of an error whose class, or one above it, is in `KINDS`."""
    return next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)


def told(error: Exception) -> str:
    """Return the sentence of such an error, for whoever asked."""
    if kind_of(error)[0] is not HTTPStatus.SERVICE_UNAVAILABLE:
        return str(error)
    # The sentence of a database names its file or server: that is for the log alone.
    log.error("%s", error)
    return "the database cannot be reached; try again in a few seconds"


class Refused(Exception):
    """A refusal before any application looks: `code` is for programs, the message for people."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = headers


Refuse = Callable[[Refused], Response]
"""How an application words refusals."""


def refused(error: Exception) -> Refused:
    """Return the refusal that an error of `KINDS` is."""
    status, code = kind_of(error)
    soon = status is HTTPStatus.SERVICE_UNAVAILABLE or isinstance(error, TooManyAtOnce)
    return Refused(status, code, told(error), headers={"Retry-After": str(RETRY_SECONDS)} if soon else None)
