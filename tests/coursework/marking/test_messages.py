"""Sentences are found by id: every id that the code names has one, and is given what it asks for."""

import ast
import string
from pathlib import Path

import pytest

from coursework.checks import sentences as in_this_kernel
from coursework.hand_in import sentences
from coursework.marking.messages import MESSAGES, Note

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [path for package in ("coursework", "autograder") for path in sorted((ROOT / package).rglob("*.py"))]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def named(path: Path):
    """(line, id, names of the values) of each `say("id", ...)` and `Note("id", {...})` of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        message = node.args[0]
        ids = [message.body, message.orelse] if isinstance(message, ast.IfExp) else [message]
        if node.func.id == "say":
            given = {keyword.arg for keyword in node.keywords}
        elif node.func.id == "Note":
            values = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
            given = {key.value for key in values.keys} if isinstance(values, ast.Dict) else None
        else:
            continue
        for each in ids:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield node.lineno, each.value, given


def catalogue(path: Path) -> dict[str, str] | None:
    """Which catalogue a file's `say` and `Note` are of; None where it says things of its own."""
    text = path.read_text(encoding="utf-8")
    if path.parent.name == "hand_in":
        return dict(sentences.SENTENCES)
    if path.parent.name == "checks" and "from .sentences import say\n" in text:
        return dict(in_this_kernel.SENTENCES)
    return MESSAGES if "marking.messages import" in text or "from .messages import" in text else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_id_has_its_sentence_and_what_it_is_filled_in_with(path):
    known = catalogue(path)
    for line, message, given in named(path) if known is not None else ():
        assert message in known, f"{path.name}:{line}"
        assert given is None or fields(known[message]) == given, f"{path.name}:{line}: {message}"


def test_a_note_says_its_sentence_and_what_it_is_about():
    note = Note("left_out", {"name": "'a'", "why": Note("name_taken")})
    assert str(note) == note.sentence == "left out 'a': another file has this name"
    about = Note("byte_order_mark", about="q1.ipynb")
    assert str(about) == "q1.ipynb: a byte order mark was removed" and about.sentence == MESSAGES["byte_order_mark"]
    assert Note("finished") == Note("finished") != Note("finished", about="q1")
    assert str(sentences.Note("too_large", {"megabytes": 32})) == "it is larger than 32 MB"
