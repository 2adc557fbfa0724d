"""Tell a friend from a stranger.

Your chat answers its own pages, programs such as curl, and the pages of a few origins that you
trust. It must not answer any other page, although such a page runs in the browser of a person who
may use the chat. The browser says in the headers which page is asking.

Finish `is_friend`. It is called before a request is answered, and before a WebSocket is opened:

1. a request without `sec-fetch-site` and without `origin` comes from a program: a friend;
2. `sec-fetch-site` is the browser's own answer. `same-origin` (our page) and `none` (the address
   bar) are friends. `same-site` and `cross-site` are not, even if there is no `origin`;
3. a browser that sends no `sec-fetch-site` sends `origin`. The page is ours if the host and port in
   it are those of `host`, and both are complete: a name that only looks like ours isn't ours;
4. an origin in `trusted` is a friend. It must be the whole origin: scheme, host and port;
5. a link that a person follows from another site is a friend: method GET, `sec-fetch-mode` is
   `navigate` and `sec-fetch-dest` is `document`. No page can read the answer.

Everything else is a stranger. As it stands, everybody is a friend. Try it:

    python .learner/16_friend_or_stranger.py
"""

from urllib.parse import urlsplit


def is_friend(method: str, headers: dict[str, str], trusted: frozenset[str]) -> bool:
    """Return whether a request may be answered. Names of headers are in lower case.

    `trusted` has whole origins, such as "https://shop.example".
    """
    return True


def demo() -> None:
    """Let a page of ours and a page of somebody else post."""
    for origin in ("https://chat.example", "https://evil.example"):
        headers = {"host": "chat.example", "origin": origin}
        friend = is_friend("POST", headers, frozenset())
        print(f"{urlsplit(origin).hostname}: {'a friend' if friend else 'a stranger'}")


if __name__ == "__main__":
    demo()
