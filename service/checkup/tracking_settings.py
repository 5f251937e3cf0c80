"""Whether links are rewritten at all, and onto which host without a tracking domain."""

from collections.abc import Iterator
from pathlib import Path

from rewriter.policy import Mode
from service.checkup.finding import Finding, fail, ok, warn
from service.errors import OperatorError
from service.settings import Settings
from service.tracking_switch import off_since
from service.upstream_wiring import system_default


def look_at_tracking(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at switch, mode and the host of the last resort."""
    section = settings.tracking
    yield from _switch(section.switch)
    if section.mode is Mode.ON:
        yield ok("tracking", "links are rewritten")
    else:
        message = f"mode is {section.mode}: mail goes out as it came"
        yield warn("tracking", message, 'set tracking.mode = "on"')
    if section.default_domain != (system_default(settings) or ""):
        yield warn(
            "tracking",
            f"default_domain {section.default_domain} is this machine, the upstream is not: it is not used",
            "set tracking.default_domain to a host that readers can reach, or to nothing",
        )


def _switch(file: Path) -> Iterator[Finding]:
    try:
        since = off_since(file)
    except OperatorError as error:
        yield fail("tracking", str(error), f"mend the owner or permissions of {file.parent}")
        return
    if since is not None:
        message = f"switched off since {since:%Y-%m-%d %H:%M} UTC: mail goes out as it came"
        yield warn("tracking", message, "run `waypost tracking on` when it may go on")
