"""The key ring: without it every link ever sent is dead."""

import stat
from collections.abc import Iterator

from service.checkup.finding import Finding, fail, ok, warn
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.settings import Settings
from service.start import shown_age


def look_at_keys(settings: Settings, now: int) -> Iterator[Finding]:
    """Say which key seals. Whether there is a backup cannot be seen from here."""
    try:
        ring = load_key_ring(settings.keys)
    except OperatorError as error:
        remedy = "restore the file from its backup, or run `waypost init` for a new ring"
        yield fail("keys", str(error), remedy)
        return
    key = ring.sealing(now)
    age = shown_age(max(0, now - key.created_at) / 1000)
    yield ok(
        "keys",
        f"key {key.id}, {age} old, seals new links; keep a backup of the ring: without it every link is dead",
    )
    if key.created_at > now:
        yield warn("keys", f"key {key.id} was made in the future", "set the clock, or keep time by NTP")
    file = settings.keys.file
    if not settings.keys.ring and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield fail("keys", f"{file} can be read by others", f"chmod 600 {file}")
