"""The private HTTP port: API, the same in SparkPost's shape, dashboard; on the use cases of the command line.

An optional extra, `waypost[web]`. `server.WebServer` serves what `app.build_web` makes; `ports` names what it
must be given, `refusals` what the use cases' refusals are over HTTP. It holds no rules of its own.
"""
