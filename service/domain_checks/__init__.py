"""Checks of tracking domains: put together from the settings, by schedule, and many at a time by hand."""
