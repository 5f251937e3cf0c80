"""Asks DNS about tracking domains and sending domains."""
