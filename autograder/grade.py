"""Grading a class: intake, jobs, judge, one writer, and a log that lets an interrupted run go on where it stopped.

Nothing a student handed in is executed here: jobs go to `run_jobs`, which runs them in the sandbox and gives back
values. A student is done when the mark is in the gradebook *and* its line is in the log; whoever has no line is graded
again by --resume, on the same seeds, so the final marks are those of an undisturbed run.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from coursework.submission import shown

from .course.assignment import Assignment, load_assignment
from .course.places import Places
from .errors import GradeError
from .gradebook import by_hand
from .gradebook.log import Log, Run, only_one, versions
from .gradebook.writer import Graded, Writer, open_gradebook
from .intake.collect import HandedIn, collect
from .intake.prepare import Prepared, digest, prepare
from .intake.submitted import misplaced, students, unfit
from .judge.mark import Marked, mark
from .judge.reference import Reference, RunJobs, run_references
from .lms.take_in import archive_folder, take_in, waiting
from .progress import Progress
from .review.copies import pasted
from .review.suspects import suspects
from .sandbox.job import Job, Limits, Result

DEFAULT_LIMITS = Limits()


@dataclass
class Summary:
    """How a run went: counts per status, who needs a person and why, and whether it was interrupted."""

    run: str
    counts: Counter[str] = field(default_factory=Counter)
    review: dict[str, list[str]] = field(default_factory=dict)
    interrupted: bool = False
    left: int = 0


@dataclass(frozen=True)
class Plan:
    """One run: who is graded, on which seed, and the run's name in the log."""

    run: str
    seed: int
    students: list[str]
    resumed: bool


def plan_run(
    places: Places, assignment: Assignment, only: list[str], seed: int | None, *, resume: bool, regrade: bool
) -> Plan:
    """Who is to be graded now: who is new or has changed; with `regrade` all; with `resume` what a run left open."""
    present = students(places.submitted, assignment.name)
    if not present:
        raise _nobody(places, assignment.name)
    unknown = [student for student in only if student not in present]
    if unknown:
        raise GradeError(f"nothing was handed in for {assignment.name} by: {', '.join(unknown)}")
    log = Log(places.log)
    runs = log.runs(assignment.name)
    open_run = runs[-1] if runs and runs[-1].open else None
    if resume:
        if runs and not runs[-1].ended:  # perhaps killed between the last mark and the end
            return _resumed(places, assignment, runs[-1], present)
        raise GradeError(f"no run of {assignment.name} was interrupted; there is nothing to resume")
    if open_run is not None and not regrade:
        who = ", ".join(open_run.open[:3]) + (", ..." if len(open_run.open) > 3 else "")
        raise GradeError(
            f"the run of {open_run.start['at']} was interrupted with {len(open_run.open)} to go ({who}): "
            f"--resume goes on with it, --regrade grades everybody anew"
        )
    wanted = only or present
    if not (regrade or only):
        latest = log.latest(assignment.name)
        wanted = [s for s in present if latest.get(s, {}).get("digest") != _digest_now(places, assignment, s)]
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    return Plan(name, secrets.randbits(63) if seed is None else seed, wanted, resumed=False)


def _nobody(places: Places, name: str) -> GradeError:
    return GradeError(
        f"no student has handed in {name}: expected {places.submitted}/<student>/{name}/, "
        f"or an LMS's download in {archive_folder(places, name)}/"
    )


def _resumed(places: Places, assignment: Assignment, run: Run, present: list[str]) -> Plan:
    changed = [s for s, event in run.marks.items() if event["digest"] != _digest_now(places, assignment, s)]
    todo = [student for student in [*run.open, *changed] if student in present]
    return Plan(run.start["run"], run.start["seed"], todo, resumed=True)


def _digest_now(places: Places, assignment: Assignment, student: str) -> str:
    try:
        return digest(collect(places.submitted, student, assignment.name))
    except Exception:  # an error of our own: `_prepare` says it, with this fingerprint
        return digest(HandedIn(student, assignment.name))


def dry_run(places: Places, name: str, only: list[str]) -> Iterator[Graded]:
    """What intake makes of every submission; nothing is run or written."""
    assignment = load_assignment(places, name)
    present = students(places.submitted, name)
    if not present and not waiting(places, name):
        raise _nobody(places, name)
    for student in only or present:
        prepared = _prepare(places, assignment, student)
        yield _graded(prepared, {}, {}, assignment)


def grade(
    places: Places,
    name: str,
    run_jobs: RunJobs,
    level: str,
    *,
    only: list[str] = [],  # noqa: B006 (never changed)
    seed: int | None = None,
    resume: bool = False,
    regrade: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    say: Callable[[str], None] = print,
) -> Summary:
    """Grade an assignment; raises GradeError before anything is written where it cannot be done."""
    assignment = load_assignment(places, name)
    with only_one(places.records):
        for folder in unfit(places.submitted):
            say(f"left out: {folder} in {places.submitted} cannot be a student's name; rename it")
        for folder in misplaced(places.submitted, places.assignments()):
            say(f"left out: {shown(folder)} has notebooks, which belong into {folder}/{name}/ in {places.submitted}")
        by_hand.notice(places, name)
        take_in(places, name, say)
        plan = plan_run(places, assignment, only, seed, resume=resume, regrade=regrade)
        summary = Summary(plan.run)
        if not plan.students:
            if plan.resumed:
                Log(places.log).append("end", assignment=name, run=plan.run)
            say(f"{name}: every submission is graded already and unchanged (--regrade grades all anew)")
            return summary
        seeds = "the interrupted run's seeds" if plan.resumed else "fresh seeds" if seed is None else f"seeds of {seed}"
        say(f"{name}: running the reference solution and known mistakes on {seeds} ...")
        with open_gradebook(places) as gradebook:
            references = run_references(assignment, plan.seed, run_jobs, limits)
            writer = Writer(places, assignment, gradebook)
            if not plan.resumed:
                _log_start(places, assignment, plan, references, level, limits)
            _Grading(places, assignment, plan, references, limits, writer, summary, level).run(run_jobs)
        if not summary.interrupted:
            Log(places.log).append("end", assignment=name, run=plan.run)
    return summary


def _log_start(
    places: Places, assignment: Assignment, plan: Plan, references: dict[str, Reference], level: str, limits: Limits
) -> None:
    Log(places.log).append(
        "run",
        assignment=assignment.name,
        run=plan.run,
        seed=plan.seed,
        seeds={name: reference.fresh for name, reference in references.items()},
        students=plan.students,
        versions=versions(),
        level=level,
        limits=asdict(limits),
    )


@dataclass
class _Grading:
    """The loop of one run: jobs go out, results come in, a student whose notebooks are all back is written."""

    places: Places
    assignment: Assignment
    plan: Plan
    references: dict[str, Reference]
    limits: Limits
    writer: Writer
    summary: Summary
    level: str
    waiting: dict[str, tuple[Prepared, dict[str, Result]]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)  # students of whom nothing can be run

    def run(self, run_jobs: RunJobs) -> None:
        progress = Progress(len(self.plan.students))
        try:
            with closing(run_jobs(self._jobs())) as finished:
                for job, result in finished:
                    prepared, results = self.waiting[job.student]
                    results[job.notebook] = result
                    if len(results) == len(prepared.aligned):
                        self._finish(job.student, progress)
                    self._finish_idle(progress)
            self._finish_idle(progress)
        except KeyboardInterrupt:
            self.summary.interrupted = True
        finally:
            progress.close()
        self.summary.left = len(self.plan.students) - self.summary.counts.total()

    def _jobs(self) -> Iterator[Job]:
        seeds = {name: reference.seeds for name, reference in self.references.items()}
        for student in self.plan.students:
            prepared = _prepare(self.places, self.assignment, student)
            self.waiting[student] = (prepared, {})
            if not prepared.aligned:
                self.idle.append(student)
            yield from prepared.jobs(self.assignment, seeds, self.limits)

    def _finish_idle(self, progress: Progress) -> None:
        while self.idle:
            self._finish(self.idle.pop(), progress)

    def _finish(self, student: str, progress: Progress) -> None:
        prepared, results = self.waiting.pop(student)
        graded = _graded(prepared, results, self.references, self.assignment)
        try:
            self.writer.save(graded)
        except GradeError:
            raise  # disk or database: nobody's fault, and nobody else can be graded either
        except (
            Exception
        ) as error:  # what this student handed in cannot be kept as it is: a person looks, the run goes on
            why = f"what came back could not be kept ({type(error).__name__}: {error})"
            graded = Graded(student, "could not grade", unreadable=dict.fromkeys(self.assignment.releases, why))
            graded.review, graded.digest, graded.timestamp = [why], prepared.digest, prepared.timestamp
            self.writer.save(graded)
        self._log(graded)
        self.summary.counts[graded.status] += 1
        if graded.review:
            self.summary.review[student] = graded.review
        progress.step(graded.status)

    def _log(self, graded: Graded) -> None:
        Log(self.places.log).append(
            "mark",
            assignment=self.assignment.name,
            run=self.plan.run,
            student=graded.student,
            status=graded.status,
            scores={name: marked.scores for name, marked in graded.marked.items()},
            mistakes={name: marked.mistakes for name, marked in graded.marked.items()},
            ended={name: marked.ended for name, marked in graded.marked.items()},
            cpu_s={name: round(marked.cpu_s, 3) for name, marked in graded.marked.items()},
            wall_s={name: round(marked.wall_s, 3) for name, marked in graded.marked.items()},
            absent=graded.absent,
            unreadable=graded.unreadable,
            notes=graded.notes,
            review=graded.review,
            digest=graded.digest,
            level=self.level,
        )


def _prepare(places: Places, assignment: Assignment, student: str) -> Prepared:
    """Intake of one student; an error of our own is a reason for a person to look, never the end of the run."""
    handed_in = HandedIn(student, assignment.name)
    try:
        handed_in = collect(places.submitted, student, assignment.name)
        return prepare(handed_in, assignment)
    except Exception as error:
        why = f"the grader failed to read it ({type(error).__name__}: {error})"
        return Prepared(
            student,
            unreadable=dict.fromkeys(assignment.releases, why),
            timestamp=handed_in.timestamp,
            digest=digest(handed_in),
        )


def _graded(
    prepared: Prepared, results: dict[str, Result], references: dict[str, Reference], assignment: Assignment
) -> Graded:
    graded = Graded(
        prepared.student,
        "graded",
        unreadable=dict(prepared.unreadable),
        absent=prepared.absent,
        notes=prepared.notes,
        files=prepared.files,
        timestamp=prepared.timestamp,
        digest=prepared.digest,
    )
    for name, result in results.items():
        if not result.outcomes and result.cells and all(cell.status == "not run" for cell in result.cells):
            graded.unreadable[name] = f"it was not run: {result.ended}"  # our failure or theirs, a person finds out
            continue
        try:
            graded.marked[name] = mark(prepared.aligned[name], result, references[name], assignment.checks[name])
        except Exception as error:  # a result is a stranger's too
            graded.unreadable[name] = f"what came back could not be judged ({type(error).__name__}: {error})"
    if not prepared.aligned and not graded.unreadable:
        graded.unreadable = dict.fromkeys(assignment.releases, "no notebook of this assignment was found")
        graded.absent = []
    graded.review = [f"{name}: {why}" for name, why in graded.unreadable.items()]
    graded.review += [f"{name}: {marked.ended}" for name, marked in graded.marked.items() if not marked.whole]
    graded.review += [f"{name}.ipynb was not handed in" for name in graded.absent]
    graded.review += [note for note in graded.notes if " was graded, not " in note]
    graded.review += [f"{name}: {note}" for name, result in results.items() for note in result.notes]
    for name, marked in graded.marked.items():
        graded.review += [f"{name}: {found}" for found in _pointers(name, marked, prepared, assignment)]
    if graded.unreadable:
        graded.status = "could not grade"
    elif graded.notes or graded.absent:
        graded.status = "repaired"
    return graded


def _pointers(name: str, marked: Marked, prepared: Prepared, assignment: Assignment) -> list[str]:
    """What in a student's own lines a person should look at; never a mark, and never the end of the run."""
    try:
        return [
            *pasted(marked.notebook, assignment.releases[name], prepared.files),
            *suspects(marked.notebook, assignment.forbidden(name), prepared.files, assignment.releases[name]),
        ]
    except Exception as error:
        return [f"its code could not be looked at ({type(error).__name__})"]
