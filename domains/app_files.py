"""The files by which phones learn which links of a tracking domain an app opens.

iOS asks for `apple-app-site-association`, Android for `assetlinks.json`. A file belongs to a project and a
name: whoever takes a name over does not get it, and after another name both systems want a new release of
the app anyway.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from domains.errors import InvalidAppFile
from domains.ports import DomainStore
from domains.tracking_domains import present_tracking_domain

MAX_OCTETS: Final = 128 * 1024  # Apple's own limit


class AppFile(StrEnum):
    """Which of them."""

    APPLE = "apple-app-site-association"
    ANDROID = "assetlinks"


_SHAPES: Final[Mapping[AppFile, tuple[type, str]]] = {
    AppFile.APPLE: (dict, 'an object, such as {"applinks": …}'),
    AppFile.ANDROID: (list, "a list of statements"),
}


class AppFileEntry(NamedTuple):
    """One file of one tracking domain; `content` is JSON."""

    project: int
    name: str
    file: AppFile
    content: str


class AppFileStore(Protocol):
    """Keeps them. Each method is one transaction, and raises `domains.errors.StoreUnavailable`."""

    def version(self) -> int:
        """Return a number that grows with every committed change."""

    def entries(self) -> list[AppFileEntry]:
        """Return all of them."""

    def put(self, entry: AppFileEntry) -> None:
        """Keep it in the place of the one before; an empty `content` removes that."""


class AppFiles:
    """The use cases, for the tracking domains of one project."""

    def __init__(self, *, store: AppFileStore, domains: DomainStore, project: int) -> None:
        self._store = store
        self._domains = domains
        self._project = project

    def put(self, name: str, files: Mapping[AppFile, bytes | None]) -> None:
        """Set the named files of a tracking domain; None removes one. All are checked before any is kept.

        Raises `InvalidAppFile`, `UnknownDomain`.
        """
        domain = present_tracking_domain(self._domains, self._project, name)
        contents = {file: "" if octets is None else checked(file, octets) for file, octets in files.items()}
        for file, content in contents.items():
            self._store.put(AppFileEntry(self._project, domain.name, file, content))

    def of(self, name: str) -> tuple[AppFile, ...]:
        """Return which ones a tracking domain has. Raises `UnknownDomain`."""
        return tuple(sorted(self.contents(name)))

    def contents(self, name: str) -> dict[AppFile, Any]:
        """Return the JSON of those that a tracking domain has. Raises `UnknownDomain`."""
        domain = present_tracking_domain(self._domains, self._project, name)
        key = (self._project, domain.name)
        return {
            each.file: json.loads(each.content)
            for each in self._store.entries()
            if (each.project, each.name) == key
        }


def as_octets(content: Any) -> bytes:
    """Return a file with this JSON in it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def checked(file: AppFile, octets: bytes) -> str:
    """Return the text as it is to be served. Raises `InvalidAppFile`."""
    if len(octets) > MAX_OCTETS:
        raise InvalidAppFile(f"the {file} has {len(octets)} octets; phones take {MAX_OCTETS} at most")
    kind, shape = _SHAPES[file]
    try:
        text = octets.decode("utf-8")
        value: Any = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidAppFile(f"the {file} is no JSON in UTF-8: {error}") from None
    if not isinstance(value, kind):
        raise InvalidAppFile(f"the {file} must be {shape}")
    return text


def _refuse(constant: str) -> Any:
    """Python's JSON has NaN and Infinity, which no phone reads [RFC 8259, section 6]."""
    raise ValueError(f"{constant} is none")
