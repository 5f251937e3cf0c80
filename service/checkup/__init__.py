"""`waypost check`: looks at everything an installation leans on, and says how to mend each finding.

A module for each subject: a function of the settings and the time in milliseconds that yields findings.
"""

from service.checkup.everything import check_all
from service.checkup.finding import Finding, Level

__all__ = ["Finding", "Level", "check_all"]
