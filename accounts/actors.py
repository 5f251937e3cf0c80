"""Who acts: somebody with an API key, or a person who signed in. What they may is told alike."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What somebody may do; each may do what those before it may."""

    READ = "read"  # see everything but secrets
    WRITE = "write"  # change domains, routes, links and webhooks
    ADMIN = "admin"  # change who may send and what may be changed: credentials, projects, keys

    def covers(self, needed: "Scope") -> bool:
        """Tell whether whoever has this scope may do what needs that one."""
        order = [*Scope]
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`name` is that of the audit log: `key:` and the id of an API key, or `person:` and a person's name."""

    name: str
    scope: Scope
    project: int | None  # None: all projects, and what they share
