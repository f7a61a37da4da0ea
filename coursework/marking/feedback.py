"""From the outcomes of a check to points and to what a tutor would say.

The order of the questions: not attempted? an exception? type, shape, dtype? what must always hold? the values? and,
whichever of them failed, which known mistakes are they?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import Difference, axis_names, describe, difference, differences
from .exceptions import meaning, sizes_in
from .messages import say
from .mistakes import mended, named_mistakes
from .outcome import Outcome
from .stored import KnownMistake, StoredCheck
from .values import NOT_ATTEMPTED, Array, Raised
from .verdict import Verdict

Invariant = tuple[str, Callable[[Any], bool]]
MOST_ITEMS = 5  # items of a list that are named
_MOST_TITLE = 300  # characters of an exception in a title


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


def judge_runs(runs: list[Outcome], check: StoredCheck, invariants: Callable[[], list[Invariant]]) -> Verdict:
    """The verdict on runs over the check's own seeds, the visible ones.

    `invariants` gives what the check says must hold; it is asked for a wrong value only. Sizes are called by the
    letters that are stored with the expected outcomes.
    """
    points, parts, expected = check.points, check.parts, check.expected
    got = earned(runs, expected, points, parts)
    if got == points and all(run.equals(right) for run, right in zip(runs, expected, strict=True)):
        return Verdict(got, points, "right", say("right"))
    pairs = zip(runs, expected, strict=True)
    run, right = next((run, right) for run, right in pairs if not run.equals(right))
    if run.error == NOT_ATTEMPTED:
        return Verdict(got, points, "open", say("not_attempted"))
    state = "partly" if got else "wrong"
    lines = _part_lines(runs, expected, parts)
    if run.refused:  # the name says it all
        return Verdict(got, points, state, say("forbidden", name=run.refused), tuple(lines))
    if run.error:
        raised = Raised(run.error, run.message, run.at, run.returned)
        title = _stopped(raised)
        if not run.returned and isinstance(
            right.value, Array
        ):  # else it is the check's own dict or list, which the student's code never saw
            lines.append(say("expected", expected=describe(right.value, right.letters)))
        return Verdict(got, points, state, title, (*lines, *_of_an_exception(runs, check, raised)))
    found = _first(run.value, right)
    if found is None:
        return Verdict(got, points, state if got else "open", say("not_attempted"), tuple(lines))
    title, more = _difference_lines(found, run, right, invariants)
    if isinstance(found.sides[0], Raised):
        more += _of_an_exception(runs, check, found.sides[0])
    else:
        more += _like(runs, check) or [say("returned_none" if found.sides[0] is None else "no_idea")]
    return Verdict(got, points, state, title, (*lines, *more))


def _first(value: Any, right: Outcome) -> Difference | None:
    """The first difference that is not merely a blank, which is there still."""
    found = differences(value, right.value, right.letters)
    return next((each for each in found if not (isinstance(each.sides[0], Raised) and each.sides[0].is_open)), None)


def _like(runs: list[Outcome], check: StoredCheck) -> list[str]:
    """What the runs look like, and what of them that does not explain. Nothing where a `return` is missing."""
    if any(not run.error and run.value is None for run in runs):
        return []
    named = named_mistakes(runs, check.expected, check.mistakes)
    lines = _mistake_lines(named)
    if named and not any(run.error for run in runs):
        for i, (run, right) in enumerate(zip(runs, check.expected, strict=True)):
            value = run.value
            for mistake in named:
                value = mended(value, mistake.outcomes[i].value, right.value)
            if found := _first(value, right):
                place = say("place_in", place=_place(found)) if found.path else ""
                rest = "rest" if found.expected else "rest_untold"
                return [*lines, say(rest, place=place, came=found.came, expected=found.expected)]
    return lines


def _mistake_lines(named: list[KnownMistake]) -> list[str]:
    """What a tutor says to each of these mistakes."""
    return [say("like_too" if i else "like", sentence=mistake.says) for i, mistake in enumerate(named)]


def _of_an_exception(runs: list[Outcome], check: StoredCheck, raised: Raised) -> list[str]:
    """The known mistake that raises it, else what it usually means. A forgotten `return` goes before all others."""
    if raised.returned:  # the message is about a line of the check's
        name, came, asked = raised.returned
        if came == describe(None):
            return [say("returned_none")]
        said = say("asked", name=name, asked=asked) if asked else say("asked_in_task")
        return [said, *_like(runs, check)]
    usually = meaning(raised.error, raised.message)
    if usually != say("none") and (known := _like(runs, check)):
        return known
    sizes = sizes_in(raised.message, check.expected[0].letters)
    return ([say("sizes", sizes=sizes)] if sizes else []) + [usually]


def _stopped(raised: Raised) -> str:
    """That something stopped: the student's code, or the check's own, which asked for another value."""
    if not raised.returned:
        return say("raised", error=_in_title(raised))
    name, came, _ = raised.returned
    if not name:
        return say("stopped_at_value", error=_in_title(raised))
    return say("stopped_at", name=name, came=came, error=_in_title(raised))


def _in_title(raised: Raised) -> str:
    """Type and message of an exception, shortened, and the line of the student's that it came from."""
    words = raised.error + (f": {raised.message}" if raised.message else "")
    error = words if len(words) <= _MOST_TITLE else words[: _MOST_TITLE - 3] + "..."
    return say("at_line", error=error, line=raised.at) if raised.at else error


def _part_lines(runs: list[Outcome], expected: list[Outcome], parts: dict[str, float] | None) -> list[str]:
    return [say("part", name=part, verdict=say(_part_verdict(runs, expected, part))) for part in parts or ()]


def _part_verdict(runs: list[Outcome], expected: list[Outcome], part: str) -> str:
    if _part_right(runs, expected, part):
        return "part_right"
    found = (run.value.get(part) for run in runs if isinstance(run.value, dict))
    return "part_open" if any(map(_has_blank, found)) else "part_wrong"


def _has_blank(value: Any) -> bool:
    """Is there a blank in a part, or in a thing that it asks by itself?"""
    if isinstance(value, dict):
        return any(map(_has_blank, value.values()))
    return isinstance(value, Raised) and value.is_open


def _difference_lines(
    found: Difference, run: Outcome, right: Outcome, invariants: Callable[[], list[Invariant]]
) -> tuple[str, list[str]]:
    came, expected = found.sides
    if isinstance(came, Raised):
        return _stopped(came) + (say("place_in", place=_place(found)) if found.path else ""), []
    if found.kind == "keys":
        sides = ("too_few", expected.keys() - came.keys()), ("too_many", came.keys() - expected.keys())
        return _title(found), [say(name, items=_named(sorted(keys))) for name, keys in sides if keys]
    lines = [say("came", came=found.came)]
    if found.expected:
        lines.append(say("expected", expected=found.expected))
    if found.kind == "shape":
        lines += _unmatched_lines(came, expected) + _axes_lines(came, expected, right)
    broken = _broken_invariant(run.value, invariants()) if found.kind == "value" else None
    if broken:
        return say("invariant", sentence=broken), lines
    if _are_whole(expected) and isinstance(came, Array) and not _are_whole(came):
        lines.append(say("whole_numbers"))
    return _title(found), lines


def _are_whole(value: Any) -> bool:
    """Is it an array of real numbers that are all whole, and not only 0 and 1?"""
    if not isinstance(value, Array) or value.data.dtype.kind != "f" or not np.isfinite(value.data).all():
        return False
    return bool((value.data == np.round(value.data)).all() and (np.abs(value.data) > 1).any())


def _axes_lines(came: Any, expected: Any, right: Outcome) -> list[str]:
    """What the letters of two shapes say at once: the same axes in another order, or one that is missing."""
    if not (isinstance(came, Array) and isinstance(expected, Array)):
        return []
    here, there = (axis_names(side.shape, right.letters) for side in (came, expected))
    if len(set(there)) < len(there) or not set(there) & right.letters.keys():
        return []
    came_axes, expected_axes = (f"({', '.join(axes)})" for axes in (here, there))
    if Counter(here) == Counter(there):
        return [say("axes_swapped", came=came_axes, expected=expected_axes)]
    lost = [axis for axis in there if axis not in here]
    if len(lost) == 1 and lost[0] in right.letters and here == [axis for axis in there if axis != lost[0]]:
        return [say("axis_missing", axis=lost[0], came=came_axes, expected=expected_axes)]
    return []


def _unmatched_lines(came: Any, expected: Any) -> list[str]:
    """Which strings are too many and too few, where the two are lists of strings."""
    if not all(isinstance(side, list) and all(isinstance(item, str) for item in side) for side in (came, expected)):
        return []
    sides = ("too_many", Counter(came) - Counter(expected)), ("too_few", Counter(expected) - Counter(came))
    return [say(name, items=_named(list(items.elements()))) for name, items in sides if items]


def _named(items: list[str]) -> str:
    return ", ".join(map(describe, items[:MOST_ITEMS])) + (", ..." if len(items) > MOST_ITEMS else "")


def _title(found: Difference) -> str:
    alone = found.kind == "value" and isinstance(found.sides[1], Array) and not _keys(found)
    what = say("kind_value_alone" if alone else f"kind_{found.kind}")
    return say("place", what=what, place=_place(found)) if found.path else what


def _keys(found: Difference) -> list[str]:
    return [step for step in found.path if isinstance(step, str)]


def _place(found: Difference) -> str:
    """Keys in quotes, then indices: `in "boxes" at [1, 2]`; the first may be a check's own word for what it asked."""
    words = []
    for step in found.path:
        if isinstance(step, str):
            words.append(f'in "{step}"')
        elif words and words[-1].startswith("at "):
            words[-1] = f"{words[-1][:-1]}, {step}]"
        else:
            words.append(f"at [{step}]")
    return " ".join(words)


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
