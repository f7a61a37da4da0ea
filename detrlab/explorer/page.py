"""The explorer as self-contained HTML: no server, no network, it works from a USB stick.

Style, code, picture, queries and keys all stand in the file; rows are rebuilt in the browser. Where scripts do not
run, the static figure shows instead.
"""

from __future__ import annotations

import base64
import html
import json

from detrlab.explorer.front_end import joined, style
from detrlab.explorer.payload import Payload

STYLES = ("explorer.css", "controls.css", "masks.css", "caption.css")  # of every page
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 12px; background: light-dark(#fff, #16191d); }}
#explorer {{ margin: 0 auto; }}
#explorer > img {{ max-width: 100%; }}
{style}
</style>
</head>
<body>
<main id="explorer">{instead}</main>
<script type="application/json" id="meta">{meta}</script>
<script type="text/plain" id="data">{data}</script>
<script type="text/plain" id="picture">{picture}</script>
<script type="module">
{code}
</script>
</body>
</html>
"""
# The figure brings the page along and opens it when it is shown. A sanitiser takes such attributes away and leaves the
# figure; so does a reader that runs no scripts. The page then takes the figure's place (static/open_page.js).
EMBEDDED = '<div><img alt="{alt}" src="{figure}" data-page="{page}" onload="{open}"></div>'
OPEN = """this.onload = null;
const frame = document.createElement('iframe');
frame.title = this.alt;
frame.style.cssText = 'width: 100%; height: 0; border: 0';
frame.srcdoc = this.dataset.page;
this.after(frame);"""


def page_html(payload: Payload, figure: bytes, title: str, entry: str) -> str:
    """A whole page. payload: with whole=True; figure: a PNG file for readers without scripts; entry: its module."""
    return _page(payload, f'<img alt="{html.escape(title)}" src="{_address(figure)}">', title, entry)


def embedded_html(payload: Payload, figure: bytes, title: str, entry: str) -> str:
    """The explorer as a piece of a larger page, such as an exported notebook, in a frame of its own."""
    page = html.escape(_page(payload, "", title, entry))
    return EMBEDDED.format(alt=html.escape(title), figure=_address(figure), page=page, open=html.escape(OPEN))


def _page(payload: Payload, instead: str, title: str, entry: str) -> str:
    assert payload.meta["whole"], "a page has nobody to ask for rows"
    return PAGE.format(
        title=html.escape(title),
        instead=instead,
        style=style(*STYLES),
        code=joined(entry),
        # "<" could end the script's text, if a class is called "</script>".
        meta=json.dumps(payload.meta, separators=(",", ":")).replace("<", "\\u003c"),
        data=_base64(payload.data),
        picture=_base64(payload.picture),
    )


def _address(figure: bytes) -> str:
    return f"data:image/png;base64,{_base64(figure)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
