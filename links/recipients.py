"""What a token says of the person whose copy it stands in."""

from enum import StrEnum


class RecipientTracking(StrEnum):
    """Whether clicks and opens are a person's, from least to most. docs/privacy.md says what each leaves."""

    NONE = "none"  # the token names nobody, and no address is written down
    ANONYMOUS = "anonymous"  # a random reference, whose meaning is deleted while the events stay
    IDENTIFIED = "identified"  # a random reference, whose meaning is kept as long as the events
