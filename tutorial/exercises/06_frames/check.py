"""Call `encode` and `decode` with RFC 6455's samples and random texts; let a real client talk."""

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPError
from tornado.websocket import websocket_connect

from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven, serving
from tutorial.exercises.verdict import Event, Failure

READ_FIELDS = "The fields of a frame"
READ_MASK = "Why a client masks"
READ_STREAM = "TCP keeps no boundaries"

MASK = bytes.fromhex("37fa213d")
HELLO = bytes.fromhex("810548656c6c6f")
HELLO_MASKED = bytes.fromhex("818537fa213d7f9f4d5158")
HELLO_IN_TWO = bytes.fromhex("010348656c80026c6f")
LENGTHS = {125: "817d", 126: "817e007e", 65535: "817effff", 65536: "817f0000000000010000"}
ROUND_TRIPS = 100
SEED = 20
SHOWN_BYTES = 14

Encode = Callable[..., bytes]
Decode = Callable[[bytes], tuple[list[str], bytes]]
Case = tuple[str, object, object, str]
"""What was called, what it should return, what it returned, and what to read again."""


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> None:
    """Call the learner's functions until a result is wrong, and report what was called."""
    encode, decode = learner["encode"], learner["decode"]
    for cases in (_samples, _lengths, _stream, _round_trips):
        for called, expected, got, read in cases(encode, decode):
            wrong = expected != got
            report({"called": called, "wrong": wrong, "read": read} | _words(expected, got))
            if wrong:
                return


def _samples(encode: Encode, decode: Decode) -> Iterator[Case]:
    """RFC 6455 §5.7, as far as it is text."""
    yield "encode('Hello')", HELLO, encode("Hello"), READ_FIELDS
    yield f"encode('Hello', {_hex(MASK)})", HELLO_MASKED, encode("Hello", MASK), READ_MASK
    for frame, read in (
        (HELLO, READ_FIELDS),
        (HELLO_MASKED, READ_MASK),
        (HELLO_IN_TWO, READ_FIELDS),
    ):
        yield f"decode({_hex(frame)})", (["Hello"], b""), tuple(decode(frame)), read


def _lengths(encode: Encode, decode: Decode) -> Iterator[Case]:
    """The lengths at which the header grows; and bytes are not characters."""
    for length, header in LENGTHS.items():
        frame = bytes.fromhex(header) + b"a" * length
        yield f"encode('a' * {length})", frame, encode("a" * length), READ_FIELDS
        yield f"decode({_hex(frame)})", (["a" * length], b""), tuple(decode(frame)), READ_FIELDS
    frame = bytes.fromhex("817e0082") + "é".encode() * 65
    yield "encode('é' * 65), which is 130 bytes", frame, encode("é" * 65), READ_FIELDS
    halves = bytes.fromhex("0101c38001a9")
    called = f"decode({_hex(halves)}), an 'é' of which each fragment has one byte"
    yield called, (["é"], b""), tuple(decode(halves)), READ_FIELDS


def _stream(encode: Encode, decode: Decode) -> Iterator[Case]:
    """Frames that TCP cut and joined as it liked."""
    both = HELLO_MASKED + HELLO
    called = f"decode({_hex(both)}), two frames in one piece"
    yield called, (["Hello", "Hello"], b""), tuple(decode(both)), READ_STREAM
    long = bytes.fromhex("817f0000000000010000") + b"a" * 65536
    for frame in (HELLO_MASKED, HELLO_IN_TWO, long):
        for cut in range(min(len(frame), 16)):
            called = f"decode({_hex(frame[:cut])}), the first {cut} bytes of a frame"
            yield called, ([], frame[:cut]), tuple(decode(frame[:cut])), READ_STREAM
    half = HELLO_MASKED[:7]
    called = f"decode({_hex(HELLO + half)}), a frame and a half"
    yield called, (["Hello"], half), tuple(decode(HELLO + half)), READ_STREAM


def _round_trips(encode: Encode, decode: Decode) -> Iterator[Case]:
    """Random texts, encoded, joined, cut anywhere and decoded piece by piece."""
    chance = random.Random(SEED)
    texts = [_random_text(chance) for _ in range(ROUND_TRIPS)]
    masks = [chance.choice([b"", chance.randbytes(4)]) for _ in texts]
    stream = b"".join(encode(text, mask) for text, mask in zip(texts, masks, strict=True))
    got, rest = list[str](), b""
    while stream:
        cut = chance.choice([1, 2, 3, 100, 5000])
        more, rest = decode(rest + stream[:cut])
        got, stream = got + list(more), stream[cut:]
        if got != texts[: len(got)]:
            break
    for number, text in enumerate(texts):
        called = f"random text {number + 1} of {ROUND_TRIPS}, encoded, cut in pieces and decoded"
        yield called, text, got[number] if number < len(got) else None, READ_STREAM


def _random_text(chance: random.Random) -> str:
    length = chance.choice([1, 10, 125, 126, 3000])
    return "".join(chance.choice("az é€𝄞\0") for _ in range(chance.randint(1, length)))


async def check(path: Path) -> str:
    """Return how many calls gave what they should."""
    called = list[str]()
    async with driven(path, __file__) as program:
        async for result in program.records():
            called.append(result["called"])
            if result["wrong"]:
                expected = f"{result['expected']} from {result['called']}"
                seen = [Event(None, call) for call in called[-3:]]
                raise Failure(expected, result["got"], read=result["read"], timeline=seen)
    async with serving(path) as program:
        await _talk(program)
    return (
        f"{len(called)} results, each as RFC 6455 wants it, and a real client understood the echo"
    )


async def _talk(program: Program) -> None:
    """Let Tornado's client, which knows nothing of this exercise, receive its own words."""
    chance = random.Random(SEED)
    connecting = websocket_connect(f"ws://127.0.0.1:{program.port}/", connect_timeout=0)
    expected = "a real client that may connect"
    try:
        client = await program.comes(asyncio.ensure_future(connecting), expected)
    except (OSError, HTTPError) as error:
        raise await program.broke_off(expected, repr(error)) from None
    try:
        for text in [*(_random_text(chance) for _ in range(20)), "a" * 70_000]:
            await client.write_message(text)
            answer = asyncio.ensure_future(client.read_message())
            received = await program.comes(answer, "a real client receives an echo")
            if received != text:
                expected = f"a real client receives the echo of {_cut(repr(text))}"
                raise await program.crashed(expected, _cut(repr(received)))
    finally:
        client.close()


def _words(expected: object, got: object) -> dict[str, str]:
    return {"expected": _word(expected), "got": _word(got)}


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return _hex(value)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bytes):
        return f"texts {_cut(repr(value[0]))}, rest {_hex(value[1])}"
    return _cut(repr(value))


def _hex(data: bytes) -> str:
    """Return the bytes as one reads them in the RFC, a long frame by its beginning."""
    if not data:
        return "nothing"
    more = f" … ({len(data)} bytes)" if len(data) > SHOWN_BYTES else ""
    return data[:SHOWN_BYTES].hex(" ") + more


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)"
