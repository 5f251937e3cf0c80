"""What smtp-source cannot do: send a file over TLS, again and again, on ten kept or fresh connections.

python -m benchmarks.tls_client PORT FILE MESSAGES reused|fresh
"""

import asyncio
import ssl
import sys
from pathlib import Path

import uvloop

CONNECTIONS = 10


async def main(port: int, message: bytes, messages: int, *, reused: bool) -> None:
    """Send it `messages` times over all connections. Raises RuntimeError where it is refused."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is the benchmark's own, on this machine
    each = messages // CONNECTIONS
    sessions, batch = (1, each) if reused else (each, 1)
    await asyncio.gather(*(_client(port, message, context, sessions, batch) for _ in range(CONNECTIONS)))


async def _client(port: int, message: bytes, context: ssl.SSLContext, sessions: int, batch: int) -> None:
    transaction = [b"MAIL FROM:<news@shop.example>\r\n", b"RCPT TO:<reader@there.example>\r\n", b"DATA\r\n"]
    transaction.append(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    for _ in range(sessions):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        for said in [b"", b"EHLO client.example\r\n", *transaction * batch, b"QUIT\r\n"]:
            writer.write(said)
            while (reply := await reader.readline())[3:4] == b"-":
                pass
            if reply[:1] not in (b"2", b"3"):
                raise RuntimeError(reply)
        writer.close()


if __name__ == "__main__":
    port, path, messages, how = sys.argv[1:]
    content = Path(path).read_bytes().replace(b"\n", b"\r\n")
    uvloop.run(main(int(port), content, int(messages), reused=how == "reused"))
