"""A certificate in files, read again when they change."""

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from service.alarm import Alarm
from service.errors import OperatorError

log = logging.getLogger("waypost.service")

LOOK_SECONDS = 5.0  # between two looks at the files

T = TypeVar("T")

Stamp = tuple[tuple[int, int], ...]


class LiveCertificate(Generic[T]):
    """What `read` makes of the files as they last were: a TLS context, mostly. `monotonic` returns seconds.

    `setting` names the certificate in errors. `read` may raise OSError (ssl.SSLError is one) and ValueError.

    It is looked after when a client wants it: two calls of stat(2), at most every few seconds, and a
    millisecond when a certificate was renewed.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        *,
        setting: str,
        read: Callable[[Path, Path], T],
        monotonic: Callable[[], float],
    ) -> None:
        """Raises OperatorError."""
        self._certificate = certificate
        self._key = key
        self._read = read
        self._monotonic = monotonic
        self._alarm = Alarm(log, setting)
        self._stamp = self._read_stamp()
        self._look_again = monotonic() + LOOK_SECONDS
        try:
            self._current = read(certificate, key)
        except (OSError, ValueError) as error:
            raise OperatorError(f"{setting}: {_words(error, certificate)}") from None

    def current(self) -> T:
        """Return it for a new connection; a pair of files that cannot be used changes nothing."""
        if self._monotonic() >= self._look_again:
            self._look_again = self._monotonic() + LOOK_SECONDS
            self._refresh()
        return self._current

    def _refresh(self) -> None:
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        try:
            self._current = self._read(self._certificate, self._key)
        except (OSError, ValueError) as error:
            self._alarm.failed(f"{_words(error, self._certificate)}; the one before stays in use")
            return
        self._stamp = stamp
        self._alarm.well()
        log.info("certificate read again: %s", self._certificate)

    def _read_stamp(self) -> Stamp:
        """Return what changes when a file is replaced."""
        return tuple(_stamp(path) for path in (self._certificate, self._key))


def smtp_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the context of a mail server. Raises OSError, ssl.SSLError, and ValueError for a locked key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _no_password() -> str:
    """Without this OpenSSL would ask on the terminal."""
    raise ValueError("the key is locked with a password")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_ino


def _words(error: Exception, certificate: Path) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{certificate} and its key cannot be used: {error.reason or 'they are no PEM files'}"
    if isinstance(error, OSError):
        return f"the files cannot be read: {error.strerror}"
    return str(error)
