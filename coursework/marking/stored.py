"""What the build stores beside a notebook: NAME.json, and in NAME.safetensors the arrays among its values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from .measured import Measured
from .outcome import Outcome

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class KnownMistake:
    """A wrong answer that is recognised: its id, what a tutor says to it, and its outcome on each seed."""

    id: str
    says: str
    outcomes: list[Outcome]


@dataclass(frozen=True)
class StoredCheck:
    """One check: points (of each part, where it declares parts), seeds, and on each of these the right outcome.

    `forbids` names what the exercise asks to be written, which may not be called instead. A check that measures trained
    work has `measured`, and nothing that is expected.
    """

    points: float
    parts: dict[str, float] | None
    seeds: list[int]
    expected: list[Outcome]
    mistakes: list[KnownMistake]
    forbids: tuple[str, ...] = ()
    measured: Measured | None = None


@dataclass(frozen=True)
class Stored:
    """All that lies beside one notebook: hints by exercise (and written answer), checks by name."""

    notebook: str
    hints: dict[str, list[str]]
    checks: dict[str, StoredCheck]


def read_stored(path: Path) -> Stored:
    """The data in `path` (NAME.json) and beside it."""
    data = json.loads(path.read_text(encoding="utf-8"))
    arrays_path = path.with_suffix(".safetensors")
    arrays = safetensors.numpy.load_file(arrays_path) if arrays_path.exists() else {}
    checks = {name: _unpack_check(check, arrays) for name, check in data["checks"].items()}
    return Stored(data["notebook"], data["hints"], checks)


def _unpack_check(check: dict[str, Any], arrays: Arrays) -> StoredCheck:
    mistakes = [
        KnownMistake(mistake["id"], mistake["says"], _unpack(mistake["outcomes"], arrays))
        for mistake in check["mistakes"]
    ]
    expected = _unpack(check["expected"], arrays)
    forbids, measured = tuple(check.get("forbids", ())), check.get("measured")
    measured = read_measured(measured) if measured else None
    return StoredCheck(check["points"], check["parts"], check["seeds"], expected, mistakes, forbids, measured)


def read_measured(packed: dict[str, Any]) -> Measured:
    """What `dataclasses.asdict` made of it, from JSON."""
    return Measured(packed["file"], tuple((float(at), float(worth)) for at, worth in packed["steps"]), packed["model"])


def _unpack(packed: list[dict[str, Any]], arrays: Arrays) -> list[Outcome]:
    return [Outcome.unpack(item, arrays) for item in packed]


def write_stored(stored: Stored, folder: Path) -> None:
    """Write the two files into `folder`; equal data give equal bytes.

    Dicts keep their order: of two parts that are wrong, the one that the check returns first is told first.
    """
    arrays: Arrays = {}
    checks = {}
    for name, check in stored.checks.items():
        mistakes = [
            {
                "id": mistake.id,
                "says": mistake.says,
                "outcomes": [outcome.pack(arrays, mistake.id) for outcome in mistake.outcomes],
            }
            for mistake in check.mistakes
        ]
        checks[name] = {
            "points": check.points,
            "parts": check.parts,
            "seeds": check.seeds,
            "expected": [outcome.pack(arrays, name) for outcome in check.expected],
            "mistakes": mistakes,
            "forbids": check.forbids,
        }
        if check.measured:
            checks[name]["measured"] = asdict(check.measured)
    tree = {"notebook": stored.notebook, "hints": stored.hints, "checks": checks}
    text = json.dumps(tree, indent=1, ensure_ascii=False)
    (folder / f"{stored.notebook}.json").write_text(text + "\n", encoding="utf-8")
    safetensors.numpy.save_file(arrays, folder / f"{stored.notebook}.safetensors")
