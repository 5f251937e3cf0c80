"""The public HTTP endpoint: answers clicks and opens on the tracking domains, and hands each on as a `Hit`.

Nothing here needs a database: the token says where to redirect, the key is in memory, and what happens is
written down before it is answered.
"""

from tracker.app import TrackerApp
from tracker.operator_page import OperatorPage
from tracker.server import TrackerServer

__all__ = ["OperatorPage", "TrackerApp", "TrackerServer"]
