"""An SMTP server that takes everything, counts it by number, and is quick with large messages."""

import asyncio
import re
import threading
from collections import Counter
from typing import Self

_NUMBER = re.compile(rb"^X-Number: (\d+)\r$", re.MULTILINE)
_PATIENCE = 60.0


class CountingSink:
    """`taken` counts the messages that were answered with 250, by their `X-Number` field.

    Runs in a loop and thread of its own, from `with` to its end.
    """

    def __init__(self) -> None:
        self.taken: Counter[int] = Counter()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(_PATIENCE)
        return self

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 sink.test ESMTP\r\n")
            while verb := (await reader.readline())[:4].upper():
                if verb == b"DATA":
                    writer.write(b"354 go ahead\r\n")
                    self._take(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(_REPLIES.get(verb, b"250 ok\r\n"))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _take(self, message: bytes) -> None:
        found = _NUMBER.search(message, 0, 10_000)
        assert found is not None
        self.taken[int(found[1])] += 1


_REPLIES = {
    b"EHLO": b"250-sink.test\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250 SIZE 0\r\n",
    b"QUIT": b"221 bye\r\n",
}
