"""What can go wrong with a domain. Each message is one sentence for the operator that says what to do.

DomainError
├── InvalidName       no host name, a root domain, our own target …
├── InvalidShare      a share that is no per cent
├── NameTaken         the name exists already
├── UnknownDomain     no such domain, or it was removed
├── StillLinked       a tracking domain that sending domains use
├── NotVerified       a tracking domain that must be verified first
├── ProofNeeded       the name is known from another project; a TXT record must prove it (`domains.claims`)
├── ChangedMeanwhile  the domain is no longer as it was when it was judged
├── NoTarget          no CNAME target is configured
├── InvalidBlock      nothing that links could be blocked by
├── NotBlocked        a block that is not there
├── InvalidAppFile    a file that no phone would take
└── StoreUnavailable  the database cannot be reached
"""


class DomainError(Exception):
    """A use case refused; nothing was changed."""


class InvalidName(DomainError):
    """The text is no name that can be used here."""


class InvalidShare(DomainError):
    """The number is no share in per cent."""


class NameTaken(DomainError):
    """The name exists already."""


class UnknownDomain(DomainError):
    """No domain has that name, or it was removed."""


class StillLinked(DomainError):
    """Sending domains still use the tracking domain."""


class NotVerified(DomainError):
    """The tracking domain must be verified first."""


class ChangedMeanwhile(DomainError):
    """The domain is no longer what the change was made for."""


class NoTarget(DomainError):
    """No CNAME target is configured, so no tracking domain can be set up."""


class InvalidBlock(DomainError):
    """Links cannot be blocked by this."""


class NotBlocked(DomainError):
    """It is not blocked."""


class InvalidAppFile(DomainError):
    """Phones would not take this file."""


class StoreUnavailable(DomainError):
    """The database cannot be reached."""
