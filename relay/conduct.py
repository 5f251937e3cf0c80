"""How a client behaves, counted since its last message: one that only makes mistakes is slowed, then cut."""

import asyncio

from relay.replies import Reply
from relay.settings import RelaySettings

MAX_UNKNOWN_COMMANDS = 5  # then it is no mail client: a browser led here, for one


class Conduct:
    """Counts errors, and commands that carry no mail. Each method returns what to answer."""

    def __init__(self, settings: RelaySettings) -> None:
        self._settings = settings
        self._errors = 0
        self._idle_commands = 0
        self._unknown_commands = 0

    def message_taken(self) -> None:
        """Begin anew."""
        self._errors = self._idle_commands = 0

    async def error(self, reply: Reply) -> Reply:
        """Count an error of the client's, which `reply` says."""
        self._errors += 1
        if self._errors >= self._settings.hard_errors:
            return Reply(421, "4.7.0", "Too many errors")
        if self._errors > self._settings.soft_errors:
            await asyncio.sleep(self._settings.error_delay)
        return reply

    def unknown_command(self) -> Reply:
        """Count a command that there is not."""
        self._unknown_commands += 1
        if self._unknown_commands >= MAX_UNKNOWN_COMMANDS:
            return Reply(421, "4.7.0", "Too many unknown commands")
        return Reply(500, "5.5.1", "Unknown command")

    def idle_command(self) -> Reply | None:
        """Count a command that leads to no mail; None where it may be obeyed."""
        self._idle_commands += 1
        if self._idle_commands > self._settings.max_idle_commands:
            return Reply(421, "4.7.0", "Too many commands without mail")
        return None
