"""Grading a class: intake, jobs, judge, one writer, and a log that lets an interrupted run go on where it stopped.

Nothing a student handed in is executed here: jobs go to `run_jobs`, which runs them in the sandbox and gives back
values. A student is done when the mark is in the gradebook *and* its line is in the log; whoever has no line is graded
again by --resume, on the same seeds, so the final marks are those of an undisturbed run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from operator import attrgetter

from coursework.marking.messages import Note
from coursework.submission import shown

from .course.assignment import Assignment, load_assignment
from .course.places import Places
from .errors import GradeError
from .gradebook import by_hand, extensions, late
from .gradebook.log import Log, only_one, versions
from .gradebook.opened import Book
from .gradebook.writer import Writer, refuse_other_cells
from .intake.collect import HandedIn, collect, misplaced, unfit, unreadable
from .intake.prepare import Prepared, prepare
from .judge.graded import Graded, Status, could_not_keep, graded_from, without_names
from .judge.reference import Reference, RunJobs, run_references
from .judge.rerun import get_through
from .lms.take_in import take_in
from .plan import Plan, plan_run
from .sandbox.job import DEFAULT_LIMITS, Job, Limits, Result
from .terminal import progress, tell


@dataclass
class Summary:
    """How a run went: counts per status, who needs a person and why, and whether it was interrupted."""

    run: str
    counts: Counter[Status] = field(default_factory=Counter)
    review: dict[str, list[str]] = field(default_factory=dict)
    interrupted: bool = False
    left: int = 0


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
    say: Callable[[str], None] = tell,
) -> Summary:
    """Grade an assignment; raises GradeError before anything is written where it cannot be done."""
    assignment = load_assignment(places, name)
    with only_one(places.records):
        say_left_out(places, name, say)
        with Book(places) as book:
            if gradebook := book.if_there():
                by_hand.notice_in(places, gradebook, name)
            take_in(places, name, book, say)
            plan = plan_run(places, assignment, only, seed, resume=resume, regrade=regrade)
            if gradebook is not None:
                late.follow_dates(places, gradebook, name, plan.unchanged, say)
            summary = Summary(plan.run)
            if plan.unknown:
                say(plan.unknown)
            if not plan.students:
                if plan.resumed:
                    Log(places.log).append("end", assignment=name, run=plan.run)
                say(f"{name}: every submission is graded already and unchanged (--regrade grades all anew)")
                return summary
            seeds = "fresh seeds" if seed is None else f"seeds of {seed}"
            seeds = "the interrupted run's seeds" if plan.resumed else seeds
            say(f"{name}: running the reference solution on {seeds} ...")
            gradebook = book.open()
            refuse_other_cells(assignment, gradebook)
            extensions.read(places)  # what is wrong there is said before anything runs
            references = run_references(assignment, plan.seed, run_jobs, limits)
            # First the log says whose marks are open, for with the writer the gradebook has today's points.
            if not plan.resumed:
                _log_start(places, assignment, plan, references, level, limits)
            writer = Writer(places, assignment, gradebook, plan.written_on)
            _Grading(places, assignment, plan, references, limits, writer, summary, level).run(run_jobs)
        if not summary.interrupted:
            Log(places.log).append("end", assignment=name, run=plan.run)
    return summary


def say_left_out(places: Places, name: str, say: Callable[[str], None]) -> None:
    """What lies in submitted/ and is nobody's submission."""
    for folder in unfit(places.submitted):
        say(f"left out: {folder} in {places.submitted} cannot be a student's name; rename it")
    for folder, why in unreadable(places.submitted).items():
        say(f"left out: {shown(folder)} in {places.submitted} cannot be read ({why})")
    for folder in misplaced(places.submitted, places.assignments()):
        say(f"left out: {shown(folder)} has notebooks, which belong into {folder}/{name}/ in {places.submitted}")


def _log_start(
    places: Places, assignment: Assignment, plan: Plan, references: dict[str, Reference], level: str, limits: Limits
) -> None:
    Log(places.log).append(
        "run",
        assignment=assignment.name,
        run=plan.run,
        seed=plan.seed,
        seeds={name: reference.fresh for name, reference in references.items()},
        students=list(plan.students),
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
        with progress(len(self.plan.students)) as step:
            try:
                with closing(get_through(run_jobs, self._jobs())) as finished:
                    for job, result in finished:
                        prepared, results = self.waiting[job.student]
                        results[job.notebook] = result
                        if len(results) == len(prepared.aligned):
                            self._finish(job.student, step)
                        self._finish_idle(step)
                self._finish_idle(step)
            except KeyboardInterrupt:
                self.summary.interrupted = True
        self.summary.left = len(self.plan.students) - self.summary.counts.total()

    def _jobs(self) -> Iterator[Job]:
        seeds = {name: reference.seeds for name, reference in self.references.items()}
        for student in self.plan.students:
            prepared = prepare_one(self.places, self.assignment, student)
            self.waiting[student] = (prepared, {})
            if not prepared.aligned:
                self.idle.append(student)
            yield from prepared.jobs(self.assignment, seeds, self.limits)

    def _finish_idle(self, step: Callable[[str], None]) -> None:
        while self.idle:
            self._finish(self.idle.pop(), step)

    def _finish(self, student: str, step: Callable[[str], None]) -> None:
        prepared, results = self.waiting.pop(student)
        graded = graded_from(prepared, results, self.references, self.assignment)
        if any(why.id == "not_read" for why in graded.unreadable.values()) and student in self.plan.may_stand:
            self._let_stand(graded)
        else:
            try:
                self.writer.save(graded)
                self._log(graded)
            except GradeError:
                raise  # disk or database: nobody's fault, and nobody else can be graded either
            except Exception as error:  # of what this student handed in, or of where it is kept: the run goes on
                graded = self._not_kept(prepared, error)
        self.summary.counts[graded.status] += 1
        if graded.review:
            self.summary.review[student] = list(map(str, graded.review))
        step(graded.status)

    def _not_kept(self, prepared: Prepared, error: Exception) -> Graded:
        """A person looks; earlier marks of this release stand, and without any it is on record that there are none."""
        graded = could_not_keep(prepared, self.assignment, error)
        if graded.student in self.plan.may_stand:
            self._let_stand(graded)
        else:
            written = False
            with suppress(Exception):  # perhaps not even that can be written
                self.writer.save(graded)
                written = True
            self._log(graded, again=isinstance(error, OSError), written=written)
        return graded

    def _let_stand(self, graded: Graded) -> None:
        """Our own trouble is no reason to lose the marks that there are."""
        graded.review.append(Note("earlier_marks_stand"))
        about = {"assignment": self.assignment.name, "run": self.plan.run, "student": graded.student}
        Log(self.places.log).append("not kept", **about, **_said(review=graded.review))

    def _log(self, graded: Graded, *, again: bool = False, written: bool = True) -> None:
        """On record; with `again` the next run grades it anew, even if what was handed in is the same.

        Where nothing could be written, the gradebook still holds what an earlier event says.
        """
        Log(self.places.log).append(
            "mark",
            assignment=self.assignment.name,
            run=self.plan.run,
            student=graded.student,
            status=graded.status,
            scores={name: marked.scores for name, marked in graded.marked.items()},
            mistakes={name: marked.mistakes for name, marked in graded.marked.items()},
            **_said(ran_without=[note for marked in graded.marked.values() for note in marked.ran_without]),
            **_said(ended={name: marked.ended for name, marked in graded.marked.items()}),
            cpu_s={name: round(marked.cpu_s, 3) for name, marked in graded.marked.items()},
            wall_s={name: round(marked.wall_s, 3) for name, marked in graded.marked.items()},
            absent=graded.absent,
            **_said(unreadable=graded.unreadable, notes=graded.notes, review=graded.review),
            digest="" if again else self.plan.students[graded.student],
            fingerprints=self.assignment.fingerprints if written else {},
            level=self.level,
        )


def _said(**fields: list[Note] | dict[str, Note]) -> dict[str, object]:
    """Fields of the log: each as it reads, for a person, and beside it by ids, for who counts or translates."""
    found: dict[str, object] = {}
    for name, notes in fields.items():
        for field_name, part in ((name, str), (f"{name}_ids", attrgetter("id"))):
            if isinstance(notes, dict):
                found[field_name] = {key: part(note) for key, note in notes.items()}
            else:
                found[field_name] = list(map(part, notes))
    return found


def prepare_one(places: Places, assignment: Assignment, student: str) -> Prepared:
    """Intake of one student; an error of our own is a reason for a person to look, never the end of the run."""
    handed_in = HandedIn(student, assignment.name)
    try:
        handed_in = collect(places.submitted, student, assignment.name)
        return prepare(handed_in, assignment)
    except Exception as error:
        why = Note("not_read", {"error": without_names(error)})
        return Prepared(student, unreadable=dict.fromkeys(assignment.releases, why), timestamp=handed_in.timestamp)
