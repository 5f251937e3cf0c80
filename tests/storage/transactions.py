"""The smallest transactions there are."""

from sqlalchemy import Engine, text

from storage.engine import transaction


class Away(Exception):
    """What the port under test raises."""


def write(engine: Engine, number: int) -> None:
    """Add a row."""
    with transaction(engine, writes=True, raising=Away) as connection:
        connection.execute(
            text("INSERT INTO versions (name, number) VALUES (:name, :number)"),
            {"name": f"test {number}", "number": number},
        )


def read(engine: Engine) -> list[int]:
    """Return the rows that were added."""
    with transaction(engine, writes=False, raising=Away) as connection:
        return list(connection.execute(text("SELECT number FROM versions ORDER BY number")).scalars())
