"""The records that a customer creates, as DNS providers ask for them: A-labels, without a last dot."""

from dataclasses import dataclass

from domains import names

TTL = "300"  # seconds: a mistake is mended within minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    name: str

    @property
    def zone(self) -> str:
        """The domain whose DNS settings the record goes into, as far as the name alone can tell."""
        parent = self.name.partition(".")[2]
        return names.registrable(parent) or parent

    @property
    def host(self) -> str:
        """The name relative to its zone, which is what most providers' forms want."""
        return self.name.removesuffix(f".{self.zone}")

    def _fields(self, kind: str, value: str) -> tuple[tuple[str, str], ...]:
        return (("Zone", self.zone), ("Name", self.host), ("Type", kind), ("Value", value), ("TTL", TTL))


@dataclass(frozen=True, slots=True, kw_only=True)
class CnameRecord(_Record):
    """`name` is a CNAME to `target`."""

    target: str

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the lines of a provider's form: label and what to enter."""
        return self._fields("CNAME", self.target)

    def __str__(self) -> str:
        """Return the line of a zone file, its dots complete."""
        return f"{self.name}. CNAME {self.target}."


@dataclass(frozen=True, slots=True, kw_only=True)
class TxtRecord(_Record):
    """`name` has the text `value`, which is ASCII without quotation marks."""

    value: str

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the lines of a provider's form: label and what to enter."""
        return self._fields("TXT", self.value)

    def __str__(self) -> str:
        """Return the line of a zone file."""
        return f'{self.name}. TXT "{self.value}"'


DnsRecord = CnameRecord | TxtRecord
