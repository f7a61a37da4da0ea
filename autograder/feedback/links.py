"""Links in a student's HTML: to the web, in a tab of its own, and nowhere else.

A relative address leads to a file that the student handed in, or to a command of the server that shows the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from bleach.html5lib_shim import Filter

# With both slashes: a browser takes `http:plot.html` for a relative address.
_AWAY = re.compile(r"https?://|mailto:", re.IGNORECASE)


def leads_away(address: str) -> bool:
    """Is it an absolute address, as it stands in an attribute?"""
    return _AWAY.match(html.unescape(address)) is not None


class InOwnTab(Filter):
    """bleach's filter that opens links in a new tab, which learns nothing of the page it was opened from."""

    def __iter__(self) -> Iterator[dict]:
        for token in super().__iter__():
            if token["type"] in ("StartTag", "EmptyTag") and (None, "href") in token["data"]:
                token["data"] |= {(None, "target"): "_blank", (None, "rel"): "noopener noreferrer"}
            yield token
