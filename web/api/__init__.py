"""The management API: JSON in and out, refusals as problems [RFC 9457]."""

from typing import Final

PREFIX: Final = "/api/v1"
