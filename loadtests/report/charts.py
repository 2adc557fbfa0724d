"""Charts: lines on two axes, as SVG text. They know numbers, names and shapes of lines, nothing of what is measured.

A line has a colour (by its class, so that light and dark choose it), a shape and a label: no chart needs
colour to be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 14, 34, 46
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `kind` is its class, `shape` an SVG path; `marked` are the points that carry the shape."""

    kind: str
    shape: str
    label: str
    points: Sequence[Point]
    marked: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. `log`: equal steps are equal factors. `write` writes a tick's number."""

    title: str
    least: float
    most: float
    log: bool
    ticks: Sequence[float]
    write: Callable[[float], str]

    def place(self, value: float) -> float:
        """Return where a value lies, 0 at the axis' beginning and 1 at its end."""
        if self.log:
            value, least, most = (math.log(max(v, 1e-9)) for v in (value, self.least, self.most))
        else:
            least, most = self.least, self.most
        return min(1.0, max(0.0, (value - least) / (most - least)))


def log_axis(title: str, values: Sequence[float], write: Callable[[float], str]) -> Axis:
    """Return an axis of powers of ten around `values`, which are all above 0."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    decades = [10.0**power for power in range(low, high + 1)]
    ticks = (
        decades
        if len(decades) > 3
        else sorted([*decades, *(d * step for d in decades[:-1] for step in (2, 5))])
    )
    return Axis(title, decades[0], decades[-1], True, ticks, write)


def rate_axis(title: str, rates: Sequence[float]) -> Axis:
    """Return a logarithmic axis with a tick at each of these rates."""
    return Axis(title, min(rates) / 1.5, max(rates) * 1.5, True, rates, lambda rate: f"{rate:g}")


def linear_axis(title: str, most: float, write: Callable[[float], str], least: float = 0.0) -> Axis:
    """Return an axis from `least` to a round number above `most`, with about five ticks."""
    step = 10.0 ** math.floor(math.log10(max(most - least, 1e-9) / 4))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if (most - least) / (step * factor) <= 5)
    count = max(1, math.ceil((most - least) / step - 1e-9))
    return Axis(
        title,
        least,
        least + count * step,
        False,
        [least + i * step for i in range(count + 1)],
        write,
    )


def draw(
    key: str,
    title: str,
    lines: Sequence[Line],
    x: Axis,
    y: Axis,
    mark: tuple[float, str] | None = None,
) -> str:
    """Return a chart as SVG. `mark` is an x with a text, a dashed line. `key` makes the ids on a page unique."""
    parts = [*_y_grid(y), *_x_ticks(x), *([_mark(x, *mark)] if mark else [])]
    parts += [_line(line, x, y) for line in lines]
    label = f'role="img" aria-labelledby="{key}-title"'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" {label}><title id="{key}-title">{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )


def shape(kind: str, path: str) -> str:
    """Return a line's shape alone, for a legend."""
    dot = f'<path class="dot {kind}" d="{path}"/>'
    return f'<svg class="key" viewBox="-8 -8 16 16" aria-hidden="true">{dot}</svg>'


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)


def _y_grid(axis: Axis) -> list[str]:
    drawn = [f'<text class="axis" x="4" y="14">{escape(axis.title)}</text>'] if axis.title else []
    for tick in axis.ticks:
        at = _y(axis, tick)
        drawn.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        drawn.append(
            f'<text class="tick end" x="{LEFT - 7}" y="{at + 4:.1f}">{escape(axis.write(tick))}</text>'
        )
    return drawn


def _x_ticks(axis: Axis) -> list[str]:
    low = HEIGHT - BOTTOM
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn = [f'<text class="axis middle" x="{middle}" y="{HEIGHT - 8}">{escape(axis.title)}</text>']
    for tick in axis.ticks:
        at = _x(axis, tick)
        drawn.append(f'<path class="grid" d="M{at:.1f} {low}v5"/>')
        drawn.append(
            f'<text class="tick middle" x="{at:.1f}" y="{low + 19}">{escape(axis.write(tick))}</text>'
        )
    return drawn


def _mark(axis: Axis, value: float, text: str) -> str:
    at = _x(axis, value)
    side = "end" if at > WIDTH / 2 else ""
    place = at - 6 if side else at + 6
    return (
        f'<path class="mark" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        f'<text class="note {side}" x="{place:.1f}" y="{TOP + 10}">{escape(text)}</text>'
    )


def _line(line: Line, x: Axis, y: Axis) -> str:
    path = "L".join(f"{_x(x, a):.1f} {_y(y, b):.1f}" for a, b in line.points)
    marks = "".join(
        f'<path class="dot {line.kind}" transform="translate({_x(x, a):.1f} {_y(y, b):.1f})" d="{line.shape}"/>'
        for a, b in line.marked
    )
    return f'<path class="line {line.kind}" d="M{path}"/>{marks}'
