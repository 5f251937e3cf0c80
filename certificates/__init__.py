"""Certificates for hosts: issued by an ACME authority, renewed in time, kept with sealed keys.

`issuing.Issuing` holds the use cases, `rules` decides what is due, `authority.AcmeAuthority` speaks ACME
[RFC 8555], `ports` names what storage must provide. Nothing here knows what a host is for: whether it may
have a certificate at all is told from outside (`may_issue`).
"""
