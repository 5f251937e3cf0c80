"""A `domains.blocking.BlockStore` in memory, for tests of everything above the store."""

from domains.errors import StoreUnavailable
from links import Block, BlockKind


class MemoryStore:
    """Set `available` to False to lose the database."""

    def __init__(self) -> None:
        self.available = True
        self._version = 0
        self._blocks: dict[tuple[BlockKind, str], Block] = {}

    def version(self) -> int:
        self._reach()
        return self._version

    def blocks(self) -> list[Block]:
        self._reach()
        return list(self._blocks.values())

    def add(self, block: Block) -> Block:
        self._reach()
        self._version += 1
        return self._blocks.setdefault((block.kind, block.value), block)

    def remove(self, kind: BlockKind, value: str) -> bool:
        self._reach()
        self._version += 1
        return self._blocks.pop((kind, value), None) is not None

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database is away.")
