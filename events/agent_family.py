"""What program a User-Agent belongs to: `Chrome`, `Apple Mail`, `Other`."""

from ua_parser import parse_user_agent


def family(user_agent: str) -> str:
    """Return the family, by the table of ua-parser, which remembers the agents it was asked for.

    Its first answer takes a third of a second, to read the table; a new agent a millisecond.
    """
    found = parse_user_agent(user_agent)
    return "Other" if found is None else found.family
