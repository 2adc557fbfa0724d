"""Open a fourth door: server-sent events.

One GET, and an answer that does not end. What goes down is text, one event for each batch:

    event: batch
    id: 9f3c2a11:17
    data: {"type": "batch", "room": "lobby", "cursor": "9f3c2a11:17", …}
    (an empty line ends the event)

A browser's `EventSource` reads it, comes back by itself when it is cut, and brings the last `id`
along as the header `Last-Event-ID`. Everything else is there: your handler enters its room before
`get` is called (`self.room`), reads the address (`self.cursor()`), and refuses what can't be
understood.

1. tell each batch as an event like the one above. `self.room.subscribe(cursor, push)` calls
   `push(batch)`, with the first batch at once; `push` gives back what `self.flush()` returns, and
   the room waits for that before it pushes again;
2. don't return from `get`: the stream ends with it. Wait until the client has gone
   (`on_connection_close`) or the server stops: it calls the method `close(code, reason)` of
   what has called `self.chat.connections.open(self)`. Then `cancel()` the subscription;
3. `Last-Event-ID` is newer than the address, so it wins: `Cursor.parse(text)` reads it;
4. in a silent room write a comment, `": \\n\\n"`, every 15 seconds, or a proxy takes you for dead.

As it stands, the first batch is told, and the stream ends. The check ends with the project's own
suite, which every transport has passed, and with waiting for a comment: give it 20 seconds. The
suite needs what `python -m pip install -e '.[dev]'` installs, and runs alone, too:

    python -m pytest tests/test_conformance.py --transport-module=.learner/08_server_sent_events.py
"""

from transports.handler import RoomHandler
from transports.wire import Batch


class FourthDoor(RoomHandler):
    """`GET /rooms/{room}/server-sent-events?cursor=`, or `Last-Event-ID:`."""

    transport = "server-sent-events"

    async def get(self, room: str) -> None:
        """Tell what follows the cursor."""
        self.set_header("Content-Type", "text/event-stream")
        self.write(event(self.room.since(self.cursor())))


def event(batch: Batch) -> bytes:
    """Return the batch as one event."""
    return b"event: batch\nid: %b\ndata: %b\n\n" % (str(batch.cursor).encode(), batch.json)


TRANSPORTS = {"server-sent-events": FourthDoor}
