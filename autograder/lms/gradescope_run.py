"""In Gradescope's container: one submission, graded as in a class, becomes results.json. Run by `run_autograder`.

Nothing of a student's is run where no sandbox holds: the container keeps students apart from each other, but the
solutions and results.json lie in it, too. What a student reads here is what a feedback page says; what is for the
teacher alone is printed, and `stdout_visibility` hides that from students.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import project_places
from autograder.errors import GradeError
from autograder.intake.align import same_text
from autograder.intake.collect import collect
from autograder.intake.prepare import prepare
from autograder.judge.graded import Graded, graded_from
from autograder.judge.reference import Reference, RunJobs, run_references
from autograder.judge.rerun import get_through
from autograder.sandbox.job import DEFAULT_LIMITS
from autograder.sandbox.levels import SandboxUnavailable, found_level
from autograder.sandbox.pool import Pool
from autograder.sandbox.self_test import level as proven_level
from autograder.terminal import one_line, tell
from coursework.files import write_whole
from coursework.marking.messages import say

SUBMISSION, RESULTS = Path("/autograder/submission"), Path("/autograder/results/results.json")
_NOT_RUN = "Nothing was graded, so 0 is no mark: the autograder does not work here, and your teacher has to look at it."
_MARKS = re.compile(r"([\\`*_{}\[\]()#!|~$>-])")


def grade_folder(folder: Path, assignment: Assignment, run_jobs: RunJobs, seed: int) -> Graded:
    """Grade the submission in `folder`; raises GradeError where the solution itself does not get through."""
    student = folder.parent.name
    prepared = prepare(collect(folder.parent.parent, student, folder.name), assignment)
    references: dict[str, Reference] = {}
    for name in prepared.aligned:
        references |= run_references(assignment, seed, run_jobs, DEFAULT_LIMITS, name)
    seeds = {name: reference.seeds for name, reference in references.items()}
    jobs = prepared.jobs(assignment, seeds, DEFAULT_LIMITS)
    results = {job.notebook: result for job, result in get_through(run_jobs, jobs)}
    return graded_from(prepared, results, references, assignment)


def results(graded: Graded, assignment: Assignment, level: str) -> dict:
    """Gradescope's results.json: a test per graded cell, and above them what was repaired or could not be graded."""
    tests = [
        test
        for number, name in enumerate(assignment.releases, 1)
        for test in _tests(graded, assignment, name, str(number))
    ]
    written = sum(
        points for name in assignment.releases for cell, points in assignment.points(name).items()
        if cell not in assignment.checks[name]
    )  # fmt: skip
    rest = f", and {written:g} that a person gives" if written else ""
    earned, most = (sum(test[key] for test in tests) for key in ("score", "max_score"))
    lines = [f"{earned:g} of {most:g} points{rest}."]
    for name in [*graded.unreadable, *graded.absent]:
        lines.append(f"{name}: {_why_not(graded, name)}")
    if graded.notes:
        lines += [say("repaired"), *(f"- {note}" for note in graded.notes)]
    for name, marked in graded.marked.items():
        if marked.ran_without:
            lines += [f"{name}: {say('cell_stopped')}", *(f"- {note.sentence}" for note in marked.ran_without)]
        if not marked.whole:
            lines.append(f"{name}: {say('run_stopped')} {marked.ended}. {say('run_stopped_kept')}")
    lines.append(f"Sandbox: {level}.")
    return _document(lines, tests)


def _why_not(graded: Graded, name: str) -> str:
    """Why this notebook has no marks; "" where it has."""
    if name in graded.unreadable:
        return f"{say('could_not_grade')} {graded.unreadable[name].sentence}"
    return say("not_handed_in") if name in graded.absent else ""


def _tests(graded: Graded, assignment: Assignment, name: str, number: str) -> Iterator[dict]:
    checks, marked, why = assignment.checks[name], graded.marked.get(name), _why_not(graded, name)
    for place, (cell, maximum) in enumerate(assignment.points(name).items(), 1):
        test = {"name": f"{name}: {cell}", "number": f"{number}.{place}", "score": 0.0, "max_score": 0.0}
        if cell not in checks:  # no points of these tests: Gradescope adds what a person gives in its own questions
            lines = [f"Written: a person reads this, for up to {maximum:g} points."]
            if why or not _is_answered(graded, assignment, name, cell):
                lines.append(why or "No response.")
        elif marked is None:
            test |= {"max_score": maximum, "status": "failed"}
            lines = [why]
        else:
            verdict = marked.verdicts[cell]
            score = marked.scores[cell]
            test |= {"score": score, "max_score": maximum, "status": "passed" if score >= maximum else "failed"}
            lines = [verdict.title, *verdict.lines]
        yield {**test, "output": _markdown(lines), "output_format": "md", "visibility": "visible"}


def _is_answered(graded: Graded, assignment: Assignment, name: str, cell: str) -> bool:
    mine, stub = (
        next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell)
        for notebook in (graded.marked[name].notebook, assignment.releases[name])
    )
    return bool(mine.get("attachments")) or not same_text(mine.source, stub.source)


def not_graded(why: str) -> dict:
    """results.json where nothing of the student's was run."""
    test = {"name": "Not graded", "number": "1", "score": 0.0, "max_score": 0.0, "status": "failed"}
    text = {"output": _markdown([_NOT_RUN]), "output_format": "md", "visibility": "visible"}
    return _document([_NOT_RUN, why], [{**test, **text}])


def _document(lines: list[str], tests: list[dict]) -> dict:
    return {"output": _markdown(lines), "output_format": "md", "stdout_visibility": "hidden", "tests": tests}


def _markdown(lines: list[str]) -> str:
    """These lines as markdown that says what they say: much of a verdict is a student's own text."""
    found = []
    for line in map(one_line, lines):
        item, text = ("- ", line[2:]) if line.startswith("- ") else ("", line)
        text = _MARKS.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))
        found.append(f"{item}{text}")
    return "\n\n".join(found)


def main(arguments: list[str]) -> int:
    """Grade the submission that lies there; with --walls, only say what sandbox this container has."""
    if arguments == ["--walls"]:
        try:
            tell(f"sandbox: {proven_level()}")
        except SandboxUnavailable as error:
            tell(error)
        return 0
    places = project_places()
    (name,) = places.assignments()
    assignment, seed = load_assignment(places, name), secrets.randbits(63)
    try:
        level = found_level()
        with Pool(1, level, assignment.needs) as pool:
            graded = grade_folder(SUBMISSION, assignment, pool.run, seed)
    except SandboxUnavailable as error:
        tell(error)
        found = not_graded(str(error))
    except GradeError as error:
        tell(error)  # of the solution, which is not for students
        found = not_graded("The reason is in the output that teachers see.")
    else:
        tell(f"sandbox: {level}", f"seed: {seed}", *(f"a person should look: {reason}" for reason in graded.review))
        found = results(graded, assignment, str(level))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_whole(RESULTS, json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
