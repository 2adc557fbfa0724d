"""Allow: a refusal of a method names those that are answered (RFC 9110 §15.5.6)."""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler


class AllowedMethods(RequestHandler):
    """Adds the header to each 405. A handler that answers GET at once says `head = get`."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if status_code == 405:
            unanswered = RequestHandler._unimplemented_method
            methods = [
                m
                for m in self.SUPPORTED_METHODS
                if getattr(type(self), m.lower()) is not unanswered
            ]
            self.set_header("Allow", ", ".join(methods))
        self.show_error(status_code, **kwargs)

    def show_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the body of a refusal."""
        super().write_error(status_code, **kwargs)
