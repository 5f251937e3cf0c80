"""The private HTTP port: API and dashboard, on the use cases that the command line has too.

An optional extra, `waypost[web]`. `server.WebServer` serves what `app.build_web` makes; `ports` names what it
must be given, `refusals` what the use cases' refusals are over HTTP. It holds no rules of its own.
"""
