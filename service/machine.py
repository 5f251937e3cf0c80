"""What of this machine an operator must see to in time: disks, certificates in files, the tracking switch.

Each is looked at every half a minute, for the log, and whenever metrics are asked for.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from sqlalchemy import URL

from service.alarm import Alarm
from service.disk_room import HARDLY_ANY, LITTLE, MEBIBYTE, free_bytes
from service.settings import Settings

log = logging.getLogger("waypost.service")

LOOK_SECONDS: Final = 30.0
LATE: Final = timedelta(days=14)  # who renews by a program does so with a third of 90 days or more left
CLOCK_TOLERANCE: Final = 2.0  # seconds between two looks; NTP that slews moves it by 0.02 in this time
NEVER: Final = float("inf")


class Machine:
    """As the settings are now. `database` is its URL; `jumped` is called when the clock was set.

    `clock` gives seconds since 1970, `monotonic` seconds.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        database: URL,
        *,
        jumped: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._database = database
        self._jumped = jumped
        self._clock = clock
        self._monotonic = monotonic
        self._offset = clock() - monotonic()
        self._alarms: dict[str, Alarm] = {}

    def look(self) -> None:
        """Tell what began and what is over."""
        self._look_at_clock()
        for subject, trouble in self._troubles():
            alarm = self._alarms.setdefault(subject, Alarm(log, subject))
            if trouble:
                alarm.failed(trouble)
            else:
                alarm.well()

    @property
    def folders(self) -> dict[str, Path]:
        """Where files are written, by what they are."""
        settings = self._settings()
        found = {"journal": settings.journal.directory}
        if self._database.get_backend_name() == "sqlite" and self._database.database:
            found["database"] = Path(self._database.database).parent
        if settings.database.snapshot is not None:
            found["snapshot"] = settings.database.snapshot.parent
        return found

    def free(self, name: str) -> float:
        """Return how many bytes are free where these files are; NaN where that cannot be seen."""
        try:
            return free_bytes(self.folders[name])
        except OSError:
            return math.nan

    @property
    def certificates(self) -> dict[str, Path]:
        """The operator's own, by setting."""
        settings = self._settings()
        named = {
            "relay.tls_certificate": settings.relay.tls_certificate,
            "tls.certificate": settings.tls.certificate,
        }
        return {setting: path for setting, path in named.items() if path is not None}

    def switched_off(self) -> bool:
        """Whether all rewriting is (`waypost tracking off`)."""
        return self._settings().tracking.switch.exists()

    def certificate_seconds(self, setting: str) -> float:
        """Return how long that one still is good; infinity where there is none, or none that can be read."""
        path = self.certificates.get(setting)
        ends = None if path is None else _not_after(path)
        return NEVER if ends is None else ends.timestamp() - self._clock()

    def _look_at_clock(self) -> None:
        """See whether it was set: nobody sets the monotonic one. That stands still while a machine sleeps."""
        offset = self._clock() - self._monotonic()
        step, self._offset = offset - self._offset, offset
        if abs(step) >= CLOCK_TOLERANCE:
            self._jumped()
            way = "forward" if step > 0 else "back"
            log.error("clock: it went %s by %.0f s, or the machine slept", way, abs(step))

    def _troubles(self) -> Iterator[tuple[str, str]]:
        for name, folder in self.folders.items():
            yield f"disk of the {name}", _shortage(folder)
        for setting, path in self.certificates.items():
            yield setting, self._soon(path)
        switch = self._settings().tracking.switch
        yield "tracking", f"switched off by {switch}: mail goes out as it came" if self.switched_off() else ""

    def _soon(self, path: Path) -> str:
        ends = _not_after(path)
        if ends is None or ends.timestamp() - self._clock() > LATE.total_seconds():
            return ""  # what cannot be read is told by who serves it
        return f"{path} runs out on {ends:%Y-%m-%d %H:%M} UTC"


def _shortage(folder: Path) -> str:
    """Say that there is little room, in words that stay the same while it shrinks."""
    try:
        free = free_bytes(folder)
    except OSError as error:
        return f"{folder} cannot be looked at: {error.strerror}"
    bound = HARDLY_ANY if free < HARDLY_ANY else LITTLE
    return f"less than {bound // MEBIBYTE} MiB are free for {folder}" if free < bound else ""


def _not_after(path: Path) -> datetime | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.astimezone(UTC)
    except (OSError, ValueError):
        return None
