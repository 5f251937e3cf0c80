"""What can go wrong with an account. Each message is one sentence for the operator that says what to do.

AccountError
├── InvalidName       no short name that can stand in a host name or a header
├── InvalidNetwork    no network, or one that would let everybody in
├── InvalidPassword   too short, too long or easily guessed
├── WrongPassword     not the current one
├── InvalidLimit      a limit below one
├── InvalidDays       no number of days to keep something
├── NameTaken         the name exists already
├── NetworkTaken      the network belongs to another project
├── NotFound          no such project, credential, route, key or person
├── NotRemovable      something still uses it, or it is the project `default`
└── StoreUnavailable  the database cannot be reached
"""


class AccountError(Exception):
    """A use case refused; nothing was changed."""


class InvalidName(AccountError):
    """The text is no name that can be used here."""


class InvalidNetwork(AccountError):
    """The text is no network that can be listed."""


class InvalidPassword(AccountError):
    """The text is no password that is taken. The message never holds it."""


class WrongPassword(AccountError):
    """The text is not the current password."""


class InvalidLimit(AccountError):
    """The number is no limit."""


class InvalidDays(AccountError):
    """The number is none of days that something can be kept."""


class NameTaken(AccountError):
    """The name exists already."""


class NetworkTaken(AccountError):
    """Another project lists exactly this network."""


class NotFound(AccountError):
    """No project, credential, route, key or person has that name."""


class NotRemovable(AccountError):
    """Something still uses it."""


class StoreUnavailable(AccountError):
    """The database cannot be reached."""
