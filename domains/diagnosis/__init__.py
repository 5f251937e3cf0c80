"""Says in plain words what a check saw, what should be there, and what to do. Pure.

`docs/domains-troubleshooting.md` has every sentence; a test keeps it so.
"""

from domains.diagnosis.explanation import Diagnosis, diagnose, explain, in_full, traps_of

__all__ = ["Diagnosis", "diagnose", "explain", "in_full", "traps_of"]
