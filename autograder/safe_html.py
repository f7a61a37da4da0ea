"""Students' HTML made harmless on every page that shows it: feedback, and formgrader in the teacher's own browser.

A script in an answer would run with the rights of whoever opens formgrader, where it could set marks. `configure` puts
these two filters in the place of nbconvert's: scripts, forms, frames and handlers go, tables and styles stay.
"""

from __future__ import annotations

import html
import re

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from nbconvert.filters import strip_files_prefix

_MORE_TAGS = """
br caption col colgroup dd del details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr img ins kbd mark p pre q s
samp small span strike sub summary sup table tbody td tfoot th thead tr tt u var
"""
_MORE_STYLES = """
border border-bottom border-collapse border-left border-radius border-right border-top line-height margin margin-bottom
margin-left margin-right margin-top max-height max-width min-width opacity padding padding-bottom padding-left
padding-right padding-top text-decoration
"""
_TAGS = bleach.ALLOWED_TAGS | set(_MORE_TAGS.split())
_STYLES = ALLOWED_CSS_PROPERTIES | set(_MORE_STYLES.split())
_EVERYWHERE = {"class", "id", "title", "style", "role", "align", "dir", "lang"}
_SOME = {"a": {"href", "name"}, "img": {"alt", "width", "height"}, "td": {"colspan", "rowspan"}}
_PICTURES = (
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/svg+xml;base64,",
)


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":  # a picture in the page, or a file beside it: never a call to a server
        return value.startswith(_PICTURES) or not (":" in value or value.startswith("//"))
    if name == "href" and re.sub(r"[\s\x00-\x1f]", "", html.unescape(value)).lower().startswith("data:"):
        return False
    return name in _EVERYWHERE or name in _SOME.get("td" if tag == "th" else tag, ())


_CLEANER = bleach.Cleaner(
    tags=_TAGS,
    attributes=_allowed,
    protocols=[*bleach.ALLOWED_PROTOCOLS, "data"],  # `data` for pictures only, see above
    css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
)


def clean_html(text: object) -> str:
    """HTML without anything that acts; what is not allowed is shown as text."""
    text = text.decode() if isinstance(text, bytes) else str(text)
    return _CLEANER.clean(text)


def rendered_markdown(text: str) -> str:
    """nbconvert's last step for a markdown cell (links to files), then `clean_html`."""
    return clean_html(strip_files_prefix(text))


def configure(config) -> None:
    """Put these filters into an nbgrader configuration (formgrader and feedback read the same one)."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"clean_html": clean_html, "strip_files_prefix": rendered_markdown}
