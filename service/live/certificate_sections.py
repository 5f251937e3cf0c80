"""All certificates as sections of a snapshot. Keys stay sealed in it too: a snapshot is opened more often."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from certificates.model import Certificate, HostRecord
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, Row, decode_table, encode_table

_END: Final = "-----END CERTIFICATE-----\n"

_COLUMNS: Final = dict.fromkeys(
    (
        *("host", "version", "authority", "leaf", "issuers", "sealed_key", "issuer", "serial"),
        *("fingerprint", "not_before", "not_after"),
    ),
    REQUIRED,
)


def pack_certificates(records: Iterable[HostRecord]) -> dict[str, bytes]:
    """Return the sections. What follows a host's own certificate in its chain is kept once for all hosts."""
    issuers: dict[str, int] = {}
    rows = [
        _row(record.host, record.version, record.certificate, issuers)
        for record in records
        if record.certificate
    ]
    return {
        "certificates": encode_table(_COLUMNS, rows),
        "certificate issuers": json.dumps(list(issuers)).encode("ascii"),
    }


def unpack_certificates(sections: Mapping[str, bytes]) -> list[HostRecord]:
    """Return what was packed; none from a version that packed none. Raises SnapshotError."""
    if "certificates" not in sections:
        return []
    try:
        issuers = json.loads(sections["certificate issuers"])
        return list(_records(sections["certificates"], issuers))
    except (LookupError, ValueError, TypeError):
        raise SnapshotError("its certificates cannot be read") from None


def _row(host: str, version: int, certificate: Certificate, issuers: dict[str, int]) -> Row:
    leaf, end, rest = certificate.chain.partition(_END)
    return (
        host,
        version,
        certificate.authority,
        leaf + end,
        issuers.setdefault(rest, len(issuers)),
        b64encode(certificate.sealed_key).decode("ascii"),
        certificate.issuer,
        certificate.serial,
        certificate.fingerprint,
        certificate.not_before.isoformat(),
        certificate.not_after.isoformat(),
    )


def _records(section: bytes, issuers: list[str]) -> Iterator[HostRecord]:
    for row in decode_table(section, _COLUMNS):
        host, version, authority, leaf, rest, key, issuer, serial, fingerprint, not_before, not_after = row
        certificate = Certificate(
            authority=authority,
            chain=leaf + issuers[rest],
            sealed_key=b64decode(key),
            issuer=issuer,
            serial=serial,
            fingerprint=fingerprint,
            not_before=datetime.fromisoformat(not_before),
            not_after=datetime.fromisoformat(not_after),
        )
        yield HostRecord(host=host, version=version, certificate=certificate)
