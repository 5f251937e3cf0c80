"""Webhooks: put together from the settings, sent by a process of their own, and the HTTP that they go by."""
