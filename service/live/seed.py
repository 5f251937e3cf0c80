"""What relay and tracker begin with where they do not wait for the database: a snapshot's, or a parent's."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.directory import AccountDirectory
from accounts.model import Network
from certificates.model import HostRecord
from domains.directory import Directory
from links.blocks import NO_BLOCKS, BlockList
from service.live.account_sections import unpack_accounts
from service.live.app_files import Files, unpack_app_files
from service.live.certificate_sections import unpack_certificates
from service.live.domain_sections import unpack_domains
from service.live.domains import Build
from service.live.link_blocks import unpack_blocks
from service.live.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """`age`: seconds since the database had it so."""

    directory: Directory
    accounts: AccountDirectory
    blocks: BlockList = NO_BLOCKS
    app_files: Files = field(default_factory=dict)
    age: float = 0.0
    certificates: tuple[HostRecord, ...] = ()


def seed_of(snapshot: Snapshot, *, now: int, build: Build, default_networks: Iterable[Network]) -> Seed:
    """Return what the snapshot holds, with what the settings add. `now` in milliseconds.

    Raises SnapshotError.
    """
    projects, credentials, routes = unpack_accounts(snapshot.sections)
    return Seed(
        directory=build(unpack_domains(snapshot.sections)),
        accounts=AccountDirectory.build(projects, credentials, routes, default_networks=default_networks),
        blocks=unpack_blocks(snapshot.sections),
        app_files=unpack_app_files(snapshot.sections),
        age=max(0, now - snapshot.written_at) / 1000,
        certificates=tuple(unpack_certificates(snapshot.sections)),
    )
