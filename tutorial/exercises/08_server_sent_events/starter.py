"""Write a transport of your own: server-sent events.

One GET, and an answer that does not end. It is text. It begins with `retry:`, and then it has one
event for each batch:

    retry: 1734

    event: batch
    data: {"type": "batch", "room": "lobby", "cursor": "9f3c2a11:17", …}
    id: 9f3c2a11:17

(An empty line ends each of them.) A browser's `EventSource` reads it. When it is cut, it waits for
`retry` milliseconds, reconnects by itself, and sends the last `id` in the header `Last-Event-ID`.
The rest is there already: your handler enters its room before `get` is called (`self.room`), reads
the address (`self.cursor()`), and refuses what can't be understood.

1. Send each batch as an event like the one above. `self.room.subscribe(cursor, push)` calls
   `push(batch)`, with the first batch at once. `push` returns what `self.flush()` returns, and
   the room waits for that before it pushes again.
2. Don't return from `get`: the stream ends with it. Wait until the client has gone
   (`on_connection_close`) or the server stops: it calls the method `close(code, reason)` of
   each handler that has called `self.chat.connections.open(self)`. Then `cancel()` the subscription.
3. `Last-Event-ID` is newer than the address, so it wins: `Cursor.parse(text)` reads it. Some
   clients can't set headers, and send `lastEventId=` in the address instead. It means the same. An
   empty value is none.
4. Begin with `retry:` and a random number from 500 to 3000. Otherwise a restart of the server
   makes all its readers reconnect in the same moment.
5. When nothing was sent for 20 seconds, send a heartbeat: an empty batch with the reader's own
   cursor. Proxies close silent connections, and a page can't see a comment.

As it stands, the first batch is sent, and the stream ends. The check ends with the project's own
suite, which every transport has passed: give it 20 seconds. The suite needs what
`python -m pip install -e '.[dev]'` installs, and runs alone, too:

    python -m pytest tests/test_conformance.py --transport-module=.learner/08_server_sent_events.py

Or write a whole server in another language. It must accept messages and serve server-sent events:

    python -m tutorial check 8 --serve 'node server.mjs {port}'
"""

from transports.handler import RoomHandler
from transports.wire import Batch


class EventStreamHandler(RoomHandler):
    """`GET /rooms/{room}/server-sent-events?cursor=`, or `Last-Event-ID:`."""

    transport = "server-sent-events"

    async def get(self, room: str) -> None:
        """Send what follows the cursor."""
        self.set_header("Content-Type", "text/event-stream")
        self.write(event(self.room.since(self.cursor())))


def event(batch: Batch) -> bytes:
    """Return the batch as one event.

    The id goes last: a client may store it as soon as it has read it, and be cut off before the data.
    """
    return b"event: batch\ndata: %b\nid: %b\n\n" % (batch.json, str(batch.cursor).encode())


TRANSPORTS = {"server-sent-events": EventStreamHandler}
