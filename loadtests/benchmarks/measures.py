"""The measurements: each does one kind of work on one server, and gives one number."""

from __future__ import annotations

import json
import resource
import socket
import time
from dataclasses import dataclass

from loadtests.benchmarks.servers import Server
from loadtests.client.reader_pool import (
    CURSOR,
    Crowd,
    Reader,
    connect,
    marked_text,
    masked_frame,
    one_answer,
    request,
    upgrade,
)

ENVELOPE = '{"type": "send", "author": "bench", "text": "%s"}'
PATIENCE_SECONDS = 60
SETTLE_SECONDS = 0.5
SPARE_DESCRIPTORS = 100


def websocket_cpu(
    server: Server, path: str, envelope: str, readers: int, messages: int, rate: int
) -> float:
    """Give the server's CPU time a delivery, in µs, at `rate` messages a second."""
    crowd = websocket_crowd(server, path, readers)
    author = crowd.add(upgrade(server.port, path)).connection
    everybody = readers + 1
    _send(author, envelope)
    _demand(crowd.serve_until(lambda: len(crowd.delays) >= everybody, PATIENCE_SECONDS))
    crowd.delays.clear()
    before = server.cpu_seconds()
    _publish_at_rate(crowd, author, envelope, messages, rate)
    expected = everybody * messages
    _demand(crowd.serve_until(lambda: len(crowd.delays) >= expected, PATIENCE_SECONDS))
    used = server.cpu_seconds() - before
    crowd.close()
    return used / expected * 1e6


def websocket_crowd(server: Server, path: str, readers: int) -> Crowd:
    """Give a crowd of that many WebSocket readers."""
    allow_descriptors(readers)
    crowd = Crowd()
    for _ in range(readers):
        crowd.add(upgrade(server.port, path))
    crowd.serve(SETTLE_SECONDS)
    return crowd


def _publish_at_rate(
    crowd: Crowd, author: socket.socket, envelope: str, messages: int, rate: int
) -> None:
    due = time.perf_counter()
    for _ in range(messages):
        while time.perf_counter() < due:
            crowd.serve(0.001)
        _send(author, envelope)
        due += 1 / rate


def _send(author: socket.socket, envelope: str) -> None:
    author.setblocking(True)
    author.sendall(masked_frame(envelope.replace("%s", marked_text())))
    author.setblocking(False)


@dataclass(frozen=True, slots=True)
class Polled:
    """Where a server is polled, from which cursor on, and where messages are posted."""

    poll: str
    first: str
    post: str


def held_cpu(server: Server, polled: Polled, readers: int, messages: int) -> float:
    """Give the server's CPU time a long-poll delivery, in µs; each message comes when all hold again."""
    allow_descriptors(readers)

    def ask(reader: Reader, answer: bytes) -> None:
        cursor = CURSOR.findall(answer)[-1].decode()
        reader.connection.sendall(request("GET", polled.poll + cursor))

    crowd = Crowd(ask)
    for _ in range(readers):
        crowd.add(connect(server.port)).connection.sendall(
            request("GET", polled.poll + polled.first)
        )
    crowd.serve(SETTLE_SECONDS)
    author = connect(server.port)

    def deliver(total: int) -> None:
        author.sendall(request("POST", polled.post, _body()))
        _demand(crowd.serve_until(lambda: len(crowd.delays) >= total, PATIENCE_SECONDS))
        one_answer(author)

    deliver(readers)  # warms up
    before = server.cpu_seconds()
    for number in range(2, messages + 2):
        deliver(readers * number)
    used = server.cpu_seconds() - before
    crowd.close()
    return used / (readers * messages) * 1e6


def _body() -> str:
    return json.dumps({"author": "bench", "text": marked_text()})


def poll_cpu(server: Server, path: str, polls: int) -> float:
    """Give the server's CPU time an empty poll, in µs."""
    connection = connect(server.port)
    ask = request("GET", path)
    for _ in range(200):
        connection.sendall(ask)
        one_answer(connection)
    before = server.cpu_seconds()
    for _ in range(polls):
        connection.sendall(ask)
        one_answer(connection)
    return (server.cpu_seconds() - before) / polls * 1e6


def memory_each(server: Server, path: str, readers: int, upgraded: bool) -> float:
    """Give the memory that one idle reader costs the server, in bytes."""
    allow_descriptors(readers)

    def arrive() -> socket.socket:
        if upgraded:
            return upgrade(server.port, path)
        connection = connect(server.port)
        connection.sendall(request("GET", path))
        return connection

    here = [arrive() for _ in range(50)]
    inspect(server)  # all that came before it has been served
    before = server.rss_bytes()
    here += [arrive() for _ in range(readers)]
    inspect(server)
    grown = server.rss_bytes() - before
    for connection in here:
        connection.close()
    return grown / readers


def reach_all_seconds(server: Server, readers: int) -> float:
    """Give the seconds until one message has reached every WebSocket."""
    crowd = websocket_crowd(server, "/rooms/bench/websocket?cursor=now", readers)
    author = upgrade(server.port, "/rooms/bench/websocket?cursor=now")
    _send(author, ENVELOPE)
    _demand(crowd.serve_until(lambda: len(crowd.delays) >= readers, PATIENCE_SECONDS))
    crowd.close()
    return max(crowd.delays) / 1e9


def p95_and_growth(server: Server, messages: int, stalled: int) -> tuple[float, int]:
    """Give the p95 of ten readers' deliveries, in ms, and by how many bytes the server grew.

    Beside them are `stalled` readers that never read.
    """
    path = "/rooms/bench/websocket?cursor=now"
    crowd = websocket_crowd(server, path, 10)
    sleepers = [upgrade(server.port, path) for _ in range(stalled)]
    author = upgrade(server.port, path)
    author.setblocking(False)
    envelope = ENVELOPE.replace("%s", "%s" + "y" * 1880)
    before = server.rss_bytes()

    def deliver(total: int) -> None:
        _send(author, envelope)
        _read_away(author)
        _demand(crowd.serve_until(lambda: len(crowd.delays) >= total, PATIENCE_SECONDS))

    for number in range(messages):
        deliver(10 * (number + 1))
    grown = server.rss_bytes() - before
    for sleeper in sleepers:
        sleeper.close()
    crowd.close()
    return crowd.percentile_ms(0.95), grown


def _read_away(connection: socket.socket) -> None:
    try:
        while connection.recv(1 << 18):
            pass
    except BlockingIOError:
        return


def posts_a_second(server: Server, posts: int, writers: int) -> float:
    """Give how many posts a second are acknowledged to writers that each wait for their ack."""
    acknowledged = 0

    def post(reader: Reader, answer: bytes) -> None:
        nonlocal acknowledged
        acknowledged += 1
        reader.connection.sendall(request("POST", "/rooms/bench/messages", _body()))

    crowd = Crowd(post)
    for _ in range(writers):
        crowd.add(connect(server.port)).connection.sendall(
            request("POST", "/rooms/bench/messages", _body())
        )
    _demand(crowd.serve_until(lambda: acknowledged >= posts // 10, PATIENCE_SECONDS))
    began, acknowledged = time.perf_counter(), 0
    _demand(crowd.serve_until(lambda: acknowledged >= posts, PATIENCE_SECONDS))
    took = time.perf_counter() - began
    crowd.close()
    return acknowledged / took


def release_stall_ms(server: Server, readers: int) -> float:
    """Give the longest stall of the loop, in ms, while one message releases held polls that ask again."""
    allow_descriptors(readers)
    path = "/rooms/bench/long-polling?cursor="

    def ask(reader: Reader, answer: bytes) -> None:
        cursor = CURSOR.findall(answer)[-1].decode()
        reader.connection.sendall(request("GET", path + cursor))

    crowd = Crowd(ask)
    for _ in range(readers):
        crowd.add(connect(server.port)).connection.sendall(request("GET", path + "now"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while inspect(server)["held"] < readers or inspect(server)["loop_lag_ms"] > 20:
        crowd.serve(0.1)
        _demand(time.monotonic() < deadline)
    author = connect(server.port)
    author.sendall(request("POST", "/rooms/bench/messages", _body()))
    _demand(crowd.serve_until(lambda: len(crowd.delays) >= readers, PATIENCE_SECONDS))
    stall: float = inspect(server)["loop_lag_ms"]
    crowd.close()
    return stall


def inspect(server: Server) -> dict[str, float]:
    """Read what the server says of itself."""
    connection = connect(server.port)
    connection.sendall(request("GET", "/inspect"))
    _, _, body = one_answer(connection).partition(b"\r\n\r\n")
    connection.close()
    numbers: dict[str, float] = json.loads(body)
    return numbers


def allow_descriptors(readers: int) -> None:
    """Raise this process' limit of open files to what the readers need, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = readers + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"{needed} open files are needed, {hard} allowed: raise `ulimit -Hn`")
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _demand(done: bool) -> None:
    if not done:
        raise SystemExit(f"not everything arrived within {PATIENCE_SECONDS} s: something was lost")
