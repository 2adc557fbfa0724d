"""Seven locks for the chat that has none: each overrides one method of `UnlockedHandler`.

The chat of this project has all of them, in other words: see `transports.origins`, `transports.posting`,
`transports.tokens`, `tutorial.site.security_headers`, and static/js/site/element.js.
"""

from __future__ import annotations

from tornado.web import HTTPError

from transports.origins import is_foreign
from tutorial.counterexamples.unlocked_chat import UnlockedHandler


class OriginChecked(UnlockedHandler):
    """Refuses what another origin’s page asks for, a WebSocket too."""

    def prepare(self) -> None:
        if not self.public and is_foreign(self.request, lambda origin: False):
            raise HTTPError(403)
        super().prepare()


class NoOtherOrigins(UnlockedHandler):
    """Sends no CORS header: a browser gives the answer to our own pages alone."""

    def allow_other_origins(self) -> None:
        pass


class JsonOnly(UnlockedHandler):
    """Takes a body only when it is labelled as JSON: a browser asks first whether another origin may send that."""

    def prepare(self) -> None:
        kind = self.request.headers.get("Content-Type", "").partition(";")[0]
        if self.request.method == "POST" and kind != "application/json":
            raise HTTPError(415)
        super().prepare()


class TokenOnly(UnlockedHandler):
    """Lets a member in by what its page shows, and not by what its browser adds to each request."""

    def shown_token(self) -> str | None:
        return self.get_query_argument("token", None)


class TextOnly(UnlockedHandler):
    """Shows a message as text."""

    show = "show_text.js"


class OwnScriptsOnly(UnlockedHandler):
    """Lets the browser run the scripts of our own files, and none that stands in the page."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Security-Policy", "default-src 'self'")


class LogWithoutQuery(UnlockedHandler):
    """Writes down the path of a request, and not what follows the question mark."""

    def write_log_line(self) -> None:
        self.room.access_log.append(f"{self.request.method} {self.request.path}")


LOCKS: dict[str, type[UnlockedHandler]] = {
    "origin": OriginChecked,
    "cors": NoOtherOrigins,
    "json": JsonOnly,
    "token": TokenOnly,
    "text": TextOnly,
    "csp": OwnScriptsOnly,
    "log": LogWithoutQuery,
}
