"""Students' HTML made harmless on every page that shows it: feedback, and formgrader in the teacher's own browser.

A script in an answer would run with the rights of whoever opens formgrader, where it could set marks. `configure` puts
filters in the place of nbconvert's: scripts, forms, frames and handlers go, tables and styles stay. No text makes
them fail: what cannot be rendered is shown as it was written.
"""

from __future__ import annotations

import html
import re

import bleach
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from detrlab.marking.messages import say

from .links import InOwnTab, leads_away
from .on_page import is_wild, shorten

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

_SLOW = re.compile(
    r"[\[\\*_]"
)  # what the parsers of Markdown and links look for the end of, through the rest of the text
_MAX_SLOW = 2_000


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":  # a picture in the page, or a file beside it: never a call to a server
        return value.startswith(_PICTURES) or not (":" in value or value.startswith("//"))
    if name == "href" and not leads_away(value):
        return False
    return name in _EVERYWHERE or name in _SOME.get("td" if tag == "th" else tag, ())


_CLEANER = bleach.Cleaner(
    tags=_TAGS,
    attributes=_allowed,
    protocols=[*bleach.ALLOWED_PROTOCOLS, "data"],  # `data` for pictures only, see above
    css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
    filters=[InOwnTab],
)


def clean_html(text: object) -> str:
    """HTML without anything that acts; what is not allowed is shown as text."""
    text = text.decode() if isinstance(text, bytes) else str(text)
    try:
        return _CLEANER.clean(text)
    except Exception:  # a stranger's HTML or style may make the parsers fail in any way
        return html.escape(text)


class _Renderer(IPythonRenderer):
    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture; a note where it was pasted and is not there, which nbconvert refuses the whole notebook for."""
        name = url.removeprefix("attachment:")
        if name != url and not self.attachments.get(name):
            return html.escape(say("missing_picture", name=name))
        return super().image(text, url, title)


@pass_context
def markdown_to_html(context: Context, text: str) -> str:
    """nbconvert's first step for Markdown, with its defaults; the text as it is where it cannot be rendered."""
    as_it_is = f"<pre>{html.escape(text)}</pre>"
    if len(_SLOW.findall(text)) > _MAX_SLOW:
        return as_it_is
    try:
        attachments = context.get("cell", {}).get("attachments", {})
        page = MarkdownWithMath(renderer=_Renderer(escape=False, attachments=attachments)).render(text)
    except Exception:  # a parser that goes too deep, and the like
        return as_it_is
    return as_it_is if is_wild(page) else page


def rendered_markdown(text: str) -> str:
    """nbconvert's last step for a markdown cell (links to files), then `clean_html`."""
    return clean_html(strip_files_prefix(text) if len(_SLOW.findall(text)) <= _MAX_SLOW else text)


def configure(config) -> None:
    """Put these filters into an nbgrader configuration (formgrader and feedback read the same one)."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.preprocessors = [shorten]
    config.HTMLExporter.filters = {
        "clean_html": clean_html,
        "markdown2html": markdown_to_html,
        "strip_files_prefix": rendered_markdown,
    }
