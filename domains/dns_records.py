"""The record that a customer creates, as DNS providers ask for it."""

from dataclasses import dataclass

from domains import names


@dataclass(frozen=True, slots=True, kw_only=True)
class CnameRecord:
    """`name` is a CNAME to `target`; both are A-labels without a trailing dot."""

    name: str
    target: str

    @property
    def zone(self) -> str:
        """The domain whose DNS settings the record goes into, as far as the name alone can tell."""
        parent = self.name.partition(".")[2]
        return names.registrable(parent) or parent

    @property
    def host(self) -> str:
        """The name relative to its zone, which is what most providers' forms want."""
        return self.name.removesuffix(f".{self.zone}")

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the lines of a provider's form: label and what to enter."""
        return (("Zone", self.zone), ("Name", self.host), ("Type", "CNAME"), ("Value", self.target))

    def __str__(self) -> str:
        """Return the line of a zone file, its dots complete."""
        return f"{self.name}. CNAME {self.target}."
