"""Which accounts a list holds. Lists are in the order of names, so a page goes on behind the last one."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFilter:
    """Which projects. What is left out means all."""

    behind: str = ""  # names greater than this one
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFilter:
    """Which credentials. What is left out means all."""

    project: int | None = None
    route: str | None = None  # those that take it
    revoked: bool = True  # False: live ones
    behind: str = ""  # usernames greater than this one
    limit: int | None = None


ALL_PROJECTS: Final = ProjectFilter()
ALL_CREDENTIALS: Final = CredentialFilter()
