"""A watch on what a page asks for and complains about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

NEAR = {"127.0.0.1", "localhost"}
LOCAL_SCHEMES = {"data", "blob", "file", "about"}


@contextmanager
def watched_page(browser, **options: object) -> Iterator:
    """A new page; at its end no request may have left the machine and no script may have failed."""
    context = browser.new_context(**options)
    page = context.new_page()
    left, failed = [], []

    def note(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in LOCAL_SCHEMES and parts.hostname not in NEAR:
            left.append(address)

    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    context.close()
    assert left == [], "requests left the machine"
    assert failed == []
