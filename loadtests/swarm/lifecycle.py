"""Lifecycle: what begins and ends with a test. It starts the one publisher, and a measurement when one was asked for.

Locust fires `spawning_complete` again at each step of a ramp, and starts every worker: the publisher belongs to
`test_start`, which comes once, and to worker 0. A pure listener: the users know nothing of it.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any, cast

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from loadtests.client.inspection import Inspector, NotTheChat
from loadtests.client.limits import TooMany, raise_limits
from loadtests.client.schedule import endless
from loadtests.results.files import replace
from loadtests.results.window_result import Failed, Outcome, outcome_to_json
from loadtests.swarm.measurement import Measurement
from loadtests.swarm.publisher import Publisher

logger = logging.getLogger(__name__)


@events.init.add_listener
def set_up(environment: Environment, **_: object) -> None:
    """Listen to one environment's tests. A headless run against no server of ours ends here, with one sentence."""
    environment.host = (environment.host or "").rstrip("/")
    lifecycle = Lifecycle(environment)
    environment.events.test_start.add_listener(lifecycle.start)
    environment.events.test_stopping.add_listener(lifecycle.stop)
    options = cast(Any, environment.parsed_options)
    if options.headless and not options.worker:
        try:
            raise_limits(options.num_users or 1)
            Inspector(environment.host).inspect()
        except (TooMany, NotTheChat) as problem:
            sys.exit(f"locust: {problem}")


class Lifecycle:
    """Starts and stops what accompanies one environment's users."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._publishing: gevent.Greenlet | None = None

    def start(self, **_: object) -> None:
        """Leave out the users that the server has no transport for, and begin to publish."""
        runner = self._environment.runner
        host = self._environment.host = (self._environment.host or "").rstrip("/")
        try:
            raise_limits(getattr(runner, "target_user_count", 1))
            served = Inspector(host).inspect().numbers["transports"]
        except (TooMany, NotTheChat) as problem:
            logger.error(problem)
            self._give_up()
            return
        self._leave_out(served)
        if not isinstance(runner, MasterRunner) and getattr(runner, "worker_index", 0) == 0:
            self._publishing = gevent.spawn(self._publish)
            self._publishing.link_exception(lambda _: self._give_up())

    def _leave_out(self, served: list[str]) -> None:
        classes = self._environment.user_classes
        for unserved in [c for c in classes if getattr(c, "transport", "") not in served]:
            logger.warning(f"{self._environment.host} does not serve {unserved.__name__}: left out")
            classes.remove(unserved)
        if not classes:
            self._give_up()

    def _give_up(self) -> None:
        runner = self._environment.runner
        assert runner is not None
        self._environment.process_exit_code = 2
        headless = bool(cast(Any, self._environment.parsed_options).headless)
        gevent.spawn(runner.quit if isinstance(runner, LocalRunner) and headless else runner.stop)

    def _publish(self) -> None:
        options = cast(Any, self._environment.parsed_options)
        publisher = Publisher(self._environment, options.room)
        publisher.start()
        try:
            if options.measure:
                self._measure(publisher, Path(options.window_file))
            elif options.rate > 0:
                publisher.publish(endless(options.seed, options.rate))
        finally:
            publisher.stop()

    def _measure(self, publisher: Publisher, file: Path) -> None:
        outcome: Outcome
        try:
            outcome = Measurement(self._environment, publisher).run()
        except NotTheChat as problem:
            outcome = Failed(f"the server died: {problem}")
        replace(file, json.dumps(outcome_to_json(outcome)))
        runner = self._environment.runner
        assert runner is not None
        self._environment.process_exit_code = 0
        gevent.spawn(runner.quit)

    def stop(self, **_: object) -> None:
        """Stop publishing."""
        if self._publishing is not None:
            self._publishing.kill(block=False)
        self._publishing = None
