"""What all bodies of requests have in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Fields that are not known are ignored, as SparkPost says of its own; texts are no numbers."""

    model_config = ConfigDict(extra="ignore", strict=True)
