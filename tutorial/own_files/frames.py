"""The WebSocket, with a learner's `encode` and `decode` for its text frames (exercise 6).

Tornado still finds out where a frame ends, and answers pings and closes, of which the file knows nothing. The bytes of
each text frame go to `decode`, in the pieces in which they were read; each text that we send goes through `encode`.
What comes out is used as it is, and compared with what is right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tornado.websocket import WebSocketProtocol, WebSocketProtocol13

from transports.closing import ClosingHandler, ClosingProtocol
from transports.frames import batch_frame
from transports.handler import RoomHandler
from transports.websockets import WebSocketChatHandler
from transports.wire import Batch
from tutorial.own_files.own_file import OwnFile, Unusable, at

Encode = Callable[[str], bytes]
Decode = Callable[[bytes], tuple[list[str], bytes]]

TEXT, CONTROL = 1, 8
SHOWN_BYTES = 10  # the longest head of a frame without a mask


class Codec:
    """A learner's two functions, and a report when one of them returns what it must not."""

    def __init__(self, own: OwnFile, encode: Encode, decode: Decode) -> None:
        self._own, self._encode, self._decode = own, encode, decode

    def frame_of(self, batch: Batch) -> bytes:
        """Return a batch as one frame."""
        right, text = batch_frame(batch), batch.json.decode()
        frame = self._encode(text)
        if frame != right:
            self._own.fail(
                f"encode returned a frame that begins with {_head(frame)} for a text of"
                f" {len(batch.json)} bytes, and not with {_head(right)}, {at(self._encode)}"
            )
        return frame

    def text_frame(self, text: bytes) -> bytes:
        """Return a text as one frame."""
        return self._encode(text.decode())

    def texts_of(self, pieces: list[bytes], right: str) -> list[str]:
        """Return the texts in the pieces of one whole message, which says what is `right`."""
        came, rest = list[str](), b""
        for piece in pieces:
            texts, rest = self._decode(rest + piece)
            came += texts
        if came != [right] or rest:
            self._own.fail(
                f"decode was given a whole message, in {len(pieces)} pieces, and returned"
                f" {len(came)} texts and {len(rest)} bytes that are left over. It says"
                f" {right[:40]!r}, {at(self._decode)}"
            )
        return came


def _head(frame: bytes) -> str:
    return frame[:SHOWN_BYTES].hex(" ")


class OwnFramesProtocol(ClosingProtocol):
    """Tornado's protocol, with the frames of texts passed through a learner's file."""

    def __init__(self, handler: ClosingHandler, base: WebSocketProtocol13, codec: Codec) -> None:
        super().__init__(handler, base)
        self._codec = codec
        self._frame: list[bytes] = []  # the frame that is being read
        self._message: list[bytes] = []  # the frames of the message before it

    async def _read_bytes(self, n: int) -> bytes:
        read = await super()._read_bytes(n)
        self._frame.append(read)
        return read

    async def _receive_frame(self) -> None:
        self._frame = []
        await super()._receive_frame()
        if self._frame and not self._frame[0][0] & CONTROL:
            final = self._frame[0][0] & self.FIN
            self._message = [] if final else [*self._message, *self._frame]

    def _handle_message(self, opcode: int, data: bytes) -> Any:
        if opcode != TEXT or self.client_terminated:
            return super()._handle_message(opcode, data)
        return self._run_callback(self._pass_on, [*self._message, *self._frame], data)

    async def _pass_on(self, pieces: list[bytes], data: bytes) -> None:
        for text in self._codec.texts_of(pieces, data.decode("utf-8", "replace")):
            await self.handler.on_message(text)  # type: ignore[misc]


class OwnFramesHandler(WebSocketChatHandler):
    """`GET /rooms/{room}/websocket`, in frames of a learner's making."""

    codec: Codec

    def frame(self, payload: bytes) -> bytes:
        """Return an answer as the file frames it."""
        return self.codec.text_frame(payload)

    def frame_of(self, batch: Batch) -> bytes:
        """Return a batch as the file frames it; a file that raises loses this reader."""
        try:
            return self.codec.frame_of(batch)
        except Exception:
            asyncio.get_running_loop().call_soon(self.close, 1011, "the learner’s encode failed")
            raise

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        base = super().get_websocket_protocol()
        if isinstance(base, ClosingProtocol):
            return OwnFramesProtocol(self, base, self.codec)
        return base


def rows(own: OwnFile) -> tuple[dict[str, type[RoomHandler]], None]:
    """Return the row that stands in the table. Raises: Unusable."""
    names: dict[str, Any] = own.read()
    missing = [name for name in ("encode", "decode") if not callable(names.get(name))]
    if missing:
        raise Unusable(f"it defines no function {' and '.join(missing)}")
    codec = Codec(own, names["encode"], names["decode"])
    return {own.transport: type("OwnFrames", (OwnFramesHandler,), {"codec": codec})}, None
