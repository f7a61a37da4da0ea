"""A last line of defence before students get a notebook: nothing in it, or in the data beside it, gives an answer away.

The marks of solutions are gone, no cell holds all the statements that a stub lacks, and no model answer's sentence
stands anywhere. The library is exempt: what it holds of answers is forbidden by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

import nbformat

from autograder.course.source import SourceNotebook
from autograder.course.strip import BEGIN, END, MARK, strip_solution
from autograder.errors import SourceError

_LEAST = 30  # characters without spaces: shorter statements are written by anybody who writes about the step
_SENTENCE = re.compile(r"[.!?:]\s+|\n\s*\n")
_WORDS = 8  # of a sentence that only the model answer would hold


def refuse_released(notebooks: Iterable[SourceNotebook], files: Mapping[str, bytes]) -> None:
    """Raise SourceError where a file that students are to get, or a cell of it, gives away an answer of these."""
    texts: dict[str, str] = {}
    for name, data in files.items():
        if name.endswith(".ipynb"):
            for i, cell in enumerate(nbformat.reads(data.decode(), as_version=4).cells):
                texts[f"{name}, cell {i + 1} ({cell.get('id', '')})"] = cell.source
        elif name.endswith(".json"):
            texts[name] = data.decode()
    for notebook in notebooks:
        refuse_given_away(notebook, texts)


def refuse_source(notebook: SourceNotebook) -> None:
    """The same of a source, before it is built: what students would get of its cells, hints and sentences."""
    texts = {
        f"{notebook.name}/{cell.step}.py, the cell {cell.name or cell.source.strip().partition(chr(10))[0][:60]!r}": (
            strip_solution(cell.source) if cell.kind == "exercise" else cell.source
        )
        for cell in notebook.cells
        if cell.kind != "written"
    }
    for name, hints in notebook.hints.items():
        texts[f"{notebook.name}: the hints of {name}"] = "\n\n".join(hints)
    for mistake in notebook.mistakes:
        texts[f"{notebook.name}: the sentence of {mistake.message_id}"] = mistake.says
    refuse_given_away(notebook, texts)


def refuse_given_away(notebook: SourceNotebook, texts: Mapping[str, str]) -> None:
    """Raise SourceError where one of these texts (by where each stands) gives an answer of the notebook away."""
    secrets = [(f"the solution of {name}", _lost(cell.source)) for name, cell in notebook.named("exercise").items()]
    secrets += [
        (f"the model answer of {name}", [sentence])
        for name, cell in notebook.named("written").items()
        for sentence in _SENTENCE.split(cell.source)
        if len(sentence.split()) >= _WORDS
    ]
    packed = [(whose, [_packed(part) for part in parts]) for whose, parts in secrets]
    for where, text in texts.items():
        if mark := next((mark for mark in (BEGIN, END) if mark in text), None):
            raise SourceError(f"{where}: it holds {mark!r}, the mark of a solution, and was to be released")
        if any(line.rstrip().endswith(MARK) for line in text.splitlines()):
            raise SourceError(f"{where}: a line ends in {MARK!r}, the mark of a solution, and was to be released")
        found = _packed(text)
        for whose, parts in packed:
            if sum(map(len, parts)) >= _LEAST and all(part in found for part in parts):
                raise SourceError(f"{where}: it gives away {whose}: {secrets[packed.index((whose, parts))][1][0]!r}")


def _lost(solution: str) -> list[str]:
    """The statements that are in a solution and not in what students get of it."""
    given = set(_statements(strip_solution(solution)))
    return [statement for statement in dict.fromkeys(_statements(solution)) if statement not in given]


def _statements(source: str) -> list[str]:
    """Simple statements as they are written; of one that holds others, nothing but these."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    return [text for node in nodes if (text := ast.get_source_segment(source, node))]


def _packed(text: str) -> str:
    return "".join(text.split())
