"""The plain way to poll on Tornado: /poll holds a future a request, /empty answers at once, as many bytes as we do."""

import asyncio
import json

import tornado.httpserver
import tornado.netutil
import tornado.web

EMPTY = b'{"type": "batch", "room": "bench", "cursor": "9e6edcc6:0", "gap": false, "more": false, "messages": []}'
log: list[str] = []
waiters: set["asyncio.Future[None]"] = set()


class Poll(tornado.web.RequestHandler):
    held: "asyncio.Future[None] | None" = None

    async def get(self) -> None:
        after = int(self.get_argument("cursor"))
        if after >= len(log):
            self.held = asyncio.get_running_loop().create_future()
            waiters.add(self.held)
            try:
                async with asyncio.timeout(25):
                    await self.held
            except TimeoutError:
                pass
            finally:
                waiters.discard(self.held)
        self.write({"messages": log[after:], "cursor": len(log)})

    def on_connection_close(self) -> None:
        if self.held:
            self.held.cancel()


class Empty(tornado.web.RequestHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(EMPTY)


class Post(tornado.web.RequestHandler):
    def post(self) -> None:
        log.append(json.loads(self.request.body)["text"])
        for held in list(waiters):
            if not held.done():
                held.set_result(None)
        self.write({"cursor": len(log)})


async def main() -> None:
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1", backlog=4096)
    routes: list[tuple[str, type[tornado.web.RequestHandler]]] = [
        ("/poll", Poll),
        ("/empty", Empty),
        ("/messages", Post),
    ]
    app = tornado.web.Application(list(routes), log_function=lambda handler: None)
    tornado.httpserver.HTTPServer(app).add_sockets(sockets)
    print(f":{sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
