"""What the chat's page asks: which files of the learner are in use, and what went wrong with them last."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from transports.chat import Chat
from transports.handler import Handler
from transports.wire import to_json
from tutorial.own_files.table import OwnFiles


class StatusHandler(Handler):
    """`GET /own-files` → the files, in the order in which they were named; times in seconds since 1970."""

    def get(self) -> None:
        own_files = self.settings["own_files"]
        files = [asdict(one) | {"path": str(one.path)} for one in own_files]
        self.finish(to_json({"files": files}))

    head = get


def routes(chat: Chat, own_files: OwnFiles) -> list[tuple[Any, ...]]:
    """Return the address, for a server that runs on a learner's files; none for others."""
    return [(r"/own-files", StatusHandler, {"chat": chat})] if own_files.files else []
