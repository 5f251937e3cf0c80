"""Which hosts may stand in links of mail that is already sent. Answered from memory."""

from urllib.parse import urlsplit

from accounts.directory import AccountDirectory
from domains.default_host import SID, default_sid
from domains.directory import Directory
from domains.names import MAX_NAME, normalised


def is_tracked_host(host: str, directory: Directory, accounts: AccountDirectory) -> bool:
    """Tell whether it is a tracking domain that was verified once, or the system's default host.

    With `{sid}` in that, the hosts of projects that there are: a pattern alone would let anybody have any
    number of certificates made.
    """
    if len(host) > MAX_NAME + 1:  # a final dot does not count
        return False
    name = normalised(host)
    return directory.was_verified(name) or _is_default(name, directory.system_default, accounts)


def _is_default(name: str, base: str, accounts: AccountDirectory) -> bool:
    if SID not in base:
        return bool(name) and name == urlsplit(base).hostname
    sid = default_sid(base, name)
    return sid is not None and accounts.project_named(sid) is not None
