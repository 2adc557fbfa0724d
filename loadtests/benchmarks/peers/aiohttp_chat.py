"""aiohttp: `send_str` to each connection of a room in turn."""

import asyncio
from collections import defaultdict

from aiohttp import web

rooms: defaultdict[str, set[web.WebSocketResponse]] = defaultdict(set)


async def chat(request: web.Request) -> web.WebSocketResponse:
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    room = rooms[request.query.get("room", "")]
    room.add(connection)
    try:
        async for message in connection:
            for other in list(room):
                await other.send_str(message.data)
    finally:
        room.discard(connection)
    return connection


async def main() -> None:
    app = web.Application()
    app.router.add_get("/chat", chat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(f":{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
