"""uvicorn with the library websockets: ASGI's `websocket.send` to each connection in turn."""

import asyncio
import socket
from typing import Any

import uvicorn

senders: set[Any] = set()


async def chat(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        return
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    senders.add(send)
    try:
        while (event := await receive())["type"] == "websocket.receive":
            for other in list(senders):
                await other({"type": "websocket.send", "text": event["text"]})
    finally:
        senders.discard(send)


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f":{listening.getsockname()[1]}/", flush=True)
    options: dict[str, Any] = {"ws": "websockets", "ws_per_message_deflate": False}
    config = uvicorn.Config(chat, loop="asyncio", lifespan="off", log_level="critical", **options)
    await uvicorn.Server(config).serve(sockets=[listening])


asyncio.run(main())
