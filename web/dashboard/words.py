"""Reasons in a few plain words. docs/reasons.md, docs/events.md and docs/monitoring.md say more of each."""

from collections.abc import Mapping
from typing import Final

HITS: Final[Mapping[str, str]] = {
    "head": "only asked where it leads",
    "prefetch": "fetched ahead of the reader",
    "apple-privacy": "Apple's Mail Privacy Protection, which fetches all images",
    "gmail-prefetch": "Gmail, before its user looked",
    "scanner": "a security product",
    "preview": "a program that draws previews of links",
    "crawler": "a search engine, an archive or a monitor",
    "program": "a library or a command-line tool",
    "instant-click": "within 2 seconds of sending",
    "link-burst": "many links of the message within seconds",
    "every-link": "all links of the message within seconds",
    "no-agent": "a program that does not name itself",
    "fast-click": "within 10 seconds of sending",
    "fast-open": "within 3 seconds of sending",
    "many-recipients": "links of many recipients from one address within seconds",
    "google-proxy": "a person, by way of Gmail's image proxy",
    "yahoo-proxy": "a person, by way of Yahoo's image proxy",
}

LEFT_ALONE: Final[Mapping[str, str]] = {
    "policy-off": "neither clicks nor opens are to be tracked",
    "message-too-large": "the message is too large",
    "malformed-header": "its header is not in order",
    "nothing-to-rewrite": "none of its parts can be rewritten",
    "dkim-signed": "it has a DKIM signature, which a change would break",
    "arc-sealed": "it has an ARC seal, which a change would break",
    "internal-error": "a fault of Waypost's own; the log has it",
    "other-type": "neither HTML nor plain text",
    "text-off": "links in plain text are not to be tracked",
    "signed": "signed with S/MIME or PGP",
    "encrypted": "encrypted",
    "inline-pgp": "holds a PGP message",
    "delivery-report": "a bounce or a receipt",
    "nested-message": "a message inside the message",
    "calendar": "an invitation",
    "amp": "AMP for e-mail",
    "attached": "an attachment",
    "named": "has a file name",
    "related-resource": "belongs to another part",
    "duplicate-header": "a field says twice how to read it",
    "contradictory-header": "a field contradicts itself",
    "content-md5": "has a checksum over its content",
    "unknown-encoding": "in an unknown encoding",
    "encoded-multipart": "a multipart that claims to be encoded",
    "malformed-encoding": "its encoding is damaged",
    "unsupported-charset": "in a character set that is not supported",
    "no-boundary": "a multipart without its boundary",
    "too-deep": "nested too deep",
    "too-many-parts": "too many parts",
    "part-too-large": "too large a part",
    "engines-disagree": "two HTML parsers find different links in it",
    "too-complex": "too complex HTML",
    "unclear-escapes": "its escape sequences do not add up",
    "clicks-off": "clicks are not to be tracked",
    "not-absolute": "no absolute URL",
    "not-http": "no web address",
    "placeholder": "a placeholder that something else fills in",
    "unusual-address": "programs read this address differently",
    "undecodable": "not readable in its character set",
    "non-ascii-query": "its query is not ASCII",
    "already-tracked": "tracked already",
    "list-unsubscribe": "the address for unsubscribing",
    "excluded-host": "the project leaves this host out",
    "destination-not-allowed": "the project tracks listed hosts only",
    "opted-out": "the sender opted it out",
    "visible-url": "its text is another address; mail programs would warn",
    "url-too-long": "the tracked address would be too long",
    "too-many-links": "too many links in the message",
    "line-too-long": "the line would be too long",
    "unclear-comment": "in a comment that parsers read differently",
    "unclear-end": "it is not certain where it ends",
    "opens-off": "opens are not to be tracked",
    "no-html-part": "no HTML part that may be changed",
    "pixel-present": "has a pixel already",
    "no-place": "no place for an image",
}

UNTRACKED: Final[Mapping[str, str]] = {
    "switched-off": "all tracking was switched off",
    "off": "tracking is off for its sender",
    "null-sender": "it has no sender",
    "automatic-reply": "an automatic reply",
    "unknown-sender": "its sender is no sending domain of the project",
    "no-tracking-domain": "no tracking domain was ready",
    "decided-before": "another Waypost had decided already",
    "outside-share": "outside the share that is tracked",
    "too-large-for-upstream": "rewritten it would be too large for the upstream",
    "fault": "a fault of Waypost's own; the log has it",
}

_WORDS: Final = {**HITS, **LEFT_ALONE, **UNTRACKED}


def in_words(reason: object) -> str:
    """Return them; of a reason that is none of these, such as of a newer Waypost, the reason itself."""
    return _WORDS.get(str(reason), str(reason))
