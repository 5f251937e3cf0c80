"""SMTP in, rewrite, SMTP out: an inline transaction proxy.

While a client speaks, its transaction is mirrored on the upstream, so that every answer is the upstream's
own: `session` speaks with the client, `transaction` mirrors, `delivery` is the step after the final dot,
`plan` decides whether and where a message is tracked, `control` reads what it asks for itself, `pipeline`
does it, `upstream` speaks with the next server. `server.Relay` is the whole.
"""
