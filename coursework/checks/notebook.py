"""A notebook's checks and hints, as its setup cell opens them:

    ____, check, hint = open_notebook("q1_build")

Beside the notebook lie `q1_build.json` (points, hints, sentences and the values expected on the seeds students see)
and `q1_build.safetensors` (the arrays among those values). Both are plain data, made by the build.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython import get_ipython
from IPython.display import Markdown

from coursework.marking.feedback import earned, judge_runs
from coursework.marking.hidden import unpack_hidden
from coursework.marking.measured import judge_measured
from coursework.marking.messages import say
from coursework.marking.outcome import Outcome
from coursework.marking.stored import Stored, StoredCheck, read_stored
from coursework.marking.verdict import Verdict
from coursework.progress import progress

from .blank import BLANK, Blank
from .guards import InANotebook
from .running import run_check
from .sentences import say as say_here
from .session import Session
from .solutions import read_solutions, source_of
from .trained import measuring

Recorder = dict[str, list[Outcome]]
_recording: tuple[list[int], Recorder, float] | None = None


@contextmanager
def recording(seeds: list[int], jitter: float = 0.0) -> Iterator[Recorder]:
    """While open, a check runs on these seeds and only records its outcomes: {check: [outcome per seed]}.

    Nothing is compared here, so no expected value needs to be in this process.
    """
    global _recording
    record: Recorder = {}
    before = _recording
    _recording = (seeds, record, jitter)
    try:
        yield record
    finally:
        _recording = before


class Check:
    """One exercise's check. Calling it runs the student's code and returns the verdict for the cell to end in."""

    def __init__(
        self,
        notebook: Notebook,
        function: Callable[..., Any],
        parts: dict[str, float] | None = None,
        model: Callable[[], Any] | None = None,
        steps: Iterable[tuple[float, float]] = (),
    ):
        self.name = function.__name__
        self.parts, self.model, self.steps = parts, model, tuple((float(at), float(worth)) for at, worth in steps)
        self._notebook, self._function, self._asked = notebook, function, function
        self.invariants: list[tuple[str, Callable[[Any], bool]]] = []
        self._release = frozenset({notebook.setup, function.__code__.co_filename})
        notebook.declared.add(self.name)

    def must(self, sentence: str) -> Callable:
        """Decorator: `sentence` is what the function tests on a returned value (tensors as tensors); feedback only."""

        def keep(function: Callable[[Any], bool]) -> Callable:
            self.invariants.append((sentence, function))
            return function

        return keep

    def __call__(self, file: str = "") -> Verdict:
        """`file`: of a check that measures trained work, what is handed in; the calls below measure it, too."""
        if file and self.model is not None:
            self._asked = measuring(self._function, self.model, self._notebook.folder / file)
        if _recording is not None:
            seeds, record, jitter = _recording
            record[self.name] = [run_check(self._asked, self.name, seed, jitter, self._release) for seed in seeds]
            self._notebook.session.checked(self.name, "recorded")
            return Verdict(0.0, 0.0, "open", "recorded")
        verdict = self._unjudged() or self._on_visible_seeds()
        self._notebook.session.checked(self.name, verdict.state)
        nothing_to_check_with = not verdict.maximum and verdict.state == "open"
        if not nothing_to_check_with and not _holds_hidden_tests():
            progress.note_check(self._notebook.folder, self._notebook.name, self.name, verdict)
        return verdict

    def _unjudged(self) -> Verdict | None:
        """What is said where the answer's cell did not do what stands in it; an older answer is not judged."""
        lines, data = self._notebook.session.unjudged(self.name), self._notebook.check_data(self.name)
        if not lines or isinstance(data, Verdict):
            return None
        return Verdict(0.0, data.points, "wrong", lines[0], lines[1:])

    def _on_visible_seeds(self) -> Verdict:
        data = self._notebook.check_data(self.name)
        if isinstance(data, Verdict):
            return data
        runs = self._run(data, data.seeds)
        if "NameError" in runs[0].errors and self._notebook.session.has_not_run(self.name):
            return Verdict(0.0, data.points, "open", say_here("not_run"))
        if data.measured:
            return judge_measured(runs, data.measured)
        return judge_runs(runs, data, lambda: self.invariants)

    def _run(self, data: StoredCheck, seeds: list[int]) -> list[Outcome]:
        guards = self._notebook.guards
        with guards.refusing(data.forbids, self._function):
            runs = [run_check(self._asked, self.name, seed, release=self._release) for seed in seeds]
        if guards.missed(data.forbids):  # the answer has imported it just now
            return self._run(data, seeds)
        return runs

    def hidden(self, packed: str) -> Verdict:
        """Points on the seeds and values in `packed` (`coursework.marking.hidden`), for nbgrader's hidden tests.

        What is said comes from the seeds students see, so feedback pages show no hidden value.
        """
        if _recording is not None:
            return self()
        data = self._notebook.check_data(self.name)
        if isinstance(data, Verdict):
            return data
        seeds, expected = unpack_hidden(packed)
        if data.measured:
            return judge_measured(self._run(data, seeds), data.measured)
        visible = self._on_visible_seeds()
        runs = self._run(data, seeds)
        points = earned(runs, expected, visible.maximum, self.parts)
        if points < visible.points:
            return Verdict(points, visible.maximum, "partly" if points else "wrong", say("only_visible"))
        return Verdict(points, visible.maximum, visible.state, visible.title, visible.lines)


def _holds_hidden_tests() -> bool:
    """Is the running cell an instructor's or a grader's? Only a student's progress is kept."""
    shell = get_ipython()
    return shell is not None and ".hidden(" in str(shell.user_ns.get("In", [""])[-1])


class Notebook:
    """The stored data of one notebook; `check` and `hint` are what its cells use."""

    def __init__(self, name: str, folder: Path, setup: str = ""):
        """setup: the file of the cell that opens it, by its own account."""
        self.name, self.folder, self._path = name, folder, folder / f"{name}.json"
        self.setup, self.guards = setup, InANotebook(setup)
        self.session, self.declared = Session(folder / f"{name}.ipynb"), set[str]()
        self._loaded: Stored | None = None
        self._hints_shown: dict[str, int] = {}

    @property
    def data(self) -> Stored | None:
        """What lies beside the notebook, if it is there."""
        if self._loaded is None and self._path.exists():
            self._loaded = read_stored(self._path)
        return self._loaded

    def check_data(self, name: str) -> StoredCheck | Verdict:
        """The stored data of one check, or a verdict that says why there is none."""
        data = self.data
        if data is None:
            return Verdict(0.0, 0.0, "open", say("no_check_data", file=self._path.name))
        if name not in data.checks:
            names = ", ".join(data.checks)
            return Verdict(0.0, 0.0, "open", say("unknown_check", name=name, names=names))
        return data.checks[name]

    def check(
        self,
        function: Callable[..., Any] | None = None,
        *,
        parts: dict[str, float] | None = None,
        model: Callable[[], Any] | None = None,
        steps: Iterable[tuple[float, float]] = (),
    ):
        """Decorator that makes a function of `draw` the check of its own name.

        `parts` {key: points}: the function returns a dict with these keys, and each is judged by itself.
        `model` and `steps` [(threshold, points)]: of trained work. The function of `draw` and a module returns a
        number; the module is what `model()` gives, with the weights in the file that is handed in.
        """
        if function is None:
            return lambda inner: Check(self, inner, parts, model, steps)
        return Check(self, function, parts)

    def waiting_for(self, exercises: tuple[str, ...]) -> list[str]:
        """The titles of those exercises whose checks were not right here; raises ValueError for what is no check."""
        known = {*self.declared, *(self.data.checks if self.data else ())}
        if unknown := [name for name in exercises if name not in known]:
            raise ValueError(
                f"after names {unknown[0]!r}, which is no check of {self.name}: {', '.join(sorted(known))}"
            )
        return self.session.waiting_for(exercises)

    def hint(self, name: str | None = None) -> Markdown:
        """The next of the exercise's hints: the concept, the operation, nearly the code.

        Without a name, it is the exercise above the cell that runs.
        """
        data = self.data
        if data is None:
            return Markdown(say("no_check_data", file=self._path.name))
        whose = ""
        if name is None:
            name = self.session.exercise_above(list(data.hints))
            if name is None:
                return Markdown(say_here("which_hint", first=next(iter(data.hints)), names=", ".join(data.hints)))
            whose = f" · `{name}`"  # a student sees at once where another one is meant
        if name not in data.hints:
            return Markdown(say("unknown_check", name=name, names=", ".join(data.hints)))
        hints = data.hints[name]
        shown = self._hints_shown.get(name, 0)
        if shown == len(hints):
            more = "no_more_hints_but_solution" if source_of(self._path).exists() else "no_more_hints"
            return Markdown(say(more, name=name))
        self._hints_shown[name] = shown + 1
        if _recording is None:
            progress.note_hint(self.folder, self.name, name, shown + 1)
        return Markdown(f"**{say('hint', number=shown + 1, count=len(hints))}{whose}.** {hints[shown]}")

    def solution(self, name: str) -> Markdown:
        """The solution of an exercise, or the model answer of a written one, where the course's sources are there."""
        source = source_of(self._path)
        if not source.exists():
            return Markdown(say("no_solutions", name=name))
        solutions = read_solutions(source)
        if name not in solutions:
            return Markdown(say("unknown_check", name=name, names=", ".join(solutions)))
        kind, text = solutions[name]
        if _recording is None:
            progress.note_solution(self.folder, self.name, name)
        shown = f"```python\n{text}\n```" if kind == "code" else text
        return Markdown(f"**{say('solution', name=name)}**\n\n{shown}")


_opened: Notebook | None = None


def opened() -> Notebook:
    """The notebook that was opened last in this kernel; one without exercises where there is none."""
    return _opened or Notebook("", Path())


def solution(name: str) -> Markdown:
    """For those who learn alone: the solution of an exercise of the notebook that was opened last."""
    return _opened.solution(name) if _opened else Markdown(say("no_notebook"))


def open_notebook(name: str, folder: str | Path = ".") -> tuple[Blank, Callable, Callable]:
    """(____, check, hint) of the notebook called `name`, whose data lie in `folder` (where the notebook is)."""
    global _opened
    setup = sys._getframe(1).f_code.co_filename
    notebook = _opened = Notebook(name, Path(folder).absolute(), setup)
    shell = get_ipython()
    # A grader has no file of the notebook's beside it, so nothing is watched there.
    if shell is not None and notebook.session.cells():
        notebook.session = notebook.session.watch(shell)
    return BLANK, notebook.check, notebook.hint
