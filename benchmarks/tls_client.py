"""What smtp-source cannot do: send a file over TLS, again and again, on ten kept or fresh connections.

python -m benchmarks.tls_client PORT FILE MESSAGES reused|fresh [AUTH-PLAIN-RESPONSE]
"""

import asyncio
import ssl
import sys
from pathlib import Path

import uvloop

CONNECTIONS = 10


async def main(port: int, message: bytes, messages: int, *, reused: bool, login: str) -> None:
    """Send it `messages` times over all connections. Raises RuntimeError where it is refused."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is the benchmark's own, on this machine
    each = messages // CONNECTIONS
    sessions, batch = (1, each) if reused else (each, 1)
    greeting = [b"", b"EHLO client.example\r\n", *([f"AUTH PLAIN {login}\r\n".encode()] if login else [])]
    said = [*greeting, *_transaction(message) * batch, b"QUIT\r\n"]
    await asyncio.gather(*(_client(port, said, context, sessions) for _ in range(CONNECTIONS)))


def _transaction(message: bytes) -> list[bytes]:
    transaction = [b"MAIL FROM:<news@shop.example>\r\n", b"RCPT TO:<reader@there.example>\r\n", b"DATA\r\n"]
    return [*transaction, message.replace(b"\r\n.", b"\r\n..") + b".\r\n"]


async def _client(port: int, lines: list[bytes], context: ssl.SSLContext, sessions: int) -> None:
    for _ in range(sessions):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        for said in lines:
            writer.write(said)
            while (reply := await reader.readline())[3:4] == b"-":
                pass
            if reply[:1] not in (b"2", b"3"):
                raise RuntimeError(reply)
        writer.close()


if __name__ == "__main__":
    port, path, messages, how, *login = sys.argv[1:]
    content = Path(path).read_bytes().replace(b"\n", b"\r\n")
    uvloop.run(main(int(port), content, int(messages), reused=how == "reused", login="".join(login)))
