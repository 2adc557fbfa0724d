"""Table: the transports that the load tests know. What lists, draws, measures or predicts transports reads it here.

A transport is added by a line here and a Locust file of that stem beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.client.reading import Asks


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport: its name in addresses, what people call it, its Locust file, and how its readers ask.

    `upgrades`: its readers leave HTTP for a WebSocket. `colours` are for light and for dark paper, `shape` is an SVG
    path around 0, 0: no chart needs colour to be read.
    """

    name: str
    label: str
    stem: str
    asks: Asks
    upgrades: bool
    colours: tuple[str, str]
    shape: str

    @property
    def in_a_sentence(self) -> str:
        """The label without a capital, unless it is a name."""
        return self.label if self.upgrades else self.label[0].lower() + self.label[1:]


_ROWS = (
    Transport(
        "short-polling", "Short polling", "short_polling", Asks.EVERY_INTERVAL, False,
        ("#95540a", "#edb45f"), "M0-5a5 5 0 1 0 .01 0z",
    ),
    Transport(
        "long-polling", "Long polling", "long_polling", Asks.AGAIN_AT_ONCE, False,
        ("#0c6a68", "#58c9c0"), "M-4.5-4.5h9v9h-9z",
    ),
    Transport(
        "websocket", "WebSocket", "websockets", Asks.ONCE, True,
        ("#5a3fb4", "#b6a6ff"), "M0-6 6 0 0 6-6 0z",
    ),
    Transport(
        "server-sent-events", "Server-sent events", "server_sent_events", Asks.ONCE, False,
        ("#ad2a5f", "#ff97b9"), "M0-5.5 5.5 4.5h-11z",
    ),
)  # fmt: skip
TRANSPORTS: dict[str, Transport] = {row.name: row for row in _ROWS}
