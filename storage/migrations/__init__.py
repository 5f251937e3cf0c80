"""Alembic's migrations: env.py runs them on the connection of `storage.migrate`, versions/ holds them.

A migration names plain column types and never imports a table of `storage`: it must do the same for ever,
while the tables change. tests/storage/test_migrate.py proves that all together give the tables of today.
"""
