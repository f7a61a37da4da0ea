"""Formulas as MathML, written into a page: no script draws them, and nothing is fetched.

`latex2mathml` reads the formula and is not trusted with a stranger's: it knows macros, which may grow without end, and
attributes such as `style`, and its own `convert` lets "<" through. So a formula may use known commands only, and the
elements it becomes are written here, every text escaped. What cannot be converted stays as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml import commands
from latex2mathml.converter import convert_to_element
from latex2mathml.symbols_parser import convert_symbol

MAX_FORMULA = 1_000  # characters
MAX_IN_PAGE = 30_000  # characters of all its formulas: MathML is some thirty times as long
MAX_DEPTH = 40  # elements in elements: deeper ones take a browser long

_MARK = '<code role="math">{}</code>'  # what `marked` leaves and `typeset` finds, with a sanitizer in between
_MARKED = re.compile(_MARK.format("([^<]*)"))
_DISPLAY = re.compile(r"\$\$(.*)\$\$|(\\begin.*)", re.DOTALL)
_COMMANDS = r"""
\left \middle \right \frac \dfrac \tfrac \cfrac \binom \sqrt \overset \underset \stackrel \substack \bar \dot \ddot
\hat \tilde \vec \widehat \widetilde \overline \underline \overbrace \underbrace \overrightarrow \overleftarrow
\xrightarrow \xleftarrow \text \textbf \textit \textrm \texttt \mbox \operatorname \mathop \mathbin \mathrel
\mathbb \mathbf \mathcal \mathfrak \mathit \mathrm \mathscr \mathsf \mathtt \boldsymbol \bm \limits \nolimits
\displaystyle \textstyle \argmax \argmin \det \gcd \limsup \liminf \Pr \bmod \pmod \quad \qquad \space \hline
\nonumber \begin \end \arg \\
"""
_KNOWN = {
    *commands.FUNCTIONS,
    *commands.BIG,
    *commands.BIG_OPEN_CLOSE,
    *commands.LIMIT,
    *_COMMANDS.split(),
}
_ENVIRONMENTS = {
    **{name: name for name in ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "array", "cases")},
    **dict.fromkeys(("align", "align*", "aligned", "split", "eqnarray", "eqnarray*"), "align*"),
    **dict.fromkeys(("equation", "equation*", "gather", "gather*", "gathered"), "displaylines"),
}
_COMMAND = re.compile(r"\\\\|\\[A-Za-z]+")
_ARG = re.compile(r"\\arg(?![A-Za-z])")  # the one function that latex2mathml does not know
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^{}]*)\}")
_TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mpadded", "mphantom", "mfrac", "msqrt", "mroot"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}
_COUNTS = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_ATTRIBUTES = {
    *("display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form", "accent", "movablelimits"),
    *("largeop", "minsize", "maxsize", "lspace", "rspace", "width", "height", "depth", "linethickness"),
}
_STYLES = {  # what browsers know as CSS alone
    ("columnalign", "left"): "text-align:left",
    ("columnalign", "right"): "text-align:right",
    ("mathvariant", "bold"): "font-weight:bold",
    ("mathvariant", "bold-italic"): "font-weight:bold",
    ("mathvariant", "monospace"): "font-family:monospace",
    ("mathvariant", "sans-serif"): "font-family:sans-serif",
}
_VALUE = re.compile(r"[\w.+%-]{1,20}")
_NAME = re.compile("[A-Za-z\u2006\u2009]{2,}")
_REFERENCE = re.compile(r"&#x[0-9A-Fa-f]+;")  # how latex2mathml writes a symbol, as text


def marked(formula: str) -> str:
    """HTML of a formula in its delimiters, for `typeset` to find."""
    return _MARK.format(escape(formula, quote=False))


@dataclass
class Room:
    """How many characters of formulas a page still has room for."""

    left: int = MAX_IN_PAGE


def typeset(html: str, room: Room) -> str:
    """Sanitized HTML with the marked formulas as MathML; those that cannot be converted stay as code."""

    def mathml(found: re.Match) -> str:
        room.left -= len(found[1])
        return (room.left >= 0 and _mathml(unescape(found[1]))) or f"<code>{found[1]}</code>"

    return _MARKED.sub(mathml, html)


@lru_cache(1_000)  # a course's own formulas are on every student's page
def _mathml(formula: str) -> str | None:
    """A formula in its delimiters as MathML, or None."""
    display = _DISPLAY.fullmatch(formula)
    text = (display[1] or display[2] or "") if display else formula.removeprefix("$").removesuffix("$")
    if len(text) > MAX_FORMULA or not all(map(_is_known, _COMMAND.findall(text))):
        return None
    try:
        text = _ARG.sub(r"\\operatorname{arg}", text)
        text = _ENVIRONMENT.sub(lambda found: rf"\{found[1]}{{{_ENVIRONMENTS[found[2]]}}}", text)
        return _written(convert_to_element(text, display="block" if display else "inline"))
    except Exception:  # what is no formula makes the converter fail in any way
        return None


def _is_known(command: str) -> bool:
    return command in _KNOWN or convert_symbol(command) is not None


def _written(element: Element, depth: int = 0) -> str:
    if element.tag not in _TAGS or len(element) != _COUNTS.get(element.tag, len(element)) or depth > MAX_DEPTH:
        raise ValueError(element.tag)
    attributes = {name: value for name, value in element.items() if name in _ATTRIBUTES and _VALUE.fullmatch(value)}
    attributes.update(("style", _STYLES[pair]) for pair in element.items() if pair in _STYLES)
    text = escape(_REFERENCE.sub(lambda found: unescape(found[0]), element.text or ""))
    children = "".join(_written(child, depth + 1) for child in element)
    tag = element.tag
    if tag in ("mi", "mo") and _NAME.fullmatch(text):  # "log x", not "logx" as of two variables
        tag, attributes = "mo", attributes | {"form": "prefix", "lspace": "0.167em", "rspace": "0.1em"}
    start = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{start}>{text}{children}</{tag}>"
