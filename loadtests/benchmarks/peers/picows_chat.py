"""picows: `send` to each transport in turn, on Python's own loop."""

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

transports: set[WSTransport] = set()


class PicowsChat(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        transports.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            message = frame.get_payload_as_bytes()
            for other in transports:
                other.send(WSMsgType.TEXT, message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        transports.discard(transport)


def listener(_: WSUpgradeRequest) -> PicowsChat:
    return PicowsChat()


async def main() -> None:
    server = await ws_create_server(listener, "127.0.0.1", 0, backlog=4096)
    print(f":{server.sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
