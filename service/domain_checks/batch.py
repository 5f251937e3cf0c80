"""Checks all tracking domains by hand: those of one project, or of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domains.checking import check_each
from domains.errors import ChangedMeanwhile, UnknownDomain
from domains.model import State, TrackingDomain

if TYPE_CHECKING:
    from service.domain_use_cases import DomainUseCases


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one. `after` is None where it was changed or removed meanwhile, as `message` says."""

    project: str
    name: str
    before: State
    after: State | None
    message: str


class AllChecks:
    """Iterate over it to check, once: each result comes as it is known. `count` is how many there are to be.

    A check that raises ends it: the database is away, or the keys cannot be read.
    """

    def __init__(self, use_cases: "DomainUseCases", project: str | None, *, concurrency: int) -> None:
        """None stands for all projects. Raises AccountError, StoreUnavailable."""
        names = use_cases.projects() if project is None else [project]
        tenants = [(name, use_cases.tracking(name)) for name in names]
        listed = [(name, domains, domain) for name, domains in tenants for domain in domains.all()]
        self._owners = {domain.id: (name, domains) for name, domains, domain in listed}
        self._domains = [domain for _, _, domain in listed]
        self._concurrency = concurrency

    @property
    def count(self) -> int:
        """How many domains there are."""
        return len(self._domains)

    def __iter__(self) -> Iterator[Checked]:
        return check_each(self._domains, self._check, concurrency=self._concurrency)

    def _check(self, domain: TrackingDomain) -> Checked:
        project, domains = self._owners[domain.id]
        after, message = None, ""
        try:
            checked = domains.verify(domain.name)
            after, message = checked.state, checked.diagnosis
        except (ChangedMeanwhile, UnknownDomain) as error:
            message = str(error)
        return Checked(project=project, name=domain.name, before=domain.state, after=after, message=message)
