"""The sending domains of all projects: which of them count, and whose links."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from domains.directory_entries import SendingEntry, patched
from domains.ownership import ownership


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """A snapshot of all of them. `require_verified`: a link counts only where the domain is verified."""

    known: Mapping[str, SendingEntry]  # by name
    idle: Set[str]  # names of those that do not count
    unproven: Set[str]  # names of those that count, but whose link does not
    require_verified: bool

    @classmethod
    def of(cls, entries: Iterable[SendingEntry], *, require_verified: bool) -> "Senders":
        """Judge each by all others."""
        known = {entry.name: entry for entry in entries}
        idle, unproven = _judged(known, known, require_verified=require_verified)
        return cls(known=known, idle=idle, unproven=unproven, require_verified=require_verified)

    def changed(self, changes: Mapping[str, SendingEntry | None]) -> "Senders":
        """Return them after the changes; None is gone.

        Those below a domain that came, went, was proven or changed hands are judged again with it.
        """
        if not changes:
            return self
        handed = {name for name, entry in changes.items() if _owner(entry) != _owner(self.known.get(name))}
        known = patched(self.known, changes)
        doubtful = {*changes, *(_below(handed, known) if handed else ())}
        idle, unproven = _judged(doubtful & known.keys(), known, require_verified=self.require_verified)
        return Senders(
            known=known,
            idle=(self.idle - doubtful) | idle,
            unproven=(self.unproven - doubtful) | unproven,
            require_verified=self.require_verified,
        )

    def find(self, name: str) -> SendingEntry | None:
        """Return the sending domain of that stored name, if it counts."""
        return None if name in self.idle else self.known.get(name)


def _judged(
    names: Iterable[str], known: Mapping[str, SendingEntry], *, require_verified: bool
) -> tuple[set[str], set[str]]:
    """Return those of the names that do not count, and those whose link does not."""
    idle, unproven = set(), set()
    for name in names:
        owned = ownership(known[name], known)
        if not owned.counts:
            idle.add(name)
        elif not owned.carries_link(require_verified=require_verified):
            unproven.add(name)
    return idle, unproven


def _owner(entry: SendingEntry | None) -> tuple[int, int, bool] | None:
    """Return what ownership goes by."""
    return entry and (entry.project, entry.id, entry.verified)


def _below(parents: Collection[str], names: Iterable[str]) -> Iterator[str]:
    """Yield the names below one of the parents.

    All are looked at: an index of them would take memory all the time, for what operators do now and then.
    """
    for name in names:
        above = name.partition(".")[2]
        while above:
            if above in parents:
                yield name
                break
            above = above.partition(".")[2]
