"""Every command line of ours that the texts show is one, and every verb there is stands in README or CONTRIBUTING.

Lines are read from code in README, CONTRIBUTING, the handout's README, both Makefiles and all --help texts, and given
to the real parsers. make runs those of its verbs that the texts show without doing anything (`make -n`).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder.__main__
import coursework.__main__
import detrlab.__main__
from tests.imports import OURS, ROOT
from tests.needs import need

PARSERS = {module.__name__.partition(".")[0]: module._parser() for module in (
    autograder.__main__, coursework.__main__, detrlab.__main__,
)}  # fmt: skip
HANDOUT = ROOT / "autograder" / "build" / "handout"
TEXTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), HANDOUT / "README.md")
MAKEFILES = (ROOT / "Makefile", HANDOUT / "Makefile")
_LINE = re.compile(
    rf"(?:^|[@#;(] ?)\s*((?:python -m [\w.]+|make|{'|'.join(f'{name}(?= )' for name in PARSERS)})(?: [^;)]*)?$)"
)


def makefile_of(path: Path) -> Path:
    return MAKEFILES[path.parent == HANDOUT]


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (choices,) = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return choices


def code(text: str) -> Iterator[str]:
    """Lines of fenced blocks, and code between backticks."""
    for i, part in enumerate(re.split(r"(?m)^ *```.*$", text)):
        yield from part.splitlines() if i % 2 else re.findall(r"`([^`\n]+)`", part)


def command(line: str) -> list[str]:
    """The words of a command line of ours, with placeholders in the place of brackets and variables; [] for others."""
    line = line.replace("$(BIN)/", "")
    line = re.sub(r"\$\((\w+)\)|<(\w+)>", lambda found: found[1] or found[2], line)
    if not (found := _LINE.search(re.sub(r"\s+#(?! autograder).*", "", line))):
        return []
    words = shlex.split(found[1].replace("[", "").replace("]", ""))
    return words[2:] if words[:2] == ["python", "-m"] and words[2] in PARSERS else words


def helps() -> Iterator[tuple[str, str]]:
    for name, parser in PARSERS.items():
        yield f"{name} --help", parser.format_help()
        yield from ((f"{name} {verb} --help", each.format_help()) for verb, each in verbs(parser).items())


def shown() -> list[tuple[Path, list[str]]]:
    """(the text or Makefile, the words) of each command line of ours that is shown."""
    lines = [(path, line) for path in TEXTS for line in code(path.read_text(encoding="utf-8"))]
    lines += [
        (path, line.strip().lstrip("@"))
        for path in MAKEFILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("\t")
    ]
    lines += [(ROOT, line) for _, text in helps() for line in code(text)]
    return [(path, words) for path, line in lines if (words := command(line))]


SHOWN = shown()
OF_PROGRAMS = [(path, words) for path, words in SHOWN if words[0] in PARSERS]
OF_MAKE = [(path, words) for path, words in SHOWN if words[0] == "make"]


def targets(makefile: Path) -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):.*##", makefile.read_text(encoding="utf-8")))


def test_lines_of_each_program_are_found():
    assert {words[0] for _, words in SHOWN} == {*PARSERS, "make", "python"}
    without = {ROOT / "docs" / name for name in ("attention.md", "snippets.md")}  # Python alone, a table alone
    assert {path for path, _ in SHOWN} >= {*TEXTS, *MAKEFILES} - without
    assert command("print(address)  # autograder grade 01_detr --scheduler ADDRESS")[:2] == ["autograder", "grade"]
    assert command('@$(BIN)/python -m autograder exercise "$(NAME)"') == ["autograder", "exercise", "NAME"]
    assert command("make lab        # sets everything up; make test") == ["make", "lab"]
    assert command("coursework hand-in [FOLDER]") == ["coursework", "hand-in", "FOLDER"]
    assert (
        command("nbgrader autograde 01_detr") == command("autograder/build/handout") == command("make_class(a)") == []
    )


@pytest.mark.parametrize(
    ("path", "words"), OF_PROGRAMS, ids=lambda part: " ".join(part) if isinstance(part, list) else part.name
)
def test_a_line_that_is_shown_is_understood(path, words, capsys):
    try:
        PARSERS[words[0]].parse_args(words[1:])
    except SystemExit:
        pytest.fail(f"{path}: {' '.join(words)}: {capsys.readouterr().err}")


@pytest.mark.parametrize("verb", ["exersise", "grade", "exercise corners"])
def test_a_line_that_is_wrong_is_not_understood(verb, capsys):
    with pytest.raises(SystemExit):
        PARSERS["autograder"].parse_args(verb.split())


def test_modules_that_are_run_are_there():
    modules = {words[2] for _, words in SHOWN if words[:2] == ["python", "-m"] and words[2].split(".")[0] in OURS}
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()


def test_make_knows_each_verb_that_is_shown():
    for makefile in MAKEFILES:
        mine = [words for path, words in OF_MAKE if makefile_of(path) == makefile]
        assert {verb for _, *rest in mine for verb in rest if "=" not in verb} - targets(makefile) == set()


@pytest.mark.parametrize("makefile", MAKEFILES, ids=lambda path: path.parent.name)
def test_make_would_run_each_line_that_is_shown(makefile):
    for words in {tuple(words) for path, words in OF_MAKE if makefile_of(path) == makefile}:
        run = subprocess.run(
            [*words, "--dry-run", "--old-file=.venv/ready"], cwd=makefile.parent, capture_output=True, text=True
        )
        assert run.returncode == 0, f"{' '.join(words)}: {run.stderr}"


def test_each_verb_is_documented():
    documented = {" ".join(words[:2]) for path, words in SHOWN if path in TEXTS[:2]}
    there = {f"{name} {verb}" for name, parser in PARSERS.items() for verb in verbs(parser)}
    there |= {f"make {target}" for target in targets(MAKEFILES[0]) - {"help"}}  # which `make` alone shows
    assert there - documented == set()
    handed_out = {" ".join(words[:2]) for path, words in SHOWN if path == TEXTS[-1]}
    assert {f"make {target}" for target in targets(MAKEFILES[1]) - {"help"}} - handed_out == set()


def test_help_is_given_for_each_verb(capsys):
    for name, text in helps():
        with contextlib.suppress(SystemExit):
            PARSERS[name.split()[0]].parse_args(name.split()[1:])
        assert capsys.readouterr().out == text and "usage: " in text


def test_the_map_is_the_trees():
    readme = TEXTS[0].read_text(encoding="utf-8")
    drawn = set(re.findall(r"(?m)^(\w+)/ {2,}\S", readme[readme.index("## The map") :]))
    listed = subprocess.run(["git", "ls-files", "*/*"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    need(listed, "this copy is no git checkout")
    assert drawn == {name.split("/")[0] for name in listed if name[0] != "."}


def test_files_that_are_named_are_there():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {
        each for path in TEXTS[:2] for each in code(path.read_text(encoding="utf-8")) if re.fullmatch(r"[\w./]+", each)
    }
    paths = {each for each in named if "/" in each and each.split("/")[0] in folders - {"grading", "build", "dist"}}
    assert len(paths) > 5
    assert {each for each in paths if "02_boxes" not in each and not (ROOT / each).exists()} == set()


def test_debians_packages_are_those_of_ci():
    """What CONTRIBUTING tells to install is what CI installs."""
    said = re.search(r"(?m)^apt-get install ([\w -]+)$", TEXTS[1].read_text(encoding="utf-8"))[1].split()
    ci = re.search(r"apt-get install (?:-\S+ |\\\s+)*([\w -]+) >", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert said == ci[1].split()
