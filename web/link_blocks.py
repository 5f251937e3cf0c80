"""How a link block is named: a project by its name, which blocks keep by its number."""

from links.blocks import BlockKind
from web.ports import UseCases


def kept_value(use: UseCases, kind: BlockKind, value: str) -> str:
    """Return what the use cases are given. Raises `NotFound`."""
    return str(use.projects().find(value).id) if kind is BlockKind.PROJECT else value
