"""Webhooks: what happened, told to an operator's or tenant's own server over HTTP.

What a webhook wants is noted in the outbox by the transaction that stores it (`storage.webhook_outbox`).
`delivering` makes batches of that and sends them until they are taken or a day has passed; `signing`,
`back_off`, `body` and `endpoint` are pure; `use_cases` is what operators do. docs/webhooks.md is the contract
with receivers.
"""
