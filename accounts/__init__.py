"""Who may send, and as whom: projects, SMTP credentials and routes; who may change what: API keys.

`projects`, `credentials`, `routes` and `api_keys` hold the use cases of operators,
`directory.AccountDirectory` answers the relay from memory, `binding`, `lockout` and `rate_limits` are the
rules at the door, `audit` is what is kept of changes. `ports` names what storage must provide.
"""
