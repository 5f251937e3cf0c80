"""Who may send, and as whom: projects, SMTP credentials and routes.

`projects`, `credentials` and `routes` hold the use cases of operators, `directory.AccountDirectory` answers
the relay from memory, `binding`, `lockout` and `rate_limits` are the rules at the door. `ports` names what
storage must provide.
"""
