"""Names of domains in paths and bodies."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path

from domains.errors import InvalidName
from domains.names import host_name
from web.sparkpost.refusals import Refusal

Address = Annotated[str, Path(max_length=300)]


def named(address: str) -> str:
    """Return the stored form of the name in a path. Raises `Refusal`."""
    try:
        return host_name(address)
    except InvalidName as error:
        raise no_domain(HTTPStatus.BAD_REQUEST, address, error) from None


def no_domain(status: HTTPStatus, value: str, error: InvalidName) -> Refusal:
    """Return the refusal of what is no name to use: 400 in a path, 422 in a body."""
    return Refusal(
        status, str(error), message="domain must be valid", code="1300", param="domain", value=value
    )
