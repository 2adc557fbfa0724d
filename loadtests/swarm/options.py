"""The options that our locustfiles add to Locust's own, on its command line and in its web form."""

from __future__ import annotations

from locust import events
from locust.argument_parser import LocustArgumentParser

OURS: dict[str, tuple[object, str]] = {
    "room": ("loadtest", "the room to read and to write to"),
    "rate": (2.0, "messages a second, in all; 0: none"),
    "poll-interval": (1.0, "seconds from one short poll to the next"),
    "hold": (25.0, "seconds that a long poll asks to be held (0 to 55)"),
    "seed": (1, "the same seed, the same load"),
}  # name -> default, which also says the type, and what it is
MEASUREMENT: dict[str, tuple[object, str]] = {
    "warm-up": (0.0, "seconds before the window"),
    "measure": (0.0, "the window’s seconds; 0: no window"),
    "window-file": ("", "where to write what the window measured"),
}  # what `python -m loadtests` passes to its Locust


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    """Add our options. Locust calls this once, whichever locustfiles are loaded.

    To no group: its web form leaves out what is in one.
    """
    for options, shown in ((OURS, True), (MEASUREMENT, False)):
        for name, (default, what) in options.items():
            parser.add_argument(
                f"--{name}",
                default=default,
                type=type(default),
                help=what,
                env_var=f"LOCUST_{name.replace('-', '_').upper()}",
                include_in_web_ui=shown,
            )
