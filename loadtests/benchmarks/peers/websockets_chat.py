"""websockets: its own `broadcast`."""

import asyncio
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

connections: set[ServerConnection] = set()


async def chat(connection: ServerConnection) -> None:
    connections.add(connection)
    try:
        with suppress(ConnectionClosed):
            async for message in connection:
                broadcast(connections, message)
    finally:
        connections.discard(connection)


async def main() -> None:
    async with serve(chat, "127.0.0.1", 0, compression=None, backlog=4096) as server:
        print(f":{next(iter(server.sockets)).getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
