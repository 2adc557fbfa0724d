"""Conductor: who plays when. It starts the one publisher, and a window when one was asked for.

Locust tells `spawning_complete` again at each step of a ramp, and starts every worker: the publisher belongs to
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

from loadtests.client.inspection import Looks, NotTheChat
from loadtests.client.schedule import endless
from loadtests.comparison.machine import TooMany, make_room
from loadtests.results.files import replace
from loadtests.swarm.measurement import Window
from loadtests.swarm.publisher import Publisher

logger = logging.getLogger(__name__)


@events.init.add_listener
def set_up(environment: Environment, **_: object) -> None:
    """Listen to one environment's tests. A headless run against no server of ours ends here, with one sentence."""
    conductor = Conductor(environment)
    environment.events.test_start.add_listener(conductor.start)
    environment.events.test_stopping.add_listener(conductor.stop)
    options = cast(Any, environment.parsed_options)
    if options.headless and not options.worker:
        try:
            make_room(options.num_users or 1)
            Looks(environment.host or "").look()
        except (TooMany, NotTheChat) as problem:
            sys.exit(f"locust: {problem}")


class Conductor:
    """Starts and stops what accompanies one environment's users."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._playing: gevent.Greenlet | None = None

    def start(self, **_: object) -> None:
        """Leave out the users that the server has no transport for, and begin to publish."""
        runner = self._environment.runner
        try:
            make_room(getattr(runner, "target_user_count", 1))
            served = Looks(self._environment.host or "").look().numbers["transports"]
        except (TooMany, NotTheChat) as problem:
            logger.error(problem)
            self._give_up()
            return
        self._leave_out(served)
        if not isinstance(runner, MasterRunner) and getattr(runner, "worker_index", 0) == 0:
            self._playing = gevent.spawn(self._play)
            self._playing.link_exception(lambda _: self._give_up())

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
        gevent.spawn(
            runner.quit if isinstance(runner, LocalRunner) and self._headless else runner.stop
        )

    @property
    def _headless(self) -> bool:
        return bool(cast(Any, self._environment.parsed_options).headless)

    def _play(self) -> None:
        options = cast(Any, self._environment.parsed_options)
        publisher = Publisher(self._environment, self._environment.host or "", options.room)
        try:
            if options.measure:
                self._play_window(publisher, options.cell_file)
            elif options.rate > 0:
                publisher.publish(endless(options.seed, options.rate))
        finally:
            publisher.stop()

    def _play_window(self, publisher: Publisher, file: str) -> None:
        try:
            report = Window(self._environment, publisher).run()
        except NotTheChat as problem:
            report = {"problem": f"the server died: {problem}"}
        replace(Path(file), json.dumps(report))
        runner = self._environment.runner
        assert runner is not None
        self._environment.process_exit_code = 0
        gevent.spawn(runner.quit)

    def stop(self, **_: object) -> None:
        """Stop publishing."""
        if self._playing is not None:
            self._playing.kill(block=False)
        self._playing = None
