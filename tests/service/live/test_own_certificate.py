import asyncio
from pathlib import Path

import pytest
import trustme

from service.errors import OperatorError
from service.live.certificate import LOOK_SECONDS
from service.live.own_certificate import OwnCertificate


def write(folder: Path, *names: str) -> tuple[Path, Path]:
    issued = trustme.CA().issue_cert(*names)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return certificate, key


@pytest.mark.parametrize("host", ["t.example.net", "p7.t.example.net", None])
def test_it_is_for_the_hosts_that_it_names_and_where_none_is(tmp_path: Path, host: str | None) -> None:
    own = OwnCertificate(*write(tmp_path, "T.example.net", "*.t.example.net"), monotonic=lambda: 0.0)
    assert own.at_hand(host) is not None


@pytest.mark.parametrize("host", ["example.net", "a.b.t.example.net", "xt.example.net", "", "*"])
def test_it_is_for_no_other(tmp_path: Path, host: str) -> None:
    own = OwnCertificate(*write(tmp_path, "t.example.net", "*.t.example.net"), monotonic=lambda: 0.0)
    assert own.at_hand(host) is None
    assert asyncio.run(own.obtain(host)) is None


def test_a_renewed_one_is_used_with_its_new_names(tmp_path: Path) -> None:
    now = 0.0
    own = OwnCertificate(*write(tmp_path, "old.example.net"), monotonic=lambda: now)
    write(tmp_path, "a-longer-name.example.net")
    assert own.at_hand("old.example.net") is not None
    now = LOOK_SECONDS
    assert own.at_hand("old.example.net") is None
    assert own.at_hand("a-longer-name.example.net") is not None


def test_files_that_cannot_be_used_are_told_with_their_setting(tmp_path: Path) -> None:
    certificate, key = write(tmp_path, "t.example.net")
    certificate.write_text("no certificate")
    with pytest.raises(OperatorError, match=r"^tls\.certificate: "):
        OwnCertificate(certificate, key, monotonic=lambda: 0.0)
