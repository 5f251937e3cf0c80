"""Asks a tracking domain over HTTP and HTTPS who answers there, as a reader's browser would.

`probe.Probe` tells this installation from others, `hsts` finds policies that forbid http links; both stand on
`web_client.WebClient`, which trusts neither the addresses nor the servers that a tenant's DNS leads to.
"""
