"""What all bodies of requests have in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Fields that are not known are refused, and so are numbers as texts."""

    model_config = ConfigDict(extra="forbid", strict=True)
