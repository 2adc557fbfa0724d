"""aiohttp: `send_str` to each connection in turn."""

import asyncio

from aiohttp import web

connections: set[web.WebSocketResponse] = set()


async def chat(request: web.Request) -> web.WebSocketResponse:
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    connections.add(connection)
    try:
        async for message in connection:
            for other in list(connections):
                await other.send_str(message.data)
    finally:
        connections.discard(connection)
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
