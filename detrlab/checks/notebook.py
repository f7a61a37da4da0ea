"""A notebook's checks and hints, as its setup cell opens them:

    ____, check, hint = open_notebook("q1_build")

Beside the notebook lie `q1_build.json` (points, hints, sentences and the values expected on the seeds students see)
and `q1_build.safetensors` (the arrays among those values). Both are plain data, made by the build.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from IPython import get_ipython
from IPython.display import Markdown

from . import progress
from .blank import BLANK, Blank
from .draw import Draw
from .feedback import earned, judge_runs
from .messages import say
from .outcome import Outcome, run_check
from .solutions import read_solutions, source_of
from .verdict import Verdict

Recorder = dict[str, list[Outcome]]
_recording: tuple[list[int], Recorder, float] | None = None


@contextmanager
def recording(seeds: list[int], jitter: float = 0.0) -> Iterator[Recorder]:
    """While open, a check runs on these seeds and only records its outcomes: {check: [outcome per seed]}.

    Nothing is compared here, so no expected value needs to be in this process.
    """
    global _recording
    before, record = _recording, {}
    _recording = (seeds, record, jitter)
    try:
        yield record
    finally:
        _recording = before


class Check:
    """One exercise's check. Calling it runs the student's code and returns the verdict for the cell to end in."""

    def __init__(self, notebook: Notebook, function: Callable[[Draw], Any], parts: dict[str, float] | None):
        self.name = function.__name__
        self.parts = parts
        self._notebook, self._function = notebook, function
        self._invariants: list[tuple[str, Callable[[Any], bool]]] = []

    def must(self, sentence: str) -> Callable:
        """Decorator: `sentence` is what the function tests on a returned value (tensors as tensors); feedback only."""

        def keep(function: Callable[[Any], bool]) -> Callable:
            self._invariants.append((sentence, function))
            return function

        return keep

    def __call__(self) -> Verdict:
        if _recording is not None:
            seeds, record, jitter = _recording
            record[self.name] = [run_check(self._function, self.name, seed, jitter) for seed in seeds]
            return Verdict(0.0, 0.0, "open", "recorded")
        verdict = self._on_visible_seeds()
        nothing_to_check_with = not verdict.maximum and verdict.state == "open"
        if not nothing_to_check_with and not _holds_hidden_tests():
            progress.note_check(self._notebook.folder, self._notebook.name, self.name, verdict)
        return verdict

    def _on_visible_seeds(self) -> Verdict:
        data = self._notebook.check_data(self.name)
        if isinstance(data, Verdict):
            return data
        runs = [run_check(self._function, self.name, seed) for seed in data["seeds"]]
        return judge_runs(runs, data, self._invariants)

    def hidden(self, packed: str) -> Verdict:
        """Points on the seeds and expected values in `packed` (see `pack_hidden`), for nbgrader's hidden tests.

        What is said comes from the seeds students see, so feedback pages show no hidden value.
        """
        if _recording is not None:
            return self()
        visible = self._on_visible_seeds()
        if not visible.maximum:
            return visible
        seeds, expected = unpack_hidden(packed)
        runs = [run_check(self._function, self.name, seed) for seed in seeds]
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

    def __init__(self, name: str, folder: Path):
        self.name, self.folder, self._path = name, folder, folder / f"{name}.json"
        self._loaded: dict | None = None
        self._hints_shown: dict[str, int] = {}

    @property
    def data(self) -> dict | None:
        """What lies beside the notebook: hints, and per check points, parts, seeds, expected and mistakes."""
        if self._loaded is None and self._path.exists():
            data = json.loads(self._path.read_text(encoding="utf-8"))
            arrays_path = self._path.with_suffix(".safetensors")
            arrays = safetensors.numpy.load_file(arrays_path) if arrays_path.exists() else {}
            for check in data["checks"].values():
                check["expected"] = [Outcome.unpack(item, arrays) for item in check["expected"]]
                for mistake in check["mistakes"]:
                    mistake["outcomes"] = [Outcome.unpack(item, arrays) for item in mistake["outcomes"]]
            self._loaded = data
        return self._loaded

    def check_data(self, name: str) -> dict | Verdict:
        """The stored data of one check, or a verdict that says why there is none."""
        data = self.data
        if data is None:
            return Verdict(0.0, 0.0, "open", say("no_check_data", file=self._path.name))
        if name not in data["checks"]:
            names = ", ".join(data["checks"])
            return Verdict(0.0, 0.0, "open", say("unknown_check", name=name, names=names))
        return data["checks"][name]

    def check(self, function: Callable[[Draw], Any] | None = None, *, parts: dict[str, float] | None = None):
        """Decorator that makes a function of `draw` the check of its own name.

        `parts` {key: points}: the function returns a dict with these keys, and each is judged by itself.
        """
        if function is None:
            return lambda inner: Check(self, inner, parts)
        return Check(self, function, parts)

    def hint(self, name: str) -> Markdown:
        """The next of the exercise's hints: the concept, the operation, nearly the code."""
        data = self.data
        if data is None:
            return Markdown(say("no_check_data", file=self._path.name))
        if name not in data["hints"]:
            return Markdown(say("unknown_check", name=name, names=", ".join(data["hints"])))
        hints = data["hints"][name]
        shown = self._hints_shown.get(name, 0)
        if shown == len(hints):
            more = "no_more_hints_but_solution" if source_of(self._path).exists() else "no_more_hints"
            return Markdown(say(more, name=name))
        self._hints_shown[name] = shown + 1
        if _recording is None:
            progress.note_hint(self.folder, self.name, name, shown + 1)
        return Markdown(f"**{say('hint', number=shown + 1, count=len(hints))}.** {hints[shown]}")

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


def solution(name: str) -> Markdown:
    """For those who learn alone: the solution of an exercise of the notebook that was opened last."""
    return _opened.solution(name) if _opened else Markdown(say("no_notebook"))


def open_notebook(name: str, folder: str | Path = ".") -> tuple[Blank, Callable, Callable]:
    """(____, check, hint) of the notebook called `name`, whose data lie in `folder` (where the notebook is)."""
    global _opened
    notebook = _opened = Notebook(name, Path(folder).absolute())
    return BLANK, notebook.check, notebook.hint


def pack_hidden(seeds: list[int], expected: list[Outcome]) -> str:
    """Seeds and expected outcomes as one line of text, for a hidden test cell."""
    arrays: dict[str, np.ndarray] = {}
    tree = {"seeds": seeds, "expected": [outcome.pack(arrays, "hidden") for outcome in expected]}
    head = json.dumps(tree, sort_keys=True).encode()
    body = safetensors.numpy.save(arrays) if arrays else b""
    return base64.b85encode(zlib.compress(len(head).to_bytes(4, "big") + head + body, 9)).decode()


def unpack_hidden(packed: str) -> tuple[list[int], list[Outcome]]:
    """What `pack_hidden` was given."""
    raw = zlib.decompress(base64.b85decode(packed))
    size = int.from_bytes(raw[:4], "big")
    tree = json.loads(raw[4 : 4 + size])
    arrays = safetensors.numpy.load(raw[4 + size :]) if len(raw) > 4 + size else {}
    return tree["seeds"], [Outcome.unpack(item, arrays) for item in tree["expected"]]
