"""The floor: one `send` of a ready frame a reader, in a bare Python loop. It parses nothing that it needn't."""

import base64
import hashlib
import re
import select
import socket
from collections.abc import Iterator

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = re.compile(rb"(?i)sec-websocket-key: *(\S+)")


def accept_upgrade(connection: socket.socket, head: bytes) -> None:
    match = KEY.search(head)
    assert match is not None
    accept = base64.b64encode(hashlib.sha1(match[1] + GUID).digest())
    connection.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def unmasked(data: bytes) -> Iterator[bytes]:
    """Yield the server's frame of each client's frame, whose mask is zeros."""
    while data:
        size = data[1] & 127
        head = 2 if size < 126 else 4
        if size == 126:
            size = int.from_bytes(data[2:4], "big")
        end = head + 4 + size
        yield bytes([data[0], data[1] & 127]) + data[2:head] + data[head + 4 : end]
        data = data[end:]


def accept(listening: socket.socket) -> socket.socket:
    connection = listening.accept()[0]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f":{listening.getsockname()[1]}/", flush=True)
    poller = select.epoll() if hasattr(select, "epoll") else select.poll()
    poller.register(listening.fileno(), select.POLLIN)
    connections: dict[int, socket.socket] = {}
    upgraded: dict[int, socket.socket] = {}
    while True:
        for number, _ in poller.poll():
            if number == listening.fileno():
                new = accept(listening)
                connections[new.fileno()] = new
                poller.register(new, select.POLLIN)
                continue
            if not (data := connections[number].recv(65536)):
                poller.unregister(number)
                upgraded.pop(number, None)
                connections.pop(number).close()
            elif number not in upgraded:
                accept_upgrade(connections[number], data)
                upgraded[number] = connections[number]
            else:
                for frame in unmasked(data):
                    for other in upgraded.values():
                        other.send(frame)


main()
