"""The DNS look-ups that the settings describe."""

import time

from domains.addresses import is_public
from domains.lookup.authoritative import Authorities
from domains.lookup.delegations import Delegations
from domains.lookup.recursor import Recursor
from domains.lookup.resolver import Resolver
from service.settings import Settings

# Of the patience for one look-up, what one server may use up for a question.
AUTHORITY_SHARE = 1 / 8
RECURSOR_SHARE = 1 / 4  # a recursor asks others itself


def resolver(settings: Settings) -> Resolver:
    """Return the resolver to share: it remembers delegations and silent servers for some seconds."""
    section = settings.domains
    recursor = Recursor(
        section.nameservers, section.nameserver_port, timeout=section.dns_seconds * RECURSOR_SHARE
    )
    if section.nameservers:
        return Resolver(recursor, lifetime=section.dns_seconds)
    delegations = Delegations(
        recursor,
        may_ask=(lambda _: True) if section.allow_private_addresses else is_public,
        monotonic=time.monotonic,
    )
    authorities = Authorities(delegations, timeout=section.dns_seconds * AUTHORITY_SHARE)
    return Resolver(recursor, authorities, lifetime=section.dns_seconds)
