"""The plain way on Tornado: `write_message` to each connection in turn."""

import asyncio

import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket

connections: set["Chat"] = set()


class Chat(tornado.websocket.WebSocketHandler):
    def open(self) -> None:
        connections.add(self)

    def on_message(self, message: str | bytes) -> None:
        for connection in connections:
            connection.write_message(message)

    def on_close(self) -> None:
        connections.discard(self)


async def main() -> None:
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1", backlog=4096)
    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/chat", Chat)]))
    server.add_sockets(sockets)
    print(f":{sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
