"""The options that our locustfiles add to Locust's own, on its command line and in its web form."""

from __future__ import annotations

from locust import events
from locust.argument_parser import LocustArgumentParser

POLL_SECONDS = 1.0
HOLD_SECONDS = 25.0
ROOM = "loadtest"


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    """Add our options. Locust calls this once, whichever locustfiles are loaded."""
    ours = parser.add_argument_group("Hold the Line")
    ours.add_argument(
        "--room", default=ROOM, env_var="LOCUST_ROOM", help="the room to read and to write to"
    )
    ours.add_argument(
        "--rate",
        type=float,
        default=2.0,
        env_var="LOCUST_RATE",
        help="messages a second, in all; 0: none",
    )
    ours.add_argument(
        "--poll-interval",
        type=float,
        default=POLL_SECONDS,
        env_var="LOCUST_POLL_INTERVAL",
        help="seconds from one short poll to the next",
    )
    ours.add_argument(
        "--hold",
        type=float,
        default=HOLD_SECONDS,
        env_var="LOCUST_HOLD",
        help="seconds that a long poll asks to be held (0 to 55)",
    )
    ours.add_argument(
        "--seed", type=int, default=1, env_var="LOCUST_SEED", help="the same seed, the same load"
    )
    for name, what in (
        ("warm-up", "seconds before the window"),
        ("measure", "the window's seconds; 0: no window"),
    ):
        parser.add_argument(
            f"--{name}", type=float, default=0.0, include_in_web_ui=False, help=what
        )
    parser.add_argument(
        "--cell-file", include_in_web_ui=False, help="where to write what the window measured"
    )
