"""Another seam: listeners that `post` calls. Second reading.

It is the shortest way to a push, and most chat examples take it. It has two costs: when a listener raises, the author's
request fails; and a listener that writes to a slow socket has to put the message somewhere – in the server's memory.
"""

from __future__ import annotations

from collections.abc import Callable

from tornado.websocket import WebSocketHandler

from transports.wire import Message, to_json

Listener = Callable[[Message], None]


class ListeningRoom:
    """A room that calls its listeners."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def post(self, message: Message) -> None:
        """Call every listener, one after the other."""
        for listener in self.listeners:
            listener(message)


class ListenerHandler(WebSocketHandler):
    """A WebSocket that writes every message, whether or not its client reads."""

    def initialize(self, room: ListeningRoom) -> None:
        self.room = room

    def open(self) -> None:
        self.room.listeners.append(self.write_out)

    def write_out(self, message: Message) -> None:
        """Write; what the socket doesn't take stays here, and grows."""
        self.write_message(to_json({"id": message.id, "text": message.text}))

    def on_close(self) -> None:
        self.room.listeners.remove(self.write_out)
