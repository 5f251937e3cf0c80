"""Times in requests, as RFC 3339 has them."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator, Field

_DATE: Final = re.compile(r"\d{4}-")


def _no_number(value: Any) -> Any:
    """Refuse what else would be taken for seconds since 1970; milliseconds would be another age."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("write a time with its zone, as 2026-11-21T18:30:00Z")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_no_number)]
