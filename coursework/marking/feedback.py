"""From the outcomes of a check to points and to what a tutor would say.

The order of the questions: not attempted? an exception? type, shape, dtype? what must always hold? the values? and,
whichever of them failed, which known mistake is it?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from .compare import Difference, describe, difference
from .messages import say
from .outcome import Outcome
from .stored import KnownMistake, StoredCheck
from .values import Array
from .verdict import Verdict

Invariant = tuple[str, Callable[[Any], bool]]
MOST_ITEMS = 5  # items of a list that are named


def earned(runs: list[Outcome], expected: list[Outcome], points: float, parts: dict[str, float] | None) -> float:
    """Points for these runs: all or nothing over all seeds, or per part for a check that declares parts."""
    if len(runs) != len(expected) or not runs:
        return 0.0
    if not parts:
        return points if all(run.equals(right) for run, right in zip(runs, expected, strict=True)) else 0.0
    return float(sum(worth for part, worth in parts.items() if _part_right(runs, expected, part)))


def _part_right(runs: list[Outcome], expected: list[Outcome], part: str) -> bool:
    return all(
        isinstance(run.value, dict)
        and part in run.value
        and not run.error
        and difference(run.value[part], right.value[part]) is None
        for run, right in zip(runs, expected, strict=True)
    )


def known_mistake(runs: list[Outcome], mistakes: list[KnownMistake]) -> KnownMistake | None:
    """The first known mistake that equals these runs on every seed."""
    for mistake in mistakes:
        if all(run.equals(wrong) for run, wrong in zip(runs, mistake.outcomes, strict=True)):
            return mistake
    return None


def judge_runs(runs: list[Outcome], check: StoredCheck, invariants: Callable[[], list[Invariant]]) -> Verdict:
    """The verdict on runs over the check's own seeds, the visible ones.

    `invariants` gives what the check says must hold; it is asked for a wrong value only.
    """
    points, parts, expected = check.points, check.parts, check.expected
    got = earned(runs, expected, points, parts)
    if got == points and all(run.equals(right) for run, right in zip(runs, expected, strict=True)):
        return Verdict(got, points, "right", say("right"))
    run, right = next((run, right) for run, right in zip(runs, expected, strict=True) if not run.equals(right))
    if run.error == "NotAttempted":
        return Verdict(got, points, "open", say("not_attempted"))
    lines = _part_lines(runs, expected, parts)
    if run.refused:  # the name says it all
        return Verdict(got, points, "partly" if got else "wrong", say("forbidden", name=run.refused), tuple(lines))
    if run.error:
        title = say("raised", error=run.error + (f": {run.message}" if run.message else ""))
        lines.append(say("expected", expected=describe(right.value)))
    else:
        title, found = _difference_lines(run, right, invariants)
        lines += found
    lines.append(_diagnosis(run, known_mistake(runs, check.mistakes)))
    return Verdict(got, points, "partly" if got else "wrong", title, tuple(lines))


def _diagnosis(run: Outcome, mistake: KnownMistake | None) -> str:
    """What the run looks like. A forgotten `return` goes before mistakes that raise the same type of exception."""
    if run.error and "NoneType" in run.message:
        return say("none")
    if not run.error and run.value is None:
        return say("returned_none")
    return say("like", sentence=mistake.says) if mistake else say("no_idea")


def _part_lines(runs: list[Outcome], expected: list[Outcome], parts: dict[str, float] | None) -> list[str]:
    return [
        say("part", name=part, verdict=say("part_right" if _part_right(runs, expected, part) else "part_wrong"))
        for part in parts or ()
    ]


def _difference_lines(run: Outcome, right: Outcome, invariants: Callable[[], list[Invariant]]) -> tuple[str, list[str]]:
    found = difference(run.value, right.value)
    assert found is not None, "a run that differs has a difference"
    lines = [say("came", came=found.came), say("expected", expected=found.expected)]
    lines += _unmatched_lines(run.value, right.value, found.path) if found.kind == "shape" else []
    broken = _broken_invariant(run.value, invariants()) if found.kind == "value" else None
    if broken:
        return say("invariant", sentence=broken), lines
    return _title(found), lines


def _unmatched_lines(came: Any, expected: Any, wanted: str, path: str = "") -> list[str]:
    """Which strings are too many and too few, where the values at the path `wanted` are two lists of strings."""
    if path == wanted:
        if not all(isinstance(side, list) and all(isinstance(item, str) for item in side) for side in (came, expected)):
            return []
        sides = ("too_many", Counter(came) - Counter(expected)), ("too_few", Counter(expected) - Counter(came))
        return [say(name, items=_named(list(items.elements()))) for name, items in sides if items]
    if isinstance(expected, dict):
        pairs = ((came[key], item, f"{path}[{key!r}]") for key, item in expected.items())
    else:
        pairs = ((a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(came, expected, strict=True)))
    return next((_unmatched_lines(a, b, wanted, here) for a, b, here in pairs if wanted.startswith(here)), [])


def _named(items: list[str]) -> str:
    return ", ".join(map(describe, items[:MOST_ITEMS])) + (", ..." if len(items) > MOST_ITEMS else "")


def _title(found: Difference) -> str:
    what = say(f"kind_{found.kind}")
    return say("place", what=what, place=found.path) if found.path else what


def _broken_invariant(value: Any, invariants: list[Invariant]) -> str | None:
    for sentence, holds in invariants:
        try:
            if not bool(holds(thaw(value))):
                return sentence
        except Exception:  # an invariant that cannot even be asked of this value has nothing to say about it
            continue
    return None


def thaw(value: Any) -> Any:
    """A frozen value with its arrays as tensors."""
    if isinstance(value, Array):
        import torch  # only those who ask invariants need it

        return torch.from_numpy(value.data)
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    return [thaw(item) for item in value] if isinstance(value, list) else value
