"""Proof that a domain is a project's own: a TXT record with a token that this project alone was given. Pure.

The record stands at `_waypost.NAME`, apart from what else the name holds, a CNAME among it [RFC 8552]. It is
asked once: afterwards it may go, and its absence takes nothing away.
"""

from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from domains.dns_records import TxtRecord
from domains.names import parents_within_registrable

CLAIM_LIFETIME: Final = timedelta(days=30)
_LABEL: Final = "_waypost"
_PREFIX: Final = "waypost-verify="
_TOKEN_BYTES: Final = 20  # 160 bits, 32 characters without padding
_MOST_SHOWN: Final = 100  # characters of a value that a stranger wrote


class Kind(StrEnum):
    """What a claim is about: a name may be both."""

    TRACKING = "tracking"
    SENDING = "sending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A project that wants a name which another one has, or had; it gets it with the token in DNS."""

    project: int
    kind: Kind
    name: str
    token: str
    created_at: datetime

    def expired(self, now: datetime) -> bool:
        """Whether its token is worth nothing any more."""
        return now - self.created_at >= CLAIM_LIFETIME


class Proof(StrEnum):
    """What was seen where the record must stand. All but `UNANSWERED` are definite."""

    FOUND = "found"
    NO_RECORD = "no record"
    OTHER_VALUE = "other value"
    UNANSWERED = "unanswered"


class Standing(StrEnum):
    """Whose a sending domain is, as far as it is known."""

    VERIFIED = "verified"  # by a record of its own
    COVERED = "covered"  # below a verified sending domain of the same project
    UNVERIFIED = "unverified"  # nobody has proved anything
    DISPUTED = "disputed"  # below a sending domain of another project, proven or there before


class Owned(Protocol):
    """What is asked of a sending domain here: the model's value, or what the directory keeps of it."""

    @property
    def name(self) -> str: ...
    @property
    def project(self) -> int: ...
    @property
    def id(self) -> int: ...
    @property
    def verified(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """A standing, and the sending domain above that it comes from; "" where it is of the domain alone."""

    standing: Standing
    parent: str = ""

    @property
    def verified(self) -> bool:
        """Whether it is proven, here or above."""
        return self.standing in (Standing.VERIFIED, Standing.COVERED)

    @property
    def counts(self) -> bool:
        """Whether the domain is its project's sender, tracked and free for its logins, as far as is known."""
        return self.standing is not Standing.DISPUTED

    def carries_link(self, *, require_verified: bool) -> bool:
        """Whether its link to a tracking domain counts.

        `require_verified` concerns tracking alone: mail is never refused because it cannot be tracked.
        """
        return self.verified or (self.counts and not require_verified)


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """Return a token in the letters and digits of base32, lower case as names in DNS are typed."""
    return b32encode(random_bytes(_TOKEN_BYTES)).decode("ascii").rstrip("=").lower()


def ownership_record(name: str, token: str) -> TxtRecord:
    """Return the record that proves a domain, which is in stored form."""
    return TxtRecord(name=f"{_LABEL}.{name}", value=f"{_PREFIX}{token}")


def judge_proof(record: TxtRecord, values: tuple[str, ...] | None) -> Proof:
    """Compare what DNS holds with the record; None where DNS did not answer.

    White space and quotation marks around it, which some providers' forms add, do no harm.
    """
    if values is None:
        return Proof.UNANSWERED
    seen = {value.strip().strip('"').strip().lower() for value in values} - {_PREFIX}
    if record.value in seen:
        return Proof.FOUND
    return Proof.OTHER_VALUE if values else Proof.NO_RECORD


def explain_proof(record: TxtRecord, proof: Proof, values: tuple[str, ...] = (), detail: str = "") -> str:
    """Say in plain words what was seen, and what to do. `detail` is why DNS did not answer."""
    match proof:
        case Proof.FOUND:
            return f"The TXT record at {record.name} is there; it may be deleted now."
        case Proof.NO_RECORD:
            return (
                f"There is no TXT record at {record.name}. "
                f"Create this one, and allow some minutes for it to be seen: {record}"
            )
        case Proof.OTHER_VALUE:
            shown = ", ".join(repr(value[:_MOST_SHOWN]) for value in values)
            return f"The TXT record at {record.name} says {shown}. Add this one, or correct it: {record}"
        case Proof.UNANSWERED:
            return (
                f"DNS could not be asked about {record.name}: {detail}. "
                "This says nothing about the record; try again in a few minutes."
            )


def ownership(domain: Owned, known: Mapping[str, Owned]) -> Ownership:
    """Tell how a sending domain stands among all `known` ones, by name, of every project.

    Who proves a domain has all below it that others have not proven. Where nothing is proven the first comes
    first: no tenant takes `news.example.com` from whoever has `example.com`, nor, by adding `example.com`
    later, from whoever has `news.example.com`.
    """
    holder: Owned | None = None
    for parent in reversed(_known_parents(domain.name, known)):
        if holder is None or parent.verified or _precedes(parent, holder):
            holder = parent
    if domain.verified:
        return Ownership(standing=Standing.VERIFIED)
    if holder is None or _precedes(domain, holder):
        return Ownership(standing=Standing.UNVERIFIED)
    if holder.project != domain.project:
        return Ownership(standing=Standing.DISPUTED, parent=holder.name)
    if not holder.verified:
        return Ownership(standing=Standing.UNVERIFIED)
    return Ownership(standing=Standing.COVERED, parent=holder.name)


def _precedes(one: Owned, other: Owned) -> bool:
    """Tell whether one was there before the other, which has proved nothing."""
    return not other.verified and one.id < other.id


def _known_parents(name: str, known: Mapping[str, Owned]) -> list[Owned]:
    """Return the sending domains above, nearest first, down to the registrable domain."""
    above = name.partition(".")[2]
    while above not in known:
        if not above:
            return []  # nearly always: the public suffix list, which costs more than the climb, is not asked
        above = above.partition(".")[2]
    return [known[parent] for parent in parents_within_registrable(name) if parent in known]
