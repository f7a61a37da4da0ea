"""`make term`: a whole term with a class of forty, as docs/instructor.md tells it, in a copy of the project.

The manual's own `sh` blocks are what is run, in their order and for real: roster, release, extensions, collecting,
grading, marking in a browser, returning, regrading, the end. The class is the sample class and ten more, with the
troubles that a term brings: a loop without end, a process that ends itself, six who share one text, a folder that
cannot be used, work that comes late. Everything stays in build/term/ to be looked at.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat

from autograder.course.registry import SOLUTIONS, read_registry
from bench.browser import NoBrowser, chromium

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "docs" / "instructor.md"
ASSIGNMENT = read_registry(SOLUTIONS)[0].name  # the one that the manual speaks of
EVERYBODY = [f"s{number:02}" for number in range(1, 41)]
LATE = {"s07": "2026-11-25 10:00:00 UTC", "s08": "2026-11-25 10:00:00 UTC"}  # s07 is given until the 27th
ALIKE = EVERYBODY[30:36]
LOOPS, EXITS, UNUSABLE = "s37", "s38", "s39"
_LOOP, _EXIT = "while True: pass", "import os; os._exit(3)"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def main() -> int:
    """Run the term; returns the exit status."""
    started = time.perf_counter()
    project = ROOT / "build" / "term" / "project"
    shutil.rmtree(project.parent, ignore_errors=True)
    run_term(project, EVERYBODY)
    print(f"\nA term of {len(EVERYBODY)} students in {time.perf_counter() - started:.0f} s. Look at:")
    for path in sorted((project / "grading").glob(f"*-{ASSIGNMENT}*")) + sorted(project.parent.glob("*.png")):
        print(f"  {path.relative_to(ROOT)}")
    print(f"  {(project / 'grading' / 'feedback' / 's03' / ASSIGNMENT / 'index.html').relative_to(ROOT)}")
    return 0


def blocks() -> list[list[str]]:
    """The manual's commands, block by block."""
    return [found[1].strip().splitlines() for found in _BLOCK.finditer(MANUAL.read_text(encoding="utf-8"))]


def run_term(project: Path, students: list[str]) -> None:
    """The whole term in `project`, a folder to be made; raises CalledProcessError at the first command that fails."""
    copy_project(project)
    write_roster(project, students)
    for commands in blocks():
        if any("--dry-run" in command for command in commands):
            hand_in(project, students)
        for command in commands:
            said(project, command)
        if f"autograder grade {ASSIGNMENT}" in commands:
            mark_in_a_browser(project)
        if any(command.startswith("autograder feedback") for command in commands):
            look_at_feedback(project, students[2])


def said(project: Path, command: str) -> str:
    """Run one command of the manual in the copy, show it, and return what it printed."""
    print(f"\n$ {command}", flush=True)
    began = time.perf_counter()
    done = subprocess.run(command, shell=True, cwd=project, env=_environment(project), text=True, capture_output=True)
    text = done.stdout + done.stderr
    lines = text.splitlines()
    for line in lines if len(lines) <= 14 else [*lines[:8], f"... ({len(lines) - 13} lines more)", *lines[-5:]]:
        print(f"  {line}")
    print(f"  ({time.perf_counter() - began:.1f} s)", flush=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, text)
    return text


def _environment(project: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}


def copy_project(project: Path) -> None:
    """What is tracked here, and what is built: nobody's own submissions, marks or notes."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":!tests"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    for built in ("source", "stamps", "course", "expected"):
        shutil.copytree(ROOT / "build" / built, project / "build" / built)
    if (ROOT / "secret.txt").exists():  # else the copy would count as changed
        shutil.copy2(ROOT / "secret.txt", project)


def write_roster(project: Path, students: list[str]) -> None:
    with open(project / "roster.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "first_name", "last_name", "email", "lms_user_id"])
        table.writerows([[s, f"First{s}", f"Last{s}", f"{s}@example.org", 1000 + i] for i, s in enumerate(students)])
    (project / "grading").mkdir(exist_ok=True)


def hand_in(project: Path, students: list[str]) -> None:
    """The sample class under the roster's names, and after the thirtieth the troubles of a term."""
    samples = project.parent / "samples"
    said(project, f"autograder samples {ASSIGNMENT} --into {samples}")
    made = sorted(path for path in samples.iterdir())
    good = samples / "knows_nearly_all"
    for i, student in enumerate(students):
        number = EVERYBODY.index(student)
        source = good if number >= len(made) else made[number]
        target = project / "grading" / "submitted" / student
        shutil.copytree(source, target, symlinks=True)
        work = target / ASSIGNMENT
        if student in LATE:
            (work / "timestamp.txt").write_text(LATE[student])
        if number >= len(made) and student not in ALIKE:
            _write_own_texts(work, i)
        if student in (LOOPS, EXITS):
            _spoil(sorted(work.glob("*.ipynb"))[0], _LOOP if student == LOOPS else _EXIT)
        if student == UNUSABLE:
            (project / "grading" / "autograded").mkdir(exist_ok=True)
            (project / "grading" / "autograded" / student).write_text("A file where this student's folder should be.")
    shutil.rmtree(samples)


def _write_own_texts(work: Path, number: int) -> None:
    for path in work.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for i, cell in enumerate(notebook.cells):
            tags = cell.metadata.get("nbgrader", {})
            if tags.get("solution") and cell.cell_type == "markdown":
                cell.source = f"Student {number} looked at place {i} and found map {(7 * number + i) % 13} the widest."
        nbformat.write(notebook, path)


def _spoil(path: Path, line: str) -> None:
    """The line goes below the first answer."""
    notebook = nbformat.read(path, as_version=4)
    cell = next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code"
    )
    cell.source += f"\n{line}"
    nbformat.write(notebook, path)


def mark_in_a_browser(project: Path) -> None:
    """A person marks three answers by keyboard in the page of `autograder mark`; where no browser is, it is said."""
    command = [sys.executable, "-u", "-m", "autograder", "mark", ASSIGNMENT]
    print(f"\n$ autograder mark {ASSIGNMENT}", flush=True)
    environment = {**_environment(project), "DISPLAY": ""}
    server = subprocess.Popen(command, cwd=project, env=environment, text=True, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        address = next(found[0] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\S+", line)))
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(address)
            page.wait_for_selector("body[data-shown]")
            page.screenshot(path=project.parent / "marking.png")
            for points in ("1", "0", "1"):  # the first criterion is worth one point
                who = page.get_attribute("body", "data-shown").split()[1]
                page.keyboard.press(points)
                page.keyboard.press("Enter")
                page.locator("#message").get_by_text(f"Saved: {who}").wait_for()
            print(f"  {page.inner_text('#count')}")
    except NoBrowser as error:
        print(f"  not opened: {error}")
    finally:
        server.terminate()
        server.wait(timeout=30)


def look_at_feedback(project: Path, student: str) -> None:
    """A picture of what a student gets."""
    page_of = project / "grading" / "feedback" / student / ASSIGNMENT / "index.html"
    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(page_of.as_uri())
            page.screenshot(path=project.parent / "feedback.png", full_page=True)
    except NoBrowser as error:
        print(f"  not opened: {error}")


if __name__ == "__main__":
    sys.exit(main())
