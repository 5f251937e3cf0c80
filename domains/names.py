"""Names of hosts: what is accepted, how it is stored, and where a registrable domain begins.

Stored form: IDNA 2008 with the mapping of UTS 46, as A-labels, lower case, no trailing dot [RFC 5890, 5891].

The public suffix list has two sections. Where two owners must not be mixed (`registrable`,
`parents_within_registrable`) the private section counts too: `a.github.io` and `b.github.io` are strangers.
A root domain is refused by the ICANN section alone: the owner of a private suffix such as `myshopify.com` may
well track on `track.myshopify.com`.
"""

from functools import cache, lru_cache
from ipaddress import ip_address

import idna
from publicsuffixlist import PublicSuffixList

from domains.errors import InvalidName

MAX_LABEL = 63  # octets, RFC 1035 section 2.3.4
MAX_NAME = 253  # characters of the text form without its last dot; 255 octets on the wire

# In this order: a URL or an address holds several of these characters, and the first one names the mistake.
_MISTAKES = (
    ("://", "is a URL; leave out the scheme"),
    ("@", "is an email address; give only what stands after the @"),
    ("/", "has a path; give the name alone"),
    ("?", "has a query; give the name alone"),
    ("#", "has a fragment; give the name alone"),
    (":", "has a port; give the name alone"),
    ("*", "is a wildcard; add each name by itself"),
    ("_", "has an underscore, which host names cannot have; choose another name"),
)


def host_name(text: str) -> str:
    """Return the stored form of a host name as a person typed it.

    Raises `InvalidName`, whose sentence names the mistake.
    """
    mapped = _mapped(text)
    _refuse_mistakes(text, mapped)
    labels = mapped.removesuffix(".").split(".")
    if "" in labels:
        raise _invalid(text, "has an empty part between its dots; take out the extra dot")
    if len(labels) == 1:
        raise _invalid(text, "has no dot; give the full name, such as track.example.com")
    name = ".".join(_a_label(text, label) for label in labels)
    if len(name) > MAX_NAME:
        raise _invalid(
            text, f"has {len(name)} characters, but a name can have {MAX_NAME}; choose a shorter one"
        )
    return name


def tracking_domain_name(text: str) -> str:
    """Return the stored form of a name that can hold a CNAME: a subdomain, no root domain [RFC 1034 3.6.2].

    Raises `InvalidName`.
    """
    name = host_name(text)
    root = _icann_suffixes().privatesuffix(name)
    if root is None:
        raise _invalid(
            text, "is a public suffix under which others register; use a subdomain of your own domain"
        )
    if name == root:
        shown = display(name)
        raise InvalidName(
            f"{shown} is a root domain, which cannot hold a CNAME; use a subdomain such as track.{shown}"
        )
    return name


def display(name: str) -> str:
    """Return a stored name as a person reads it: A-labels as Unicode where they are valid."""
    if "xn--" not in name:
        return name  # what decoding would return, for half of what a page of domains costs
    try:
        return idna.decode(name, display=True)
    except idna.IDNAError:
        return name


def normalised(host: str) -> str:
    """Return the spelling under which a host from outside is looked up; never raises.

    What is no name comes back in lower case, and matches nothing.
    """
    lowered = host.lower().removesuffix(".")
    if lowered.isascii():
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode("ascii").removesuffix(".")
    except idna.IDNAError:
        return lowered


def registrable(host: str) -> str:
    """Return the registrable domain of a host; "" for a public suffix, an IP address or what is no name."""
    name = normalised(host)
    return _registrable(name) if len(name) <= MAX_NAME else ""


def parents_within_registrable(host: str) -> tuple[str, ...]:
    """Return the parent domains of a host, nearest first, down to its registrable domain and no further."""
    name, site = normalised(host), registrable(host)
    parents = []
    while site and name != site:
        name = name.partition(".")[2]
        parents.append(name)
    return tuple(parents)


@lru_cache(maxsize=16_384)  # the hosts come from mail: bounded in number here, in length by the caller
def _registrable(name: str) -> str:
    return "" if _is_address(name) else _all_suffixes().privatesuffix(name) or ""


def _mapped(text: str) -> str:
    """Map as UTS 46 does, before any check: a full-width slash or dot counts as what it becomes."""
    try:
        return idna.uts46_remap(text, std3_rules=False)
    except idna.InvalidCodepoint as error:
        raise _invalid(text, "has a character that domain names cannot have") from error
    except idna.IDNAError as error:
        raise _invalid(text, f"is too long; a name can have {MAX_NAME} characters") from error


def _refuse_mistakes(text: str, mapped: str) -> None:
    if not mapped:
        raise InvalidName("the name is empty; give a domain name such as track.example.com")
    if any(character.isspace() for character in mapped):
        raise _invalid(text, "has white space; give one name without spaces")
    if _is_address(mapped):
        raise _invalid(text, "is an IP address; give a domain name")
    for sign, mistake in _MISTAKES:
        if sign in mapped:
            raise _invalid(text, mistake)


def _is_address(name: str) -> bool:
    """Tell whether this is an address; as in the URL standard, a last label of digits makes it one: 127.1."""
    bare = name.removesuffix(".")
    if bare.rpartition(".")[2].isdecimal():
        return True
    try:
        ip_address(bare.strip("[]"))
    except ValueError:
        return False
    return True


def _a_label(text: str, label: str) -> str:
    if label.startswith("-") or label.endswith("-"):
        raise _invalid(text, "has a part that begins or ends with a hyphen; take the hyphen out")
    if label[2:4] == "--" and not label.startswith("xn--"):
        raise _invalid(
            text, "has hyphens in third and fourth place, which are reserved [RFC 5890]; change that part"
        )
    if label.isascii() and len(label) > MAX_LABEL:
        raise _too_long(text)
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        if error.code in ("label_too_long", "input_too_long"):
            raise _too_long(text) from error
        raise _invalid(text, "has a character that domain names cannot have [IDNA 2008]") from error


def _too_long(text: str) -> InvalidName:
    return _invalid(
        text, f"has a part of more than {MAX_LABEL} characters between its dots; choose a shorter one"
    )


def _invalid(text: str, mistake: str) -> InvalidName:
    """Quote with `repr`: what a terminal would act on is shown as an escape."""
    quoted = repr(text if len(text) <= MAX_NAME else f"{text[:40]}…")
    return InvalidName(f"{quoted} {mistake}")


@cache
def _all_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _icann_suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
