"""How a project gets a name that another one has, or had: by a TXT record that it was told alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domains.dns_answer import Unanswered
from domains.dns_records import TxtRecord
from domains.errors import DomainError
from domains.model import SendingDomain
from domains.names import display
from domains.ownership import Claim, Kind, Proof, explain_proof, judge_proof, new_token, ownership_record
from domains.ports import ClaimStore, TxtLookup


class ProofNeeded(DomainError):
    """Another project has the name, or had it. `record` proves that it is this one's now."""

    def __init__(self, message: str, record: TxtRecord) -> None:
        super().__init__(message)
        self.record = record


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSeen:
    """What DNS said about a record of ours, and that in plain words."""

    proof: Proof
    message: str
    record: TxtRecord


class Claims:
    """The claims of one project. `random_bytes` gives that many unguessable ones."""

    def __init__(
        self,
        *,
        store: ClaimStore,
        txt: TxtLookup,
        random_bytes: Callable[[int], bytes],
        clock: Callable[[], datetime],
        project: int,
    ) -> None:
        self._store = store
        self._txt = txt
        self._random_bytes = random_bytes
        self._clock = clock
        self._project = project

    def token(self) -> str:
        """Return a new one."""
        return new_token(self._random_bytes)

    def look(self, name: str, token: str) -> ProofSeen:
        """Ask DNS whether the record of this domain has this token. Blocks."""
        record = ownership_record(name, token)
        try:
            values: tuple[str, ...] | None = self._txt.txt_records(record.name)
            detail = ""
        except Unanswered as fault:
            values, detail = None, str(fault)
        proof = judge_proof(record, values)
        message = explain_proof(record, proof, values or (), detail)
        return ProofSeen(proof=proof, message=message, record=record)

    def find(self, kind: Kind, name: str) -> Claim | None:
        """Return the project's claim to the name where it has one that counts."""
        claim = self._store.find_claim(self._project, kind, name)
        return None if claim is None or claim.expired(self._clock()) else claim

    def proven(self, kind: Kind, name: str) -> Claim:
        """Return the project's claim to the name once its record is there. Blocks.

        Raises `ProofNeeded`, which has the record. DNS is not asked for one that nobody was told of yet: the
        "no" would be remembered on the way, and the record seen that much later.
        """
        token = self.token()
        made = Claim(project=self._project, kind=kind, name=name, token=token, created_at=self._clock())
        claim = self._store.claim(made)
        if claim.token == token:
            record = ownership_record(name, token)
            raise ProofNeeded(
                f"{display(name)} is known from another project. To take it over, create this TXT record "
                f"and try again once it is there: {record}",
                record,
            )
        seen = self.look(name, claim.token)
        if seen.proof is not Proof.FOUND:
            raise ProofNeeded(seen.message, seen.record)
        return claim

    def end(self, claim: Claim) -> None:
        """Take it back, or away once it is fulfilled."""
        self._store.end(claim)

    def take_sending_domain(self, claim: Claim) -> SendingDomain:
        """Give the name to the project, verified, with nothing set. Raises `NameTaken`."""
        return self._store.take_sending_domain(claim, self._clock())
