"""static/ over HTTP: a browser asks each time, and gets a short 304 when nothing has changed."""

from __future__ import annotations

import mimetypes
from hashlib import sha256
from os.path import isfile
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches
from tornado.web import StaticFileHandler

from tutorial.site.allowed_methods import AllowedMethods
from tutorial.site.security_headers import protect

STATIC = Path(__file__).parents[2] / "static"


class IsFile(PathMatches):
    """Matches the files that are there, by plain names; any other address is a missing page like any other."""

    def __init__(self) -> None:
        super().__init__(r"/static/((?:[\w-]+/)*[\w-]+\.[\w.]+)")

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        found = super().match(request)
        file = STATIC / request.path.removeprefix("/static/")
        return found if found and isfile(file) else None  # `is_file` raises for a name too long


class FileHandler(AllowedMethods, StaticFileHandler):
    """Serves one file."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")
        protect(self)

    def compute_etag(self) -> str | None:
        """Return a tag of date and size; Tornado's own would outlive an edit of the file."""
        assert self.absolute_path is not None
        stat = Path(self.absolute_path).stat()
        return f'"{sha256(f"{stat.st_mtime_ns}:{stat.st_size}".encode()).hexdigest()[:16]}"'

    def get_content_type(self) -> str:
        """Return the type, for scripts always the same: a browser runs no module of another type."""
        assert self.absolute_path is not None
        if self.absolute_path.endswith(".js"):
            return "text/javascript; charset=utf-8"
        return mimetypes.types_map.get(Path(self.absolute_path).suffix, "application/octet-stream")
