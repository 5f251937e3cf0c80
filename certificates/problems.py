"""Why no certificate was issued, in plain words. Types are the last part of ACME's [RFC 8555 section 6.7]."""

from typing import Final

OURS: Final = {
    "unreachable": "The certificate authority cannot be reached; this machine must be able to open HTTPS "
    "connections to it, through the firewall too.",
    "untrusted": "The certificate authority's own certificate is not trusted; where it is a private one, "
    "tls.trust_root must name its root.",
    "timeout": "The certificate authority did not finish in time; it is tried again by itself.",
    "unexpected": "The certificate authority sent an answer that cannot be understood; tls.directory must "
    "name an ACME directory.",
    "noChallenge": "The certificate authority offers no HTTP challenge for this host, the only one used "
    "here.",
    "internal": "Waypost itself failed; the log has the details.",
}
"""Types of our own, for what the authority did not say itself, and what they mean."""

_THEIRS: Final = {
    "accountDoesNotExist": "The certificate authority does not know our account any more; a new one is "
    "registered by itself.",
    "agreementRequired": "The certificate authority wants its terms agreed to; read them, and set "
    "tls.terms_agreed.",
    "badCSR": "The certificate authority refused the request for this host name.",
    "badNonce": "The certificate authority refused one request after another as repeated; it is tried "
    "again by itself.",
    "caa": "A CAA record of the domain, or of a domain above it, forbids this certificate authority; its "
    "owner must add one that names it.",
    "connection": "The certificate authority could not connect to port 80 of the host; the tracker's port "
    "80 must be open to the whole internet, over IPv6 too where the host has an AAAA record.",
    "dns": "The certificate authority could not look up the host; its DNS record is missing, too new, or its "
    "nameservers fail.",
    "dnssec": "The domain's DNSSEC signatures are not valid; whoever runs its DNS must mend them.",
    "externalAccountRequired": "The certificate authority wants an account made with it beforehand, which "
    "is not possible here; choose another.",
    "incorrectResponse": "The host answered the challenge wrongly: its DNS leads elsewhere, or something "
    "in front of the tracker answers itself.",
    "invalidContact": "The certificate authority does not accept the address in tls.contact.",
    "malformed": "The certificate authority could not read our request.",
    "rateLimited": "The certificate authority has had too many requests; the next one is made when it "
    "allows it.",
    "rejectedIdentifier": "The certificate authority issues no certificates for this host name.",
    "serverInternal": "The certificate authority has trouble of its own; it is tried again by itself.",
    "tls": "The certificate authority was sent on to HTTPS while it checked the host, and the handshake "
    "failed.",
    "unauthorized": "The host answered the challenge wrongly: its DNS leads elsewhere, or something in "
    "front of the tracker answers or redirects /.well-known/acme-challenge/.",
    "unsupportedContact": "The certificate authority does not accept the address in tls.contact.",
    "userActionRequired": "The certificate authority has new terms that must be agreed to; read them, and "
    "set tls.terms_agreed.",
}

_AUTHORITY: Final = frozenset(
    {"badNonce", "serverInternal", "timeout", "unexpected", "unreachable", "untrusted"}
)


def in_plain_words(type: str) -> str:
    """Return a sentence or two on what the problem means and who can mend it."""
    known = OURS.get(type) or _THEIRS.get(type)
    return known or f"The certificate authority refused with the error {type}."


def of_the_authority(type: str) -> bool:
    """Tell whether the problem lies with the authority or the way to it: then every host has it."""
    return type in _AUTHORITY
