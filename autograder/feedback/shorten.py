"""How much of a student's notebook a page shows: all of any honest one, and of others what renders in a moment.

nbconvert takes minutes for some small texts (thousands of colours, of tags, of unclosed tags). `shorten` is a
preprocessor of its exporter, so that feedback pages and formgrader profit; what was handed in and graded stays whole.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape

import nbformat
from nbconvert.filters import strip_ansi

from coursework.marking.messages import say

MAX_TEXT = 100_000  # characters of a text output
MAX_MARKUP = 50_000  # characters of a cell, or of an output in HTML or Markdown; pictures in it apart
MAX_COLOURS = 1_000  # escape sequences of an output
MAX_PAGE_MARKUP, MAX_PAGE_COLOURS = 300_000, 10_000  # the same of a notebook: many cells cost what one long one does
MAX_TAGS = 2_000
MAX_DEPTH = 200  # tags open at once
MAX_REPEATED = 5_000  # formatting that a parser opens anew in the next paragraph, where its end is missing
_PICTURE = re.compile(r"(data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+)")
# Attributes that `clean_html` drops; the attention explorer keeps a whole page in one.
_UNUSED = re.compile(r"""\sdata-[\w-]+=(?:"[^"]*"|'[^']*')""")
# Comments and tags, where an HTML parser sees them: a quote opens a value behind "=" alone.
_VALUE = r"""(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?"""
_TAG = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|<(/?)([a-zA-Z][^\s/>]*)(?:[^\s/>][^\s/>=]*{_VALUE}|[\s/])*+", re.DOTALL
)
_FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_ALONE = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}  # elements that have no end


@dataclass
class _Room:
    """What a page still has room for."""

    markup: int = MAX_PAGE_MARKUP
    colours: int = MAX_PAGE_COLOURS


def shorten(notebook: nbformat.NotebookNode, resources: dict) -> tuple[nbformat.NotebookNode, dict]:
    """The notebook, changed in place, with its long texts cut (a sentence says so) and wild HTML as escaped text."""
    room = _Room()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            cell.source = _markup(cell.source, room)
            continue
        cell.source = _cut(cell.source, room, "\n# ")
        for output in cell.outputs:
            _shorten_output(output, room)
    return notebook, resources


def _shorten_output(output: nbformat.NotebookNode, room: _Room) -> None:
    if output.output_type == "stream":
        output.text = _text(output.text, room)
    elif output.output_type == "error":
        output.traceback = _text("\n".join(output.traceback), room).split("\n")
    else:
        for mime in output.data:
            if mime in ("text/plain", "text/latex"):
                output.data[mime] = _text(output.data[mime], room)
            elif mime in ("text/html", "text/markdown"):
                output.data[mime] = _markup(output.data[mime], room)


def _text(text: str, room: _Room) -> str:
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n{say('cut')}"
    colours = min(text.count("\x1b"), MAX_COLOURS, room.colours)
    room.colours -= colours
    *coloured, rest = text.split("\x1b", colours)
    if "\x1b" not in rest:
        return text
    rest, *plain = rest.split("\x1b", 1)
    return "\x1b".join([*coloured, rest]) + strip_ansi("\x1b" + plain[0])


def _markup(text: str, room: _Room) -> str:
    """HTML, or Markdown with HTML in it."""
    shown = _cut(text, room, "\n\n")
    return escape(shown, quote=False) if is_wild(shown) else shown


def _cut(text: str, room: _Room, before: str) -> str:
    """As much of the text as there is room for, and where that is not all, `before` and a sentence."""
    limit = min(MAX_MARKUP, room.markup)
    if len(text) <= limit:
        room.markup -= len(text)
        return text
    parts = _PICTURE.split(_UNUSED.sub("", text))  # text and pictures by turns
    kept, left = [], limit
    for i, part in enumerate(parts):
        kept.append(part if i % 2 else part[:left])
        left -= 0 if i % 2 else len(part)
        if left < 0:
            kept.append(before + say("cut"))
            break
    room.markup -= limit - max(left, 0)
    return "".join(kept)


def is_wild(text: str) -> bool:
    """Has this HTML more tags, or more of them open at once, than a parser should be given?"""
    opened: Counter[str] = Counter()
    tags = formatting = repeated = 0
    for found in _TAG.finditer(text):
        end, name = found.groups()
        name = (name or "br").lower()
        if end:
            if opened[name]:
                opened[name] -= 1
                formatting -= name in _FORMATTING
            continue
        tags += 1
        repeated += formatting
        if name not in _ALONE:
            opened[name] += 1
            formatting += name in _FORMATTING
        if tags > MAX_TAGS or repeated > MAX_REPEATED or opened.total() > MAX_DEPTH:
            return True
    return False
