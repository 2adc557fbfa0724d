"""Choosing: the decision card as a page that prints on one sheet, and as JSON; the audit of claims as JSON."""

from __future__ import annotations

from typing import Any

from transports.wire import to_json
from tutorial.book.claims import audit
from tutorial.book.measured_numbers import Results
from tutorial.choosing.card import Card, make_card
from tutorial.choosing.measured_costs import measured_costs
from tutorial.choosing.workload import SPANS, WORDS, Network, Unreadable, Workload, Writers
from tutorial.site.allowed_methods import AllowedMethods
from tutorial.site.pages import Page, SiteHandler, make_environment

CHOOSE = Page("/choose", "The decision card", "choose.html")
FIELDS = (*SPANS, "writers", "network")


class ChooseHandler(SiteHandler):
    """`GET /choose?rate=&staleness=&readers=&writers=&network=` → the card for this workload."""

    def get(self) -> None:
        asked = {name: self.get_query_argument(name, "") for name in FIELDS}
        try:
            workload, wrong = Workload.read(asked), ""
        except Unreadable as reason:
            workload, wrong = Workload(), str(reason)
            self.set_status(400)
        card = make_card(workload, measured_costs(Results()))
        if "text/html" in self.request.headers.get("Accept", ""):
            self._show_page(card, wrong)
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(to_json({"wrong": wrong} if wrong else card.to_json()))

    head = get

    def _show_page(self, card: Card, wrong: str) -> None:
        words: dict[str, Any] = {"card": card, "wrong": wrong, "spans": SPANS, "words": WORDS}
        choices = {"writers": tuple(Writers), "network": tuple(Network)}
        self.show(CHOOSE.template, page=CHOOSE, choices=choices, **words)


class ClaimsHandler(AllowedMethods):
    """`GET /claims` → each claim with the verdict that the newest measurements give."""

    def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(to_json({"claims": audit(Results())}))

    head = get


def routes() -> list[tuple[Any, ...]]:
    """Return the card's address, for the application to serve beside the chat."""
    shown = {"environment": make_environment(), "page": CHOOSE}
    return [(r"/choose", ChooseHandler, shown), (r"/claims", ClaimsHandler)]
