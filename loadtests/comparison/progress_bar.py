"""Progress bar: where a run is, for a terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from loadtests.comparison.progress import Step

BAR = 24


class ProgressBar:
    """Draws one line again and again on a terminal; on anything else, writes a line a step."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._drawing = stream.isatty()

    def show(self, step: Step) -> None:
        """Show where the run is."""
        full = round(BAR * step.done / step.of)
        minutes, seconds = divmod(round(step.seconds_left), 60)
        text = f"{'█' * full}{'░' * (BAR - full)} {step.done}/{step.of}  {minutes}:{seconds:02} left  {step.now}"
        print(
            f"\r\x1b[K{text}" if self._drawing else text,
            end="" if self._drawing else "\n",
            file=self._stream,
        )
        self._stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._drawing:
            print(file=self._stream)
