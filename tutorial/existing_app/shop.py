"""The shop: its pages, for customers and for the warehouse. `python -m tutorial.existing_app.shop` serves them.

What it has of the chat is an address and a secret. With the secret it signs a **token**: “a reader that shows this
may read this room, for a while”. Only the shop knows who is signed in; the chat can check a token by itself.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from itsdangerous import URLSafeTimedSerializer
from werkzeug.serving import make_server

from tutorial.existing_app.orders import Orders

CUSTOMERS = ("ann", "bob", "cleo")  # a real shop has passwords
CHAT_CLIENT = Path(__file__).parents[2] / "static" / "js"
ITEMS = ("teapot", "kettle", "tea strainer")

pages = Blueprint("pages", __name__)


def make_shop(database: str, chat: str, secret: str) -> Flask:
    """Make the shop's WSGI application, for a chat that browsers find at `chat` and that has the same `secret`."""
    shop = Flask(__name__)
    shop.config.update(DATABASE=database, CHAT=chat, CHAT_SECRET=secret)
    shop.config.update(SECRET_KEY=f"session {secret}", SESSION_COOKIE_SAMESITE="Lax")
    shop.register_blueprint(pages)
    return shop


@contextmanager
def opened() -> Iterator[Orders]:
    """Open the orders for one request."""
    with closing(Orders(current_app.config["DATABASE"])) as orders:
        yield orders


def customer() -> str:
    """Return the customer who is signed in; nobody is: 401."""
    name: str = session.get("customer") or abort(401)
    return name


@pages.get("/")
def home() -> str:
    """Show customers their orders; others must sign in first."""
    if "customer" not in session:
        return render_template("sign_in.html", customers=CUSTOMERS)
    with opened() as orders:
        mine = orders.of(customer())
    chat = current_app.config["CHAT"]
    return render_template("orders.html", customer=customer(), orders=mine, items=ITEMS, chat=chat)


@pages.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Believe anybody who says a customer's name."""
    if request.form["customer"] not in CUSTOMERS:
        abort(422)
    session["customer"] = request.form["customer"]
    return redirect(url_for("pages.home"))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("pages.home"))


@pages.post("/orders")
def place() -> ResponseReturnValue:
    """Take an order."""
    if request.form["item"] not in ITEMS:
        abort(422)
    with opened() as orders:
        orders.place(customer(), request.form["item"])
    return redirect(url_for("pages.home"))


@pages.get("/token")
def token() -> dict[str, str]:
    """Let the customer's page read the customer's own room of the chat."""
    room = f"user-{customer()}"
    signer = URLSafeTimedSerializer(current_app.config["CHAT_SECRET"], salt="room")
    return {"room": room, "token": signer.dumps(room)}


@pages.get("/chat-client/<path:name>")
def chat_client(name: str) -> ResponseReturnValue:
    """Serve the chat's client as it is, as a shop serves any package that it has installed."""
    return send_from_directory(CHAT_CLIENT, name)


@pages.get("/warehouse")
def warehouse() -> str:
    """Show what is to be shipped."""
    with opened() as orders:
        return render_template("warehouse.html", orders=orders.in_warehouse())


@pages.post("/warehouse/<int:order>")
def ship(order: int) -> ResponseReturnValue:
    """Ship an order. To notify its customer is the outbox's business, and not this function's."""
    with opened() as orders:
        orders.ship(order)
    return redirect(url_for("pages.warehouse"))


def main() -> None:
    """Serve the shop that the command line describes, a thread a request."""
    options = argparse.ArgumentParser(prog="python -m tutorial.existing_app.shop")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--database", default="shop.db")
    options.add_argument("--chat", default="http://127.0.0.1:8888")
    given = options.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    shop = make_shop(given.database, given.chat, os.environ["CHAT_SECRET"])
    make_server("127.0.0.1", given.port, shop, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
