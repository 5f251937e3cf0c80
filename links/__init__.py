"""The tracked URL: what the relay makes, the tracker opens. Pure; time and randomness are passed in.

A tracked URL carries a sealed token that holds all an answer needs, so a click asks nobody anything.
`docs/tokens.md` has the format and what it protects against.
"""

from links.blocks import Block, BlockKind, BlockList
from links.errors import InvalidToken, KeyRingError, UnsafeUrl, UrlTooLong
from links.key_file import dump_key_ring, parse_key_ring
from links.key_ring import Key, KeyRing
from links.message_links import MessageLinks
from links.probe_proof import holds_proof, parse_probe_path, probe_path, prove
from links.tokens import ClickToken, Kind, OpenToken, open_token, seal
from links.tracked_urls import click_url, is_tracked, open_url, parse_path

__all__ = [
    "Block",
    "BlockKind",
    "BlockList",
    "ClickToken",
    "InvalidToken",
    "Key",
    "KeyRing",
    "KeyRingError",
    "Kind",
    "MessageLinks",
    "OpenToken",
    "UnsafeUrl",
    "UrlTooLong",
    "click_url",
    "dump_key_ring",
    "holds_proof",
    "is_tracked",
    "open_token",
    "open_url",
    "parse_key_ring",
    "parse_path",
    "parse_probe_path",
    "probe_path",
    "prove",
    "seal",
]
