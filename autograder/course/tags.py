"""The cells of a step and their tags, `# %% check="corners" points=3`, read strictly: an author's slip is a sentence.

Jupytext gives each cell's text, but drops a tag it cannot read and keeps one that nobody knows, without a word. A
model answer whose `written=` is misspelt would go to students as prose. So the cells' own lines are read here, and
whatever fits nothing is a SourceError with file and line, what came, and what fits.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import jupytext

from autograder.errors import SourceError
from coursework.submission import plain

from .strip import BEGIN, END, MARK, has_solution, strip_solution

_EXAMPLES = {  # of each tag, as the errors show it
    "exercise": 'exercise="corners"',
    "library": 'library="detrlab.boxes.cxcywh_to_xyxy"',
    "forbids": 'forbids="torchvision.ops.box_convert"',
    "check": 'check="corners" points=3',
    "points": "points=3",
    "trained": 'trained="my_detr.safetensors"',
    "hints": 'hints="corners"',
    "mistake": 'mistake="corners/half_width"',
    "written": 'written="reason" points=2',
}
_KINDS = {  # a tag that says what a cell is: (its type, the tags it needs, those it may have)
    "exercise": ("code", (), ("library", "forbids")),
    "check": ("code", ("points",), ("trained",)),
    "hints": ("raw", (), ()),
    "mistake": ("raw", (), ()),
    "written": ("markdown", ("points",), ()),
}
_TYPES = {"code": "# %%", "markdown": "# %% [markdown]", "raw": "# %% [raw]"}
_CELL = re.compile(r"# %%(?: |$)")
_LIKE_A_CELL = re.compile(r"\s*#+\s*%%(?![a-z]+(?: [^=]*)?$)")  # but not a magic such as %%time
_TAG = re.compile(r'([A-Za-z_]\w*)=("[^"]*"|[^\s",]+)(?=[\s,]|$)')
_NUMBER = re.compile(r"\d+(\.\d+)?")
_SOLUTION_MARK = re.compile(r"#+\s*(begin|end)\s+solution\b", re.IGNORECASE)
_EDIT = re.compile(r"\s*# EDIT \d of \d: (.*)")  # skeleton.py leaves these to the author
_OPENED = re.compile(r"""\bopen_notebook\(\s*["']([^"']*)["']""")


class _Slip(Exception):
    """An author's slip: the line of the file, and what is wrong there."""

    def __init__(self, line: int, says: str):
        super().__init__(says)
        self.line = line


@dataclass(frozen=True)
class TaggedCell:
    """One cell: its kind ("prose", "code", "setup", or the tag that says what it is), the name there, and its text."""

    kind: str
    name: str
    tags: dict[str, str]
    source: str
    where: str  # its file and line, for whoever finds it wrong


@dataclass
class _Lines:
    """A cell as the file has it: the number of its first line, that line, and the lines below it."""

    line: int
    head: str
    below: list[str] = field(default_factory=list)

    def numbered(self) -> Iterator[tuple[int, str]]:
        return enumerate(self.below, start=self.line + 1)


def read_step(path: Path, opening: Path) -> list[TaggedCell]:
    """The cells of a step's file, but for the one that runs the notebook's opening, which is the file `opening`.

    Raises SourceError with file and line where a cell does not follow the syntax.
    """
    here = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        _verify_edited(text)
        lines = _split(text)
        if path != opening:
            _verify_opens(lines, opening.name)
        texts = _texts(text, lines)
        cells = []
        for cell, source in list(zip(lines, texts, strict=True))[0 if path == opening else 1 :]:
            cell_type, tags, title = _parse_head(cell)
            kind = _kind(cell, cell_type, tags, title)
            if kind == "setup" and path != opening:
                raise _Slip(cell.line, f"a setup stands in {opening.name} alone: drop the word here")
            found = TaggedCell(kind, tags.get(kind, title), tags, source, f"{here}, line {cell.line}")
            _verify(cell, found)
            _verify_opened(cell, path.parent.name)
            cells.append(found)
        if path == opening and not any(cell.kind == "setup" for cell in cells):
            raise _Slip(1, f'no cell is the setup: "# %% setup" with {_opens(path.parent.name)}')
    except _Slip as slip:
        raise SourceError(f"{here}, line {slip.line}: {slip}") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{here}: this is no text in UTF-8: {error}") from None
    return cells


def _opens(notebook: str) -> str:
    return f'____, check, hint = open_notebook("{notebook}")'


def _verify_edited(text: str) -> None:
    left = [
        (number, found[1]) for number, line in enumerate(text.splitlines(), start=1) if (found := _EDIT.match(line))
    ]
    if left:
        raise _Slip(left[0][0], "left to do: " + "; ".join(f"(line {number}) {what}" for number, what in left))


def _split(text: str) -> list[_Lines]:
    """The file's cells; above them stands nothing but the header that Jupytext writes."""
    cells: list[_Lines] = []
    header = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if _CELL.match(line):
            cells.append(_Lines(number, line.rstrip()))
        elif _LIKE_A_CELL.match(line):
            raise _Slip(number, f'{line.strip()!r} begins no cell: a cell begins with "# %% ", on the left')
        elif cells:
            cells[-1].below.append(line)
        elif line == "# ---":
            header += 1
        elif line.strip() and header != 1:
            raise _Slip(number, f'{line.strip()!r} stands above the first cell: begin with "# %%" or "# %% [markdown]"')
    return cells


def _texts(text: str, lines: list[_Lines]) -> list[str]:
    """The cells' texts as a notebook has them."""
    found = jupytext.reads(text, fmt="py:percent").cells
    if len(found) != len(lines):
        for cell, read in zip(lines, found):
            if len(read.source.splitlines()) > len(cell.below):
                raise _Slip(cell.line, "a text in quotes or a fence is open here and swallows the next cell: close it")
        raise _Slip(1, f"Jupytext finds {len(found)} cells where {len(lines)} lines begin one")
    return [cell.source for cell in found]


def _verify_opens(lines: list[_Lines], opening: str) -> None:
    runs = f"# %run -i {opening}"
    first = [line.strip() for line in lines[0].below if line.strip()] if lines else []
    if first != [runs] or lines[0].head.startswith(("# %% [markdown]", "# %% [raw]")):
        raise _Slip(1, f"a step begins with a cell that opens it: # %% and, below, {runs}")


def _parse_head(cell: _Lines) -> tuple[str, dict[str, str], str]:
    """(type, tags, "setup" or "") of a cell's line."""
    rest, cell_type = cell.head[4:].strip(), "code"
    if rest.startswith("["):
        word, _, rest = rest.partition("]")
        cell_type, rest = word[1:], rest.strip()
        if cell_type not in ("markdown", "raw"):
            raise _Slip(cell.line, f"{word}] is no type of cell: [markdown] and [raw] are, and nothing for code")
    if rest == "setup":
        return cell_type, {}, rest
    tags: dict[str, str] = {}
    while rest:
        if not (found := _TAG.match(rest)):
            raise _Slip(cell.line, _unread(rest))
        tag, value = found.groups()
        if tag not in _EXAMPLES:
            raise _Slip(cell.line, _unknown(tag))
        if tag in tags:
            raise _Slip(cell.line, f"{tag}= stands here twice")
        tags[tag] = _value(cell, tag, value)
        rest = rest[found.end() :].strip()
    return cell_type, tags, ""


def _unread(rest: str) -> str:
    """What is wrong with a line that goes on with no tag."""
    if rest.startswith(","):
        return "a comma stands between tags: a blank does, as in " + _EXAMPLES["check"]
    word = rest.split()[0]
    name = re.split(r"\W", word)[0]
    if name in _EXAMPLES:
        return f"{word} is a tag without its value: write {_EXAMPLES[name]}"
    return _unknown(name if "=" in word else word)


def _unknown(word: str) -> str:
    close = get_close_matches(word.lower(), [*_EXAMPLES, "setup"], 1)
    known = f"is {close[0]} meant?" if close else "there are: " + ", ".join((*_EXAMPLES, "setup"))
    return f"there is no tag {word!r}: {known}"


def _value(cell: _Lines, tag: str, value: str) -> str:
    """A tag's value without its quotes, where it fits."""
    if tag == "points":
        if not _NUMBER.fullmatch(value):
            raise _Slip(cell.line, f"points={value} is no number of points: write {_EXAMPLES[tag]}")
        return value
    if value[0] != '"':
        raise _Slip(cell.line, f'{tag}={value} stands in no quotes: write {tag}="{value.strip(chr(39))}"')
    if tag == "trained":
        if not (plain(value[1:-1]) and value[1:-1].endswith(".safetensors")):
            raise _Slip(cell.line, f"{tag}={value} names no weights beside the notebook: write {_EXAMPLES[tag]}")
        return value[1:-1]
    names = {"mistake": value[1:-1].split("/"), "forbids": value[1:-1].replace(",", ".").split(".")}
    parts = names.get(tag, value[1:-1].split(".") if tag == "library" else [value[1:-1]])
    if not all(part.strip().isidentifier() for part in parts) or (tag == "mistake" and len(parts) != 2):
        raise _Slip(cell.line, f"{tag}={value} does not fit: write {_EXAMPLES[tag]}")
    return value[1:-1]


def _kind(cell: _Lines, cell_type: str, tags: dict[str, str], title: str) -> str:
    """What a cell is; raises where its type or its tags do not fit that."""
    kinds = [tag for tag in tags if tag in _KINDS]
    if len(kinds) > 1:
        raise _Slip(cell.line, f"{kinds[0]}= and {kinds[1]}= stand on one cell: make two")
    if not kinds:
        if tags:
            raise _Slip(cell.line, f"{next(iter(tags))}= says nothing by itself: write {_EXAMPLES['check']}")
        if cell_type == "raw":
            raise _Slip(cell.line, "a raw cell is tagged hints= or mistake=")
        if title and cell_type != "code":
            raise _Slip(cell.line, f"a setup is code: write {_TYPES['code']} setup")
        return title or ("prose" if cell_type == "markdown" else "code")
    kind = kinds[0]
    fits, needed, allowed = _KINDS[kind]
    if cell_type != fits:
        raise _Slip(cell.line, f"{kind}= stands on no cell of this type: write {_TYPES[fits]} {_EXAMPLES[kind]}")
    if missing := [tag for tag in needed if tag not in tags]:
        raise _Slip(cell.line, f'{kind}="{tags[kind]}" has no {missing[0]}: write {_EXAMPLES[kind]}')
    if strange := [tag for tag in tags if tag not in (kind, *needed, *allowed)]:
        raise _Slip(cell.line, f"{strange[0]}= does not belong to {kind}=: write {_EXAMPLES[kind]}")
    return kind


def _verify(cell: _Lines, found: TaggedCell) -> None:
    """What stands in the cell fits its kind."""
    if found.kind in ("prose", "written", "hints", "mistake"):
        for number, line in cell.numbered():
            if line.strip() and not line.startswith("#"):
                raise _Slip(number, f"{line.strip()!r} is text, so it begins with #; code has a cell of its own: # %%")
    else:
        _verify_marks(cell, found)
    if found.kind == "check":
        _verify_check(cell, found)
    elif found.kind == "hints":
        if (count := len(hints_of(found.source))) != 3:
            problem = f"three hints are expected (concept, operation, nearly the code), {count} found"
            raise _Slip(cell.line, f"{problem}: each begins with its number, # 1. and so on")
    elif found.kind == "mistake":
        says, line, code = found.source.partition("\n---\n")
        if not (says.strip() and line and code.strip()):
            raise _Slip(cell.line, "a mistake holds a sentence, a line # ---, and the code; one of them is missing")
        above = 2 + says.count("\n")
        if code.startswith("- "):
            for i, change in enumerate(code.splitlines()):
                if change.strip() and not change.startswith(("- ", "+ ")):
                    where = cell.line + above + i + 1
                    raise _Slip(where, f"{change.strip()!r} among replaced lines: they begin with '- ' or '+ '")
        else:
            _syntax(cell, code, above)


def hints_of(text: str) -> list[str]:
    """The hints of a cell, which are numbered."""
    return [" ".join(part.split()) for part in re.split(r"(?m)^\d\.\s+", text) if part.strip()]


def _verify_marks(cell: _Lines, found: TaggedCell) -> None:
    """Every mark of a solution stands in an exercise, is spelt right, and has its partner."""
    begun = 0
    for number, line in cell.numbered():
        marked = _SOLUTION_MARK.search(line)
        if found.kind != "exercise" and (marked or line.rstrip().endswith(MARK)):
            raise _Slip(number, f"{line.strip()!r} marks a solution in a cell that is no exercise: tag it exercise=")
        if not marked:
            continue
        if BEGIN not in line and END not in line:
            raise _Slip(number, f"{line.strip()!r} is no mark: write {BEGIN} or {END}")
        if BEGIN in line and begun:
            raise _Slip(number, f"BEGIN SOLUTION inside the region that line {begun} begins")
        if END in line and not begun:
            raise _Slip(number, "END SOLUTION without BEGIN SOLUTION above it")
        begun = number if BEGIN in line else 0
    if begun:
        raise _Slip(begun, "BEGIN SOLUTION without END SOLUTION below it")
    if found.kind == "exercise" and "library" not in found.tags:
        _syntax(cell, found.source)
        if not has_solution(found.source):
            raise _Slip(cell.line, f"an exercise marks its solution with {BEGIN} or {MARK}; nothing is marked here")
        try:
            strip_solution(found.source)
        except (ValueError, tokenize.TokenError) as error:
            raise _Slip(cell.line, str(error)) from None


def _verify_check(cell: _Lines, found: TaggedCell) -> None:
    tree = _syntax(cell, found.source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if found.name not in functions:
        there = ", ".join(name for name in functions if name != "_") or "none"
        raise _Slip(cell.line, f"it checks {found.name}, without a function of that name: functions here: {there}")
    if not any("check" in ast.unparse(above) for above in functions[found.name].decorator_list):
        line = cell.line + functions[found.name].lineno
        raise _Slip(line, f"{found.name} has no @check in the line above it")
    above = functions[found.name].decorator_list
    said = {key.arg for call in above if isinstance(call, ast.Call) for key in call.keywords} & {"model", "steps"}
    if said != ({"model", "steps"} if "trained" in found.tags else set()):
        example = f"{_EXAMPLES['check']} {_EXAMPLES['trained']}"
        problem = "what is trained is measured with @check(model=..., steps=[(0.5, 2), ...]), and nothing else is"
        raise _Slip(cell.line + functions[found.name].lineno, f"{problem}: {example} and these two belong together")


def _verify_opened(cell: _Lines, notebook: str) -> None:
    for number, line in cell.numbered():
        for name in _OPENED.findall(line):
            if name != notebook:
                raise _Slip(number, f"open_notebook({name!r}) is another notebook's: write {_opens(notebook)}")


def _syntax(cell: _Lines, source: str, above: int = 0) -> ast.Module:
    """The cell's code, which is Python; `above` lines of the cell stand before it."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:  # the second is for a NUL character
        line, what = getattr(error, "lineno", None) or 1, getattr(error, "msg", error)
        raise _Slip(cell.line + above + line, f"this is no Python: {what}") from None
