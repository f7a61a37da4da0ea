"""One student's answer to a criterion as the page shows it: its text as safe HTML, above it the step's own output.

Pictures are shown where they are raster, of a size that no browser chokes on; printed text is cut. All of it is a
stranger's: the text goes through the course's filters (feedback/safe_html.py), everything else is a picture or plain.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from enum import StrEnum
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
from nbconvert.filters import strip_ansi
from PIL import Image

from autograder.course.assignment import Assignment
from autograder.course.places import Places
from autograder.feedback.safe_html import markdown_to_html, rendered_markdown, without_metadata
from autograder.feedback.shorten import shorten
from autograder.gradebook.written import Mark
from coursework.marking.messages import say

from .criteria import Written, graded_cell

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp", "BMP": "image/bmp"}
_MOST_PIXELS = 30_000_000
_MOST_BYTES = 8_000_000
_MOST_OUTPUTS = 24
_MOST_TEXT = 4_000  # characters of one printed text
# Attribute by attribute: in another one's value ` src="` begins no source.
_SOURCE = re.compile(r"""(<img(?:\s+[\w-]+=(?:"[^"]*"|'[^']*'))*?\s+src=")(?!data:)([^"]*)(")""")


class Kind(StrEnum):
    """What there is to read of an answer."""

    WRITTEN = "written"
    UNTOUCHED = "untouched"
    NOT_HANDED_IN = "not handed in"
    COULD_NOT_GRADE = "could not grade"


def kind_of(event: dict, notebook: str, mark: Mark) -> Kind:
    """From the student's newest "mark" event in the log and the gradebook; only what is written needs a person."""
    if notebook in event.get("unreadable", ()):
        return Kind.COULD_NOT_GRADE
    if notebook in event.get("absent", ()):
        return Kind.NOT_HANDED_IN
    return Kind.WRITTEN if mark.automatic is None else Kind.UNTOUCHED


def shown(places: Places, assignment: Assignment, student: str, criterion: Written) -> dict[str, Any]:
    """{"html", "outputs"} of an answer; each output is {"picture": data URI} or {"text"}, with "near".

    `near` outputs lie between the written cell before and this one. Raises FileNotFoundError while the student's
    notebooks are being replaced.
    """
    path = _path(places, assignment, student, criterion)
    # The grader's own file, which was validated when it was written: once is enough, and it takes long.
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    cell = graded_cell(notebook, criterion.id[1])
    return {
        "html": _with_files(_html(cell), path.parent) if cell else "",
        "outputs": list(_outputs(notebook, criterion))[-_MOST_OUTPUTS:],
    }


def file_version(places: Places, assignment: Assignment, student: str, criterion: Written) -> str:
    """Another one each time that the student's notebook is written. Raises FileNotFoundError as `shown` does."""
    found = _path(places, assignment, student, criterion).stat()
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def _path(places: Places, assignment: Assignment, student: str, criterion: Written) -> Path:
    return places.autograded / student / assignment.name / f"{criterion.id[0]}.ipynb"


def safe_html(text: str) -> str:
    """The safe HTML of a text in Markdown."""
    return _html(nbformat.v4.new_markdown_cell(text))


def _html(cell: nbformat.NotebookNode) -> str:
    alone = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell)])
    resources: dict[str, Any] = {}
    for step in (without_metadata, shorten):
        alone, resources = step(alone, resources)
    context: Any = {"cell": alone.cells[0], "resources": resources}
    return rendered_markdown(context, markdown_to_html(context, alone.cells[0].source))


def _with_files(html: str, folder: Path) -> str:
    """Safe HTML with the raster files that it shows put into it; of others there is only what they are called."""

    def put(found: re.Match) -> str:
        name = unquote(unescape(found[2]))  # safe HTML names files below the notebook's folder only
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve()) and path.is_file()
        uri = picture_uri(path.read_bytes()) if inside and path.stat().st_size <= _MOST_BYTES else None
        return f"{found[1]}{uri or 'data:,'}{found[3]}"

    return _SOURCE.sub(put, html)


def _outputs(notebook: nbformat.NotebookNode, criterion: Written) -> Iterator[dict[str, Any]]:
    """What the cells of the step printed and drew, above the answer; a student's own cells belong to the one before."""
    above: list[nbformat.NotebookNode] = []
    near, inside = 0, False
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == criterion.id[1]:
            break
        if not cell.get("id", "").startswith("own-"):
            inside = cell.get("id") in criterion.cells
        if inside and cell.cell_type == "code":
            above.append(cell)
        elif inside and name:
            near = len(above)
    for i, cell in enumerate(above):
        for output in cell.get("outputs", ()):
            if part := _part(output):
                yield {**part, "near": i >= near}


def _part(output: nbformat.NotebookNode) -> dict[str, Any] | None:
    if output.output_type == "stream":
        return _text(output.get("text", ""))
    if output.output_type == "error":
        return _text(f"{output.get('ename', '')}: {output.get('evalue', '')}")
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            encoded = data[kind] if isinstance(data[kind], str) else ""
            try:
                uri = picture_uri(base64.b64decode(encoded)) if len(encoded) <= 2 * _MOST_BYTES else None
            except ValueError:
                uri = None
            return {"picture": uri} if uri else None
    plain = data.get("text/plain", "")
    return None if not isinstance(plain, str) or plain.startswith("<") else _text(plain)


def _text(text: str) -> dict[str, Any] | None:
    text = strip_ansi(text[: 2 * _MOST_TEXT]).strip("\n")
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]}\n{say('cut')}"
    return {"text": text} if text.strip() else None


def picture_uri(data: bytes) -> str | None:
    """A raster picture as a data URI; None where it is none, or too large to be shown."""
    try:
        with Image.open(io.BytesIO(data), formats=list(_FORMATS)) as picture:  # its head only: no pixel is decoded
            kind = _FORMATS[picture.format or ""]
            if len(data) > _MOST_BYTES or picture.width * picture.height > _MOST_PIXELS:
                return None
    except Exception:  # a stranger's file may make the reader fail in any way
        return None
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
