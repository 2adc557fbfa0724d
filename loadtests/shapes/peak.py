"""Peak: what the shapes take from Locust's own options, `--users` and `--spawn-rate`."""

from __future__ import annotations

from typing import Any, cast

from locust import LoadTestShape

USERS = 100


def peak_users(shape: LoadTestShape) -> int:
    """Return the most users that were asked for."""
    return int(_options(shape).num_users or USERS)


def spawn_rate(shape: LoadTestShape) -> float:
    """Return the users to start a second; as many as fit one step, unless the options say."""
    return float(_options(shape).spawn_rate or peak_users(shape))


def _options(shape: LoadTestShape) -> Any:
    assert shape.runner is not None
    return cast(Any, shape.runner.environment.parsed_options)
