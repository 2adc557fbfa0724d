"""Tell a friend from a stranger.

The browser's own answer comes first, because no page can forge it. Where there is none, the whole
of the origin's host and port is compared with ours.
"""

from urllib.parse import urlsplit


def is_friend(method: str, headers: dict[str, str], trusted: frozenset[str]) -> bool:
    """Return whether a request may be answered. Names of headers are in lower case.

    `trusted` has whole origins, such as "https://shop.example".
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is None and origin is None:
        return True
    if site in ("same-origin", "none"):
        return True
    if origin is not None and origin in trusted:
        return True
    if site is None:
        return urlsplit(origin or "").netloc == headers["host"]
    return is_followed_link(method, headers)


def is_followed_link(method: str, headers: dict[str, str]) -> bool:
    """Return whether a person followed a link: the answer is shown, and no page reads it."""
    mode, destination = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return method == "GET" and mode == "navigate" and destination == "document"


def demo() -> None:
    """Let a page of ours and a page of somebody else post."""
    for origin in ("https://chat.example", "https://evil.example"):
        headers = {"host": "chat.example", "origin": origin}
        friend = is_friend("POST", headers, frozenset())
        print(f"{urlsplit(origin).hostname}: {'a friend' if friend else 'a stranger'}")


if __name__ == "__main__":
    demo()
