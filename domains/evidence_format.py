"""Evidence as JSON, for the database. Rows outlive versions: what an old one lacks takes its default.

A field whose value needs no conversion is carried without being named here.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from typing import Any

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached

Json = dict[str, Any]


def to_json(evidence: Evidence) -> Json:
    """Return what `json.dumps` takes."""
    return {**asdict(evidence), "at": evidence.at.isoformat()}


def from_json(row: Mapping[str, Any]) -> Evidence:
    """Return what `to_json` was given; unknown fields, of a newer version, are left out.

    Raises KeyError, TypeError and ValueError for what is no evidence.
    """
    dns = row["dns"]
    return Evidence(
        **_known(Evidence, row)
        | {
            "at": datetime.fromisoformat(row["at"]),
            "dns": DnsAnswer(**_known(DnsAnswer, dns) | {"status": DnsStatus(dns["status"])}),
            "caa": _caa(row.get("caa", {})),
            "http": _probe(row.get("http", {})),
            "https": _probe(row.get("https", {})),
            "hsts": tuple(HstsPolicy(**_known(HstsPolicy, each)) for each in row.get("hsts", ())),
        }
    )


def _caa(row: Mapping[str, Any]) -> CaaAnswer:
    status = CaaStatus(row.get("status", CaaStatus.NOT_ASKED))
    return CaaAnswer(**_known(CaaAnswer, row) | {"status": status})


def _probe(row: Mapping[str, Any]) -> ProbeAnswer:
    reached = Reached(row.get("reached", Reached.NOT_PROBED))
    return ProbeAnswer(**_known(ProbeAnswer, row) | {"reached": reached})


def _known(kind: type, row: Mapping[str, Any]) -> Json:
    names = _names(kind)
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row.items()
        if name in names
    }


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))
