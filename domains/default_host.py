"""The system's default host with the short id of a project in it: `https://p{sid}.t.example.net`. Pure."""

from typing import Final
from urllib.parse import urlsplit

from domains.errors import InvalidName
from domains.names import host_name, registrable

SID: Final = "{sid}"
_IDS: Final = ("a", "7", "ab", "a" * 32)  # the shortest and the longest that `accounts.names` lets be


def default_base(base: str, sid: str | None) -> str:
    """Return the base URL of the last resort for a project; "" where its id is needed and not known."""
    if SID not in base:
        return base
    return base.replace(SID, sid) if sid else ""


def default_sid(base: str, host: str) -> str | None:
    """Return the id that makes `host`, in lower case, out of the base's; None where none does."""
    before, sid, after = (urlsplit(base).hostname or "").partition(SID)
    if not sid or not host.startswith(before) or not host.endswith(after):
        return None
    found = host[len(before) : len(host) - len(after)]
    return found if found and "." not in found else None


def check_default_base(base: str) -> None:
    """Raise `InvalidName` where some project's id would make no host, or another owner's."""
    if SID not in base:
        return
    host = urlsplit(base).hostname or ""
    if base.count(SID) > 1 or SID not in host:
        raise InvalidName(f"{base!r} must hold {SID} once, in its host: https://p{SID}.t.example.net")
    hosts = [host_name(host.replace(SID, sid)) for sid in _IDS]
    if len({registrable(each) for each in hosts}) > 1 and not host.endswith(".localhost"):
        raise InvalidName(f"{base!r} must hold {SID} further left, below one domain of yours")
