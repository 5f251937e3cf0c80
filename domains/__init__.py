"""Tracking domains and sending domains: what they are, when they may be used, and which a message gets.

`tracking_domains` and `sending_domains` hold the use cases of operators, `directory.Directory` answers the
relay from memory, `rules` decides about states, `lookup` asks DNS. `ports` names what storage
must provide.
"""
