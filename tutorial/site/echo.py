"""Echo: what the server received of a request, to the byte, and when. A script in a browser can see neither."""

from __future__ import annotations

import time

from transports.wire import to_json
from tutorial.site.allowed_methods import AllowedMethods


class EchoHandler(AllowedMethods):
    """`GET /echo` → `{"received_at": …, "head_bytes": …, "head": "GET /echo HTTP/1.1…"}`."""

    def get(self) -> None:
        received_at = time.time()
        request = self.request
        lines = [f"{request.method} {request.uri} {request.version}"]
        lines += [f"{name}: {value}" for name, value in request.headers.get_all()]
        head = "\r\n".join([*lines, "", ""])
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        seen = {"received_at": received_at, "head_bytes": len(head.encode()), "head": head}
        self.finish(to_json(seen))

    head = get

    def compute_etag(self) -> str | None:
        return None
