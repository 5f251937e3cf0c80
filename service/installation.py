"""Setting up: a settings file, a key ring, a database. Repeating it changes nothing that is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accounts.actors import Scope
from accounts.people import FIRST_NAME, GeneratedLogin
from links.key_ring import KeyRing
from service.database import open_people
from service.database_upgrade import upgrade_database
from service.errors import OperatorError
from service.key_file import load_key_ring, new_secret, save_key_ring
from service.settings import Settings
from service.settings_file import DEFAULT_FILE, load_settings
from service.web.serving import is_installed

PRODUCTION = """\
# Waypost settings; config.example.toml of the project names every key with its default.

[relay]
listen = ["127.0.0.1:2525"]
networks = ["127.0.0.0/8", "::1/128"]     # clients that may relay

[upstream]
url = "dir:var/outbox"                    # where mail goes on: smtp+starttls://smtp.provider.example:587
# username = ""
# password_file = ""

[tracking]
mode = "on"                               # observe: report what would be rewritten, send the original
# default_domain = "https://t.example.net"

[tracker]
listen = ["127.0.0.1:8080"]
# operator = "Example Ltd"                # on the page that each tracking domain shows at /
# abuse_contact = "abuse@example.net"
# privacy_contact = "privacy@example.net"

[tls]                                     # certificates for tracking domains by themselves: docs/https.md
mode = "off"                              # acme, with the tracker on port 80 and the three lines below
# listen = ["0.0.0.0:443"]
# contact = ["ops@example.net"]
# terms_agreed = true                     # to the terms of Let's Encrypt

[domains]
cname_targets = []                        # the host that tracking domains point to: ["t.example.net"]
"""

DEMONSTRATION = """\
# Waypost on this machine alone: mail goes to var/outbox, links to http://localhost:8080.
# config.example.toml names every key with its default.

[tracking]
unknown_senders = true                    # every sender is tracked
default_domain = "http://localhost:8080"  # used only because the upstream is a folder

[upstream]
url = "dir:var/outbox"
"""


class AlreadyThere(OperatorError):
    """There is a settings file, and it is not for us to change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What was made, and what was there."""

    settings: Settings
    settings_file: Path
    wrote_settings: bool
    made_keys: bool
    first_login: GeneratedLogin | None  # where nobody could sign in to the dashboard that is installed


def install(
    config: Path | None, environment: Mapping[str, str], *, now: int, demonstration: bool, keep: bool
) -> Installed:
    """Write what is missing. `now` in milliseconds.

    Raises AlreadyThere where the settings file exists and `keep` is false, else OperatorError.
    """
    path = config or Path(environment.get("WAYPOST_CONFIG") or DEFAULT_FILE)
    wrote = _write_settings(path, DEMONSTRATION if demonstration else PRODUCTION, keep=keep)
    settings = load_settings(path, environment)
    made_keys = not settings.keys.ring and not settings.keys.file.exists()
    if made_keys:
        save_key_ring(settings.keys.file, KeyRing.first(new_secret(), now))
    load_key_ring(settings.keys)
    upgrade_database(settings, create=True)
    return Installed(
        settings=settings,
        settings_file=path,
        wrote_settings=wrote,
        made_keys=made_keys,
        first_login=_first_login(settings),
    )


def _first_login(settings: Settings) -> GeneratedLogin | None:
    if not (is_installed() and settings.web.listen):
        return None
    with open_people(settings) as people:
        if people.all():
            return None
        return people.add_generated(FIRST_NAME, Scope.ADMIN, project=None)


def _write_settings(path: Path, text: str, *, keep: bool) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if keep:
            return False
        raise AlreadyThere(f"{path}: is there already; --if-missing keeps it and makes the rest") from None
    except OSError as error:
        raise OperatorError(f"{path}: cannot be written: {error.strerror}") from None
    return True
