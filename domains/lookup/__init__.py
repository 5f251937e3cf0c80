"""Asks DNS about tracking domains and sending domains.

`resolver.Resolver` is what others use. It asks the servers that are responsible for a name (`authoritative`,
which finds them by `delegations`), and the recursor where they do not answer (`recursor`). `cname_chain` and
`caa` say what to ask and judge what comes back; both are pure.
"""
