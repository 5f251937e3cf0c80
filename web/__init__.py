"""The private HTTP port: the management API, on the use cases that the command line has too.

An optional extra, `waypost[web]`. `server.WebServer` serves what `api.app.build_api` makes; `ports` names
what it must be given. It holds no rules of its own.
"""
