"""Students' HTML made harmless on every page that shows it: feedback, and formgrader in the teacher's own browser.

A script in an answer would run with the rights of whoever opens formgrader, where it could set marks; a class or an id
of formgrader's own would make its script take an answer for a button. `configure` puts filters in the place of
nbconvert's: scripts, forms, frames, handlers, names and calls to servers go, tables, styles and formulas stay, each
piece in a box that it cannot paint outside of. No text makes them fail: what cannot be rendered is shown as it was
written.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import bleach
import nbformat
import nbgrader
import tinycss2
from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters import Highlight2HTML, strip_files_prefix
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

from coursework.marking.messages import say

from .formulas import Room, marked, typeset
from .links import InOwnTab, leads_away
from .shorten import is_wild, shorten

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
_EVERYWHERE = {"title", "style", "role", "align", "dir", "lang"}
_SIZE, _SPAN = re.compile(r"\d{1,4}(?:px|%)?"), re.compile(r"\d{1,2}")
_SIZES = {"img": {"width": _SIZE, "height": _SIZE}, "td": {"colspan": _SPAN, "rowspan": _SPAN}}
_CLASSES = {
    "highlight",
    *STANDARD_TYPES.values(),
}  # of code in colours; no style sheet of the pages knows others of them
_PICTURES = (
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/svg+xml;base64,",
)

# A file beside the page: no scheme, no "..", nothing that a browser could read as the name of a host.
_FILE = re.compile(r"(?:[\w-][\w ()+,.-]*/)*[\w-][\w ()+,.-]*\.(?:png|jpe?g|gif|webp|bmp)", re.IGNORECASE)
_COLOURS = {"rgb", "rgba", "hsl", "hsla"}
_MAX_LENGTH = 2_000  # in a style, of whatever unit
# Nothing in it is painted outside of it, wherever a style puts it: not over formgrader's buttons.
_BOX = '<div style="contain:content;overflow:auto hidden">{}</div>'
_TEMPLATES = (
    Path(__file__).parent / "templates",  # what stands where nbgrader's own load MathJax
    Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates",
)

_HIGHLIGHT = Highlight2HTML(pygments_lexer="ipython3")
_SLOW = re.compile(
    r"[\[\\*_]"
)  # what the parsers of Markdown and links look for the end of, through the rest of the text
_MAX_SLOW = 2_000


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":  # a picture in the page, or a file beside it: never a call to a server
        return value.startswith(_PICTURES) or _is_file(value)
    if tag == "a" and name == "href":
        return leads_away(value)
    if name == "class":
        return set(value.split()) <= _CLASSES
    if size := _SIZES.get("td" if tag == "th" else tag, {}).get(name):
        return size.fullmatch(value) is not None
    return name in _EVERYWHERE or (tag, name) == ("img", "alt")


def _is_file(value: str) -> bool:
    return "&" not in value and _FILE.fullmatch(unquote(value)) is not None


class _Styles(CSSSanitizer):
    def sanitize_css(self, style: str) -> str:
        """The declarations that change looks only: no address, nothing moved out of its place."""
        found = tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True)
        return "; ".join(
            f"{one.lower_name}: {tinycss2.serialize(one.value).strip()}"
            for one in found
            if one.type == "declaration" and one.lower_name in _STYLES and all(map(_is_plain, one.value))
        )


def _is_plain(part: tinycss2.ast.Node) -> bool:
    if part.type in ("number", "dimension", "percentage"):
        return 0 <= part.value <= _MAX_LENGTH
    if part.type == "function":
        return part.lower_name in _COLOURS and all(map(_is_plain, part.arguments))
    return part.type in ("ident", "hash", "string", "whitespace", "literal")


_CLEANER = bleach.Cleaner(
    tags=_TAGS,
    attributes=_allowed,
    protocols=[*bleach.ALLOWED_PROTOCOLS, "data"],  # `data` for pictures only, see above
    css_sanitizer=_Styles(),
    filters=[InOwnTab],
)


@pass_context
def clean_html(context: Context, text: object) -> str:
    """HTML without anything that acts, in a box of its own; what is not allowed is shown as text."""
    room = context.get("resources", {}).setdefault("room for formulas", Room())
    text = text.decode() if isinstance(text, bytes) else str(text)
    try:
        cleaned = typeset(_CLEANER.clean(text), room)
    except Exception:  # a stranger's HTML or style may make the parsers fail in any way
        cleaned = html.escape(text)
    return _BOX.format(cleaned)


class _Renderer(IPythonRenderer):
    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture; a note where it was pasted and is not there, which nbconvert refuses the whole notebook for."""
        name = url.removeprefix("attachment:")
        if name != url and not self.attachments.get(name):
            return html.escape(say("missing_picture", name=name))
        return super().image(text, url, title)

    def inline_math(self, body: str) -> str:
        return marked(f"${body}$")

    def block_math(self, body: str) -> str:
        return marked(f"$${body}$$")

    def latex_environment(self, name: str, body: str) -> str:
        return marked(rf"\begin{{{name}}}{body}\end{{{name}}}")


@pass_context
def markdown_to_html(context: Context, text: str) -> str:
    """nbconvert's first step for Markdown, with its defaults; the text as it is where it cannot be rendered."""
    as_it_is = f"<pre>{html.escape(text)}</pre>"
    if len(_SLOW.findall(text)) > _MAX_SLOW:
        return as_it_is
    try:
        attachments = context.get("cell", {}).get("attachments", {})
        # Without anchor links, for which a heading's text would become its id.
        renderer = _Renderer(escape=False, exclude_anchor_links=True, attachments=attachments)
        page = MarkdownWithMath(renderer=renderer).render(text)
    except Exception:  # a parser that goes too deep, and the like
        return as_it_is
    return as_it_is if is_wild(page) else page


@pass_context
def rendered_markdown(context: Context, text: str) -> str:
    """nbconvert's last step for a markdown cell (links to files), then `clean_html`."""
    return clean_html(context, strip_files_prefix(text) if len(_SLOW.findall(text)) <= _MAX_SLOW else text)


def highlight_code(source: str, metadata: object = None) -> str:
    """Code in colours, as Python, whatever a notebook calls its language: nbconvert makes a class of that."""
    return _HIGHLIGHT(source)


def without_metadata(notebook: nbformat.NotebookNode, resources: dict) -> tuple[nbformat.NotebookNode, dict]:
    """The notebook, changed in place, without what nbconvert's templates write into a page as it is.

    A tag becomes a class, a picture's size an attribute without quotes, a file name the address of a picture. LaTeX
    becomes Markdown, whose formulas are shown as such.
    """
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
        for output in cell.get("outputs", ()):
            if "data" not in output:
                continue
            for mime, more in output.metadata.items():
                sizes = more.items() if isinstance(more, dict) and "/" in mime else ()
                output.metadata[mime] = {key: value for key, value in sizes if type(value) is int}
            if "text/latex" in output.data:
                output.data.setdefault("text/markdown", output.data["text/latex"])
    return notebook, resources


def configure(config) -> None:
    """Put these filters into an nbgrader configuration (formgrader and feedback read the same one)."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.extra_template_basedirs = [str(path) for path in _TEMPLATES]
    config.HTMLExporter.preprocessors = [without_metadata, shorten]
    config.HTMLExporter.filters = {
        "clean_html": clean_html,
        "highlight_code": highlight_code,
        "markdown2html": markdown_to_html,
        "strip_files_prefix": rendered_markdown,
    }
