"""A long poll that waits on Tornado's own Condition: wrong on purpose, in a way that no demo shows.

It answers as it should, and cancels the task of a client that has left. But the waiter of a cancelled request stays in
the Condition until the next message – which in a quiet room may never come.
"""

from __future__ import annotations

import asyncio

from tornado.locks import Condition
from tornado.web import RequestHandler


class ConditionHandler(RequestHandler):
    """`GET` → waits for `news`; cleans up as well as it can."""

    waiting: asyncio.Task[None] | None = None

    def initialize(self, news: Condition) -> None:
        self.news = news

    async def get(self) -> None:
        self.waiting = asyncio.current_task()
        try:
            await self.news.wait()
            self.finish("there is news")
        except asyncio.CancelledError:
            return

    def on_connection_close(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
