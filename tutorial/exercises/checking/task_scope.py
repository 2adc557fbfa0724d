"""Let readers and writers run beside a check, and end them with it.

What they wait for, they wait for in `asyncio.timeout`, not in `asyncio.wait_for`: the latter loses
a cancellation that comes together with a result (Python 3.11), and then nobody ends them.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def task_scope(*work: Coroutine[None, None, T]) -> AsyncIterator[list[asyncio.Task[T]]]:
    """Run the coroutines until the block ends; the first exception of one ends the block too."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in work]
            yield tasks
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise _first(several) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
