"""The bench: a server that is fresh, in a process of its own, and the words in which results are named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tutorial.throwaway import Throwaway

KEY = "measuring"
Values = dict[str, float]


@asynccontextmanager
async def fresh_server() -> AsyncIterator[int]:
    """Give the port of a server of its own, which forgets everything in the end."""
    server = Throwaway("memory", "http://127.0.0.1", publish_key=KEY)
    try:
        yield await server.start()
    finally:
        await server.close()


def word(text: str) -> str:
    """Make a part of a result's name from a transport's name, or from a rate."""
    return text.replace("-", "_").replace(".", "_")
