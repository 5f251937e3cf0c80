"""An order in a process of its own, to be killed: DATABASE DIRECTORY TRUST_ROOT HOST."""

import sys

from tests.certificates.installation import real_installation

if __name__ == "__main__":
    database, directory, trust_root, host = sys.argv[1:]
    real_installation(database, directory, trust_root).issue(host)
