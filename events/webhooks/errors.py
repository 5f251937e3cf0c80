"""What can go wrong with a webhook. Each message is one sentence for the operator that says what to do.

WebhookError
├── InvalidEndpoint   a URL that events are not sent to
├── UnknownWebhook    the project has no such webhook, or the webhook no such delivery
├── SecretUnreadable  it was sealed with a key that is gone
└── StoreUnavailable  the database cannot be reached
"""


class WebhookError(Exception):
    """A use case refused; nothing was changed."""


class InvalidEndpoint(WebhookError):
    """The text is no URL that events are sent to."""


class UnknownWebhook(WebhookError):
    """No webhook, or no delivery, has that id."""


class SecretUnreadable(WebhookError):
    """The key that sealed the secret is gone."""


class StoreUnavailable(WebhookError):
    """The database cannot be reached."""
