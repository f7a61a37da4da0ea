"""A stranger's .ipynb as a list of cells: any version, any shape, any damage; repaired, or refused with a reason.

Only what grading needs survives: each cell's kind, text, ids and attachments. Outputs and metadata are a student's
word and are dropped; the release's own metadata take their place (see align.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any

import nbformat

from autograder.sandbox.inside import bounded_json
from coursework.marking.messages import Note

MAX_CELLS = 2_000
MAX_VALUES = 1_000_000  # in the whole file, saved outputs included; a notebook of our course has some thousands
MAX_SOURCE = 4 << 20  # characters in all cells
MAX_OLD = 4 << 20  # bytes of a file in an older format, of which the conversion makes copies
_KINDS = ("code", "markdown", "raw")


class Unreadable(ValueError):
    """The file is no notebook that can be graded; `why` says it to student and teacher."""

    def __init__(self, why: Note):
        super().__init__(why)
        self.why = why


@dataclass
class Cell:
    """One submitted cell: kind, text, nbgrader's grade id and the notebook's cell id (both may be missing)."""

    kind: str
    source: str
    grade_id: str = ""
    cell_id: str = ""
    attachments: dict = field(default_factory=dict)


@dataclass
class Read:
    """A submitted notebook's cells, and what had to be repaired to read them."""

    cells: list[Cell]
    notes: list[Note]


def read_notebook(data: bytes) -> Read:
    """Parse a submitted notebook; raises Unreadable."""
    notes: list[Note] = []
    tree = _parse(_text(data, notes))
    if not isinstance(tree, dict):
        raise Unreadable(Note("not_a_notebook", {"kind": type(tree).__name__}))
    if _is_old(tree):
        tree = _converted(tree, len(data), notes)
    cells = _cells(tree, notes)
    _count(cells)
    if sum(map(_length, cells)) > MAX_SOURCE:  # before it is copied
        raise Unreadable(Note("too_much_text", {"millions": MAX_SOURCE >> 20}))
    read = [cell for cell in (_cell(item, notes) for item in cells) if cell is not None]
    language = _language(tree.get("metadata"))
    if language not in ("", "python"):
        notes.append(Note("foreign_kernel", {"language": repr(language)}))
    return Read(read, list({str(note): note for note in notes}.values()))


def _text(data: bytes, notes: list[Note]) -> str:
    if not data.strip():
        raise Unreadable(Note("empty_file"))
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if data[:3] == b"\xef\xbb\xbf" or encoding == "utf-16":
        notes.append(Note("byte_order_mark"))
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        notes.append(Note("bytes_replaced"))
        return data.decode(encoding, "replace")


def _parse(text: str) -> Any:
    try:
        return bounded_json.load(text, MAX_VALUES)
    except bounded_json.TooManyValues as error:
        raise Unreadable(Note("too_many_values", {"found": str(error)})) from None
    except JSONDecodeError as error:
        at = Note("json_error", {"line": error.lineno, "error": error.msg})
        cause = Note("merge_conflict") if "\n<<<<<<<" in text else at
        raise Unreadable(Note("not_json", {"cause": cause})) from None
    except RecursionError:
        raise Unreadable(Note("nested_deeply")) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise Unreadable(Note("not_json_number", {"error": str(error)[:80]})) from None


def _is_old(tree: dict) -> bool:
    version = tree.get("nbformat")
    return isinstance(version, int) and version < 4


def _converted(tree: dict, size: int, notes: list[Note]) -> dict:
    """The notebook in format 4; what would make the conversion take much memory is refused or put right before."""
    version = tree["nbformat"]
    if size > MAX_OLD:
        raise Unreadable(Note("old_and_large", {"version": version, "millions": MAX_OLD >> 20}))
    sheets = tree.get("worksheets")
    sheets = [sheet for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
    lists = [
        found for found in (tree.get("cells"), *(sheet.get("cells") for sheet in sheets)) if isinstance(found, list)
    ]
    _count([cell for found in lists for cell in found])
    for cell in (cell for found in lists for cell in found if isinstance(cell, dict)):
        level = cell.get("level", 1)
        cell["level"] = min(max(level, 1), 6) if isinstance(level, int) else 1  # becomes as many "#"
    try:
        tree = nbformat.convert(nbformat.from_dict(tree), 4)
    except Exception as error:  # nbformat's converters trust their input and may fail in any way
        raise Unreadable(Note("old_and_broken", {"version": version, "error": str(error)[:200]})) from None
    notes.append(Note("converted", {"version": version}))
    return tree


def _count(cells: list) -> None:
    if len(cells) > MAX_CELLS:
        raise Unreadable(Note("too_many_cells", {"count": f"{len(cells):,}", "most": f"{MAX_CELLS:,}"}))


def _length(item: Any) -> int:
    """Characters of a cell's text."""
    source = item.get("source") if isinstance(item, dict) else None
    lines = source if isinstance(source, list) else [source]
    return sum(len(line) for line in lines if isinstance(line, str))


def _cells(tree: dict, notes: list[Note]) -> list:
    version = tree.get("nbformat")
    if version != 4:
        notes.append(Note("unknown_format", {"version": repr(version)[:20]}))
    cells = tree.get("cells")
    if not isinstance(cells, list):
        raise Unreadable(Note("no_cells"))
    return cells


def _cell(item: Any, notes: list[Note]) -> Cell | None:
    if not isinstance(item, dict):
        notes.append(Note("no_cell"))
        return None
    kind = item.get("cell_type")
    if kind not in _KINDS:
        notes.append(Note("unknown_cell", {"kind": repr(kind)[:20]}))
        kind = "raw"
    source = item.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = item.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = graded.get("grade_id") if isinstance(graded, dict) else None
    return Cell(
        kind,
        _clean(source) if isinstance(source, str) else "",
        grade_id if isinstance(grade_id, str) else "",
        item["id"] if isinstance(item.get("id"), str) else "",
        _attachments(item.get("attachments")),
    )


def _clean(text: str) -> str:
    """The text without halves of characters (lone surrogates), which no file can hold, and with plain line ends."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


def _attachments(found: Any) -> dict:
    """Pictures pasted into a cell: {name: {mime type: base64 text}}; anything else is dropped."""
    if not isinstance(found, dict):
        return {}
    return {
        _clean(name): {
            mime: text for mime, text in kinds.items() if isinstance(text, str) and text.isascii() and "image/" in mime
        }
        for name, kinds in found.items()
        if isinstance(kinds, dict)
    }


def _language(metadata: Any) -> str:
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language", "") if isinstance(kernel, dict) else ""
    return language.lower()[:40] if isinstance(language, str) else ""
