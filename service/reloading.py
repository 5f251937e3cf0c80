"""What a reload can change, and what needs a restart."""

import dataclasses
from typing import Any

from service.settings import Settings

# What the process, not the relay alone, was built from. Everything else is of one generation of the relay.
FIXED_SECTIONS = ("tracker", "privacy", "tls", "database", "keys", "journal", "web", "monitoring")
FIXED_KEYS = {"relay": ("listen", "workers")}


def reloaded(running: Settings, wanted: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings to go on with, and the names of what changed but needs a restart."""
    sections: dict[str, Any] = {}
    waiting: list[str] = []
    for section in dataclasses.fields(Settings):
        old, new = getattr(running, section.name), getattr(wanted, section.name)
        fixed = _fixed_keys(section.name, old)
        changed = [key for key in fixed if getattr(old, key) != getattr(new, key)]
        waiting += [f"{section.name}.{key}" for key in changed]
        sections[section.name] = _with(new, {key: getattr(old, key) for key in changed})
    return Settings(**sections), tuple(waiting)


def _fixed_keys(name: str, section: Any) -> tuple[str, ...]:
    if name in FIXED_SECTIONS:
        return tuple(field.name for field in dataclasses.fields(section))
    return FIXED_KEYS.get(name, ())


def _with(section: Any, kept: dict[str, Any]) -> Any:
    return dataclasses.replace(section, **kept) if kept else section
