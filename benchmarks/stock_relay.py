"""What one would write in an hour: aiosmtpd in, aiosmtplib out, nothing rewritten. To compare with.

    python -m benchmarks.stock_relay PORT UPSTREAM_PORT

It keeps one upstream connection for each client's, which is more than most would do.
"""

import asyncio
import sys

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session


class Relaying:
    """Passes each message on while its client waits for the answer."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        upstream = getattr(session, "upstream", None)
        if upstream is None:
            upstream = session.upstream = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._upstream_port)
            await upstream.connect()
        assert isinstance(envelope.content, bytes)
        try:
            _, reply = await upstream.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        except aiosmtplib.SMTPResponseException as error:
            return f"{error.code} {error.message}"
        return f"250 {reply}"


class ClosingSmtp(SMTP):
    """Closes the upstream connection with the client's."""

    def connection_lost(self, error: Exception | None) -> None:
        upstream = getattr(self.session, "upstream", None)
        if upstream is not None:
            upstream.close()
        super().connection_lost(error)


async def main(port: int, upstream_port: int) -> None:
    handler = Relaying(upstream_port)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ClosingSmtp(handler, loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
