"""Plausible errors: what students really get wrong, written down with the true sentence before a mistake is added.

The errors in tests/plausible are whole cells, in percent files, one for each notebook. A cell's tags:

- `error="corners/size_as_corner"`: the exercise, and what the error is called; the comment above the code is the truth.
- `names="corners/half_width"`: ids of known mistakes that say the same. Commas part those of which any is true of one
  thing that is wrong; ` + ` parts independent things that are wrong at once, each of which is to be named.
- `wants="corners/size_as_corner"`: the same for ids that no source has yet; one that is added there counts as named.
- `passes="why"`: a hole in the check, which gives this answer all points.
- `misnamed="corners/unchanged"`: the known mistake that is told wrongly today.

Each error runs where its exercise stands in the solved notebook, in a fork that no other error sees. What came of it is
written to build/plausible, by exercise.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import jupytext
import nbformat
import pytest

from autograder.build.in_process import Runner, runner
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, model_answers
from coursework.checks.notebook import Notebook, recording
from coursework.marking.feedback import judge_runs
from coursework.marking.messages import say
from coursework.marking.outcome import Outcome
from coursework.marking.stored import StoredCheck
from tests.course.test_course import ROOT, SOURCES, key

PLAUSIBLE = sorted((Path(__file__).resolve().parents[1] / "plausible").glob("*/*.py"))
SECONDS = 60  # for one error on the visible seeds; most take a tenth of one
TAGS = {"error", "names", "wants", "passes", "misnamed", "lines_to_next_cell"}  # the last is jupytext's own
RETURN_MISSING = "return_missing"  # as an id: what every check says to a forgotten `return`

# The share of all errors of which everything that is wrong is named, as measured; to be raised, never lowered.
NAMED = {
    "01_detr-q1_build": 0.93,
    "01_detr-q2_detect_and_attend": 0.900,
    "01_detr-q3_explain": 0.838,
}
VERDICTS = ("named", "named in part", "unnamed", "wrongly named", "passes", "did not end")


@dataclass(frozen=True)
class Error:
    """One plausible error: for each thing that is wrong the ids of which any is true of it, and today's holes."""

    exercise: str
    name: str
    code: str
    wrong: tuple[frozenset[str], ...]
    names: frozenset[str]
    passes: bool
    misnamed: frozenset[str]


@dataclass(frozen=True)
class Judged:
    """What the check says to an error: all points or not, and the ids of the mistakes that it names."""

    right: bool
    named: frozenset[str]

    def verdict_on(self, error: Error) -> str:
        """How well the error is recognised, as one word of the table."""
        if self.right:
            return "passes"
        if self.named - frozenset().union(*error.wrong):
            return "wrongly named"
        hits = [bool(things & self.named) for things in error.wrong]
        return "named" if all(hits) else "named in part" if any(hits) else "unnamed"


def ids(tag: str) -> list[frozenset[str]]:
    """Each thing that is wrong, as the ids that are true of it."""
    return [frozenset(part.replace(",", " ").split()) for part in tag.split("+") if part.strip()]


@cache
def read_errors(path: Path) -> list[Error]:
    """A percent file's cells that are errors."""
    errors = []
    for cell in jupytext.read(path, fmt="py:percent").cells:
        tags = cell.metadata
        if "error" in tags:
            assert set(tags) <= TAGS, tags
            assert cell.source.startswith("# "), f"{tags['error']}: the true sentence is missing"
            names, wants = ids(tags["names"]), ids(tags.get("wants", ""))
            exercise = tags["error"].split("/")[0]
            misnamed = frozenset().union(*ids(tags.get("misnamed", "")))
            wrong = (*names, *wants)
            told = frozenset().union(*names)
            errors.append(Error(exercise, tags["error"], cell.source, wrong, told, "passes" in tags, misnamed))
    return errors


@contextmanager
def deaf_to_threads() -> Iterator[None]:
    """Python warns of a fork beside threads; the child runs this thread only and takes no lock of another's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def answer_in_child(kernel: Runner, cells: list[str], outcomes: dict, name: str, folder: Path, out: Connection) -> None:
    """Run an error's cells on top of what the notebook has done so far, and send what the check gave."""
    os.chdir(folder)  # what one error writes is not read by the next
    outcomes.pop(name, None)
    for cell in cells:
        kernel.run(cell)
    out.send(outcomes[name])


def run_apart(kernel: Runner, cells: list[str], outcomes: dict, name: str, folder: Path) -> list[Outcome] | None:
    """What the check gave for these cells, run in a fork; None where that did not end in time, or died."""
    folder.mkdir()
    fork = multiprocessing.get_context("fork")
    into, out = fork.Pipe(duplex=False)
    child = fork.Process(target=answer_in_child, args=(kernel, cells, outcomes, name, folder, out))
    with deaf_to_threads():
        child.start()
    out.close()
    try:
        return into.recv() if into.poll(SECONDS) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()
        child.close()
        into.close()


def judge_errors(path: Path, folder: Path) -> dict[str, Judged | None]:
    """What each error's check says; None for one that did not end."""
    source = read_source(source_of(path))
    release = ROOT / "notebooks" / source.assignment
    for file in release.glob(f"{source.name}.*"):
        shutil.copy(file, folder)
    stored = Notebook(source.name, release).data
    solved = fill_in(nbformat.read(release / f"{source.name}.ipynb", as_version=4), model_answers(source)[0], {})
    cells = [cell for cell in solved.cells if cell.cell_type == "code"]
    grade_ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in cells]
    judged: dict[str, Judged | None] = {}
    with runner(folder) as kernel, recording(VISIBLE_SEEDS) as outcomes:
        for i, cell in enumerate(cells):
            exercise = grade_ids[i].removesuffix("_code")
            for error in read_errors(path):
                if grade_ids[i] != f"{error.exercise}_code":
                    continue
                up_to_check = [each.source for each in cells[i + 1 : grade_ids.index(exercise) + 1]]
                apart = folder / error.name.replace("/", "-")
                runs = run_apart(kernel, [error.code, *up_to_check], outcomes, exercise, apart)
                judged[error.name] = None if runs is None else said(runs, stored.checks[exercise])
            kernel.run(cell.source)
    return judged


def said(runs: list[Outcome], check: StoredCheck) -> Judged:
    """Which known mistakes' sentences a student reads."""
    verdict = judge_runs(runs, check, list)
    lines = " ".join(verdict.lines)
    named = {mistake.id for mistake in check.mistakes if mistake.says in lines}
    if say("none") in lines or say("returned_none") in lines:
        named.add(RETURN_MISSING)
    return Judged(verdict.state == "right", frozenset(named))


def source_of(path: Path) -> Path:
    """The notebook that a file of errors is about."""
    return next(source for source in SOURCES if key(source) == key(path.with_suffix("")))


def table(errors: list[Error], judged: dict[str, Judged | None]) -> dict[str, dict[str, list[str]]]:
    """{exercise: {verdict: its errors}}."""
    found: dict[str, dict[str, list[str]]] = {}
    for error in errors:
        one = judged[error.name]
        verdict = one.verdict_on(error) if one else "did not end"
        found.setdefault(error.exercise, {}).setdefault(verdict, []).append(error.name.split("/")[1])
    return found


def as_text(found: dict[str, dict[str, list[str]]]) -> str:
    """How many errors of each exercise got which verdict, a line for each exercise."""
    rows = [
        f"{exercise:20}" + "".join(f"{len(row.get(word, ())):14}" for word in VERDICTS)
        for exercise, row in found.items()
    ]
    return "\n".join([f"{'':20}" + "".join(f"{word:>14}" for word in VERDICTS), *rows])


@pytest.mark.parametrize("path", PLAUSIBLE, ids=lambda path: key(path.with_suffix("")))
def test_plausible_errors_lose_points_and_are_named_rightly_or_not_at_all(path: Path, tmp_path: Path):
    errors = read_errors(path)
    judged = judge_errors(path, tmp_path)
    found = table(errors, judged)
    report = ROOT / "build" / "plausible" / f"{key(path.with_suffix(''))}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    count = Counter({word: sum(len(row.get(word, ())) for row in found.values()) for word in VERDICTS})
    print(as_text(found))
    assert set(judged) == {error.name for error in errors}  # none is of an exercise that the notebook has not
    assert {name for name, one in judged.items() if one is None} == set()
    assert {name for name, one in judged.items() if one.right} == {error.name for error in errors if error.passes}
    wrongly = {e.name: judged[e.name].named - frozenset().union(*e.wrong) for e in errors}
    assert {n: told for n, told in wrongly.items() if told} == {e.name: e.misnamed for e in errors if e.misnamed}
    assert count["named"] / len(errors) >= NAMED[key(path.with_suffix(""))]


@pytest.mark.parametrize("path", PLAUSIBLE, ids=lambda path: key(path.with_suffix("")))
def test_each_exercise_has_three_errors_or_more_and_names_only_mistakes_there_are(path: Path):
    source, errors = read_source(source_of(path)), read_errors(path)
    known = {f"{mistake.exercise}/{mistake.name}" for mistake in source.mistakes} | {RETURN_MISSING}
    assert len({error.name for error in errors}) == len(errors)
    assert set().union(*(error.names for error in errors)) <= known
    counts = Counter(error.exercise for error in errors)
    assert set(counts) == set(source.named("exercise"))
    assert min(counts.values()) >= 3


def test_there_are_enough_errors_and_enough_pairs_of_them():
    errors = [error for path in PLAUSIBLE for error in read_errors(path)]
    assert len(errors) >= 140
    assert sum(len(error.wrong) > 1 for error in errors) >= 12
