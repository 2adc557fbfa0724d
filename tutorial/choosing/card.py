"""The decision card: the recommendation for a workload, and what would change it, as a page shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from tutorial.choosing.measured_costs import MeasuredCosts
from tutorial.choosing.rules import Recommendation, recommend
from tutorial.choosing.workload import SPANS, WORDS, Network, Workload, Writers

STEPS = (1, 2, 5)
DECADES = range(-3, 7)
ROUND = tuple(step * 10**decade for decade in DECADES for step in STEPS)
NOTES: dict[str, tuple[str, ...]] = {
    "short-polling": (
        "Poll with jitter, and with back-off when the server is in trouble (chapter 2).",
        "Each reader asks by the clock, also when there is nothing new.",
    ),
    "long-polling": (
        "Hold for less than the shortest time-out on the way: 25 seconds is safe (chapter 4).",
        "Over HTTP/1.1 a held request takes one of the browser’s six connections to your host (chapter 12).",
    ),
    "server-sent-events": (
        "Switch buffering off in each proxy, and send a heartbeat (chapters 8 and 12).",
        "Over HTTP/1.1 a stream takes one of the browser’s six connections to your host (chapter 12).",
    ),
    "websocket": (
        "You need your own reconnecting, your own heartbeat and a check of the origin (chapters 6, 7 and 16).",
        "Each proxy on the way must let the upgrade through. Keep long polling to fall back to.",
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What would change the recommendation: an answer, and what it would be then."""

    condition: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A recommendation, with what it was computed from."""

    workload: Workload
    recommendation: Recommendation
    changes: tuple[Change, ...]
    sources: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What to mind with the transport that is recommended."""
        notes = NOTES[self.recommendation.transport]
        http2 = self.workload.network is Network.HTTP2
        return tuple(note for note in notes if not (http2 and note.startswith("Over HTTP/1.1")))

    def to_json(self) -> dict[str, Any]:
        """Return the card as what `json.dumps` takes."""
        taken = self.recommendation
        plain = {"label": taken.label, "notes": self.notes, "recommendation": asdict(taken)}
        given = {"workload": asdict(self.workload), "sources": self.sources}
        return {**given, **plain, "changes": [asdict(change) for change in self.changes]}


def make_card(workload: Workload, measured: MeasuredCosts) -> Card:
    """Return the card for a workload."""
    taken = recommend(workload, measured)
    changes = (*_numbers(workload, measured, taken), *_answers(workload, measured, taken))
    return Card(workload, taken, tuple(changes), measured.sources)


def _numbers(workload: Workload, measured: MeasuredCosts, taken: Recommendation) -> list[Change]:
    """Return, for each number, the nearest round one in both directions that changes the transport."""
    found = []
    for name, span in SPANS.items():
        here = getattr(workload, name)
        steps = [step for step in ROUND if span.least <= step <= span.most]
        below = [step for step in reversed(steps) if step < here]
        for words, way in (("down to", below), ("from", [step for step in steps if step > here])):
            changed = (
                (step, recommend(replace(workload, **{name: step}), measured)) for step in way
            )
            first = next((one for one in changed if one[1].transport != taken.transport), None)
            if first:
                number = f"{first[0]:,g}".replace(",", "\u202f")
                found.append(Change(f"{words} {number} {span.unit}", first[1].label))
    return found


def _answers(workload: Workload, measured: MeasuredCosts, taken: Recommendation) -> list[Change]:
    """Return the other answers about writers and network that change the transport."""
    others: list[tuple[str, Workload]] = [
        *((f"if messages go {WORDS[one]}", replace(workload, writers=one)) for one in Writers),
        *((f"behind {WORDS[one]}", replace(workload, network=one)) for one in Network),
    ]
    answers = [(words, recommend(other, measured)) for words, other in others]
    return [Change(w, other.label) for w, other in answers if other.transport != taken.transport]
