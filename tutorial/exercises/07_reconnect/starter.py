"""Come back after a cut, and go on where you were.

Over HTTP, a cut costs one request, and a client that asks again has lost nothing. A WebSocket is
one connection: when it is gone, nobody opens it again for you, and you never receive the messages
that were posted in the meantime.

Finish `listen`, so that it shows each message of the room once, whatever happens to the connection:

1. **resume**: each batch brings a `cursor`. Connect again with the last one, `url?cursor=…`.
   Without a cursor (the first time) the server begins with the newest messages;
2. **back off**: before the attempt after n failures in a row, pause for `random.random() * min(30,
   0.5 * 2**n)` seconds; the cut itself is no failure, so n begins at 0. The random factor
   is important: when a server goes away, all its clients notice it in the same instant;
3. a connection that was refused is a failure like any other, and a batch that came is a success.
   A connection that opens is none yet: the server may hang up before it sends a batch.

A batch is JSON: `{"cursor": "…", "messages": [{"id": 17, "text": "hi", …}, …]}`. As it stands,
`listen` connects again at once and asks for what comes from now on. Try it, with `python -m
tutorial` running:

    python .learner/07_reconnect.py ws://127.0.0.1:8888/rooms/lobby/websocket
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from tornado.websocket import websocket_connect


async def listen(url: str, show: Callable[[dict[str, Any]], None]) -> None:
    """Show each message of the room, for ever."""
    while True:
        socket = await websocket_connect(f"{url}?cursor=now")
        while frame := await socket.read_message():
            for message in json.loads(frame)["messages"]:
                show(message)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], print))
