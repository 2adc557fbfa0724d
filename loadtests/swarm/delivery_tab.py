"""Delivery tab: delivery by transport, in Locust's own web UI.

It is made of the DELIVER rows of Locust's statistics, so it is right for distributed runs too.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from locust import events
from locust.env import Environment
from locust.stats import RequestStats, StatsEntry

from loadtests.client.checker import DOUBLED, FAULTS, LOST

KEY = "delivery"
COLUMNS = {
    "name": "Transport",
    "deliveries": "Deliveries",
    "p50": "Median (ms)",
    "p95": "95 % (ms)",
    "p99": "99 % (ms)",
    "worst": "Worst (ms)",
    "lost": "Lost",
    "doubled": "Doubled",
    "others": "Out of order, gaps",
}


def delivery_rows(stats: RequestStats) -> list[dict[str, Any]]:
    """Return one row a transport, from Locust's DELIVER rows."""
    return [
        _row(entry, _faults(stats, name))
        for (name, method), entry in sorted(stats.entries.items())
        if method == "DELIVER"
    ]


def _faults(stats: RequestStats, transport: str) -> dict[str, int]:
    """Count a transport's faults. Locust keeps them as exceptions; those of a worker, as their `repr`."""
    found = [e for e in stats.errors.values() if (e.name, e.method) == (transport, "DELIVER")]
    return {
        fault: sum(error.occurrences for error in found if f"'{fault}'" in repr(error.error))
        for fault in FAULTS
    }


def _row(entry: StatsEntry, faults: dict[str, int]) -> dict[str, Any]:
    return {
        "name": entry.name,
        "deliveries": entry.num_requests - entry.num_none_requests,
        "p50": entry.get_response_time_percentile(0.5),
        "p95": entry.get_response_time_percentile(0.95),
        "p99": entry.get_response_time_percentile(0.99),
        "worst": round(entry.max_response_time),
        "lost": faults[LOST],
        "doubled": faults[DOUBLED],
        "others": sum(faults.values()) - faults[LOST] - faults[DOUBLED],
    }


@events.init.add_listener
def add_tab(environment: Environment, **_: object) -> None:
    """Add the tab, when there is a web UI."""
    ui = environment.web_ui
    if ui is None or ui.app is None:
        return

    def extend(response: Response) -> Response:
        """Add our rows to what the UI polls."""
        if request.path.endswith("/stats/requests") and response.is_json and environment.runner:
            rows = delivery_rows(environment.runner.stats)
            stats = [{"key": KEY, "data": rows}]
            response.set_data(json.dumps({**response.get_json(), "extended_stats": stats}))
        return response

    ui.template_args["extended_tabs"] = [{"title": "Delivery", "key": KEY}]
    structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
    ui.template_args["extended_tables"] = [{"key": KEY, "structure": structure}]
    ui.app.after_request(extend)
