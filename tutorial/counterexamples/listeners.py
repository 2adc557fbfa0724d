"""Another seam: whoever wants to hear of messages gives `post` a function to call. Second reading.

It is the shortest way to a push, and most chat examples take it. Its two prices: a listener that fails, fails in the
author's face; and a listener that writes to a slow socket has to put the message somewhere – in the server's memory.
"""

from __future__ import annotations

from collections.abc import Callable

from tornado.websocket import WebSocketHandler

from transports.wire import Message, to_json

Listener = Callable[[Message], None]


class ListeningRoom:
    """A room that calls everybody who listens."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def post(self, message: Message) -> None:
        """Tell everybody, one after the other."""
        for listener in self.listeners:
            listener(message)


class ListeningHandler(WebSocketHandler):
    """A WebSocket that listens, and writes what it hears, whether or not its client reads."""

    def initialize(self, room: ListeningRoom) -> None:
        self.room = room

    def open(self) -> None:
        self.room.listeners.append(self.write_out)

    def write_out(self, message: Message) -> None:
        """Write; what the socket doesn't take stays here, and grows."""
        self.write_message(to_json({"id": message.id, "text": message.text}))

    def on_close(self) -> None:
        self.room.listeners.remove(self.write_out)
