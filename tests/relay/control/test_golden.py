"""Messages as senders of each service write them: what is understood, and what goes out.

A folder each: `in.eml`; `expected.toml` with the service's profile, the wishes, and the headers that are not
understood; `out.eml` with the profile `none`, `silenced.eml` with the service's own; `why.txt`, one line.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from relay.control.header_edits import silenced, without_own
from relay.control.header_fields import control_fields
from relay.control.reader import read_control
from relay.control.vendors import Profile

FOLDERS = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())


def expected(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "expected.toml").read_text("utf-8"))


def outgoing(folder: Path, profile: Profile) -> bytes:
    message = (folder / "in.eml").read_bytes()
    plain = without_own(message, control_fields(message))
    return silenced(plain, control_fields(plain), profile)[0]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_understood(folder: Path) -> None:
    read = read_control(control_fields((folder / "in.eml").read_bytes()))
    wanted = expected(folder)
    switches = {name: getattr(read.wishes, name) for name in ("clicks", "html", "text", "opens")}
    assert {name: on for name, on in switches.items() if on is not None} == wanted["switches"]
    assert list(read.wishes.tags) == wanted["tags"]
    assert dict(read.wishes.metadata) == wanted["metadata"]
    assert read.wishes.route == wanted["route"]
    assert [problem.header for problem in read.problems] == wanted["problems"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_goes_out(folder: Path) -> None:
    assert outgoing(folder, Profile.NONE) == (folder / "out.eml").read_bytes()
    silent = outgoing(folder, Profile(expected(folder)["profile"]))
    assert silent == (folder / "silenced.eml").read_bytes()
    assert b"X-Waypost" not in silent


def test_each_service_and_each_header_has_one() -> None:
    assert {expected(folder)["profile"] for folder in FOLDERS} == {*Profile}
    seen = b"".join((folder / "in.eml").read_bytes().lower() for folder in FOLDERS)
    for header in (
        *("X-Waypost-Track", "X-Waypost-Route", "X-Waypost-Tag", "X-Waypost-Metadata", "X-MSYS-API"),
        *("X-SMTPAPI", "X-Mailgun-Track", "X-Mailgun-Track-Clicks", "X-Mailgun-Track-Opens", "X-Mailgun-Tag"),
        *("X-Mailgun-Variables", "X-PM-TrackOpens", "X-PM-TrackLinks", "X-PM-Tag", "X-PM-Metadata-"),
    ):
        assert header.lower().encode() in seen, header
