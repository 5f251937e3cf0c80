"""A fault that lasts is told once when it begins and once when it ends, not each second."""

import logging


class Alarm:
    """Of one subject, such as `database`."""

    def __init__(self, log: logging.Logger, subject: str) -> None:
        self._log = log
        self._subject = subject
        self._told = ""

    @property
    def told(self) -> bool:
        """Whether it lasts."""
        return bool(self._told)

    def failed(self, message: str) -> None:
        """Tell it, unless it was told already."""
        if message != self._told:
            self._told = message
            self._log.error("%s: %s", self._subject, message)

    def well(self) -> None:
        """Tell that it is over, if it was told."""
        if self._told:
            self._told = ""
            self._log.warning("%s: works again", self._subject)
