"""A sentence that the next page shows once, in a cookie: nothing is written for it, and it is no secret."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from web.dashboard import cookies

MOST: Final = 2700  # octets; browsers keep 4096 of a cookie, and base 64 makes four of three


def write(request: Request, response: Response, sentence: str) -> None:
    """Have the next page show it."""
    octets = sentence.encode("utf-8", "replace")[:MOST]
    cookies.write(request, response, cookies.SAID, urlsafe_b64encode(octets).decode().rstrip("="))


def read(request: Request) -> str:
    """Return it, "" where there is none."""
    try:
        text = cookies.read(request, cookies.SAID)
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode(errors="ignore")
    except (Error, ValueError):
        return ""


def clear(request: Request, response: Response) -> None:
    """It was shown."""
    cookies.clear(request, response, cookies.SAID)
