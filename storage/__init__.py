"""The database: tables, migrations, and the stores that implement the ports of the layer below.

`engine` opens it and runs transactions, with `sqlite` and `postgresql` for what differs between the two;
`migrate` creates it and brings it up to date; `domain_store`, `event_store`, `account_store`,
`certificate_store` and `acme_store` are the adapters. SQLAlchemy Core, synchronous.
"""

import logging

# Alembic tells of its plugins at INFO while it is imported, and of each step later: nothing for a mail log.
logging.getLogger("alembic").setLevel(logging.WARNING)
