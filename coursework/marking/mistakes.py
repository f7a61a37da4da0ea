"""Which known mistakes do the runs of a check show?

A mistake's outcome differs from the solution's at some places: keys, items of lists, numbers of arrays. Runs show the
mistake where they equal it at all these places, on every seed, whatever stands at the others: so it is known beside
other mistakes. An exception leaves no places; it is known where type and message are equal.

Where runs equal a mistake as a whole there is nothing to doubt. Where they do at its places only, these must be
evidence: a zero, a None or three whole numbers can come about in many ways, a real number or a truth value that a
check returns under a name of its own can not. And an array that is right nowhere must be explained by more than half:
who swapped width and height has one axis in common with who took the width for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import alike, difference, equal_elements, is_short
from .outcome import Outcome
from .stored import KnownMistake
from .values import Array, Foreign, Raised, Sealed

Path = tuple[str | int, ...]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
ENOUGH = 4  # evidence that the places of a mistake must hold on each seed
_MOST = 1000  # numbers of an array that are looked at for evidence
_NOTHING = Foreign("nothing")  # what stands where a value has no such place: it equals nothing


@dataclass(frozen=True)
class _Place:
    """A place where a mistake differs from the solution: all of it, or the numbers of an array that `mask` marks."""

    path: Path
    mask: Mask | None
    evidence: int
    right_nowhere: bool = False  # no number of the array, at this place or another, is the solution's

    @property
    def size(self) -> int:
        return 1 if self.mask is None else int(self.mask.sum())


_Places = dict[tuple[int, Path], _Place]  # by seed and path


def named_mistakes(runs: list[Outcome], expected: list[Outcome], mistakes: list[KnownMistake]) -> list[KnownMistake]:
    """The known mistakes that these runs show: the one they equal as a whole, else all that explain places of theirs.

    Of several that explain the same place, the one that explains most is named; of equals, the author's first.
    """
    for mistake in mistakes:
        if all(run.equals(wrong) for run, wrong in zip(runs, mistake.outcomes, strict=True)):
            return [mistake]
    shown = [(mistake, places) for mistake in mistakes if (places := _shown(runs, expected, mistake))]
    shown.sort(key=lambda found: -sum(place.size for place in found[1].values()))
    taken: _Places = {}
    named = []
    for mistake, places in shown:
        if not any(key in taken and _overlap(place, taken[key]) for key, place in places.items()):
            named.append((mistake, places))
            taken |= {key: _joined(place, taken[key]) if key in taken else place for key, place in places.items()}
    doubtful = {key for key, place in taken.items() if place.right_nowhere and _is_at_most_half(place)}
    sure = [mistake for mistake, places in named if doubtful.isdisjoint(places)]
    return sorted(sure, key=mistakes.index)


def _is_at_most_half(place: _Place) -> bool:
    return place.mask is not None and 2 * place.size <= place.mask.size


def _overlap(one: _Place, other: _Place) -> bool:
    return one.mask is None or other.mask is None or bool((one.mask & other.mask).any())


def _joined(one: _Place, other: _Place) -> _Place:
    assert one.mask is not None and other.mask is not None, "two mistakes at a whole place overlap"
    return _Place(one.path, one.mask | other.mask, 0, one.right_nowhere)


def _shown(runs: list[Outcome], expected: list[Outcome], mistake: KnownMistake) -> _Places | None:
    """The places of the mistake, where the runs equal it at all of them; None where they do not."""
    found: _Places = {}
    for seed, (run, right, wrong) in enumerate(zip(runs, expected, mistake.outcomes, strict=True)):
        if run.error or right.error or wrong.error:
            return None
        here = []
        for place in _walk(run.value, wrong.value, right.value):
            if place is None:
                return None
            here.append(place)
        if here and sum(place.evidence for place in here) < ENOUGH:
            return None
        found |= {(seed, place.path): place for place in here}
    return found or None


def _walk(came: Any, wrong: Any, right: Any, path: Path = (), own: bool = False) -> Iterator[_Place | None]:
    """Each place where `wrong` differs from `right` and `came` does likewise; None for one where it does not.

    `own` says that the value stands under a key of its own.
    """
    if isinstance(wrong, dict) and isinstance(right, dict):
        for key in {**right, **wrong}:
            here = (*path, key)
            there = came.get(key, _NOTHING) if isinstance(came, dict) else _NOTHING
            if key in wrong and key in right:
                yield from _walk(there, wrong[key], right[key], here, own=True)
            elif key in wrong:
                yield None if difference(there, wrong[key]) else _Place(here, None, ENOUGH)
            else:
                yield _Place(here, None, 0) if isinstance(came, dict) and there is _NOTHING else None
    elif _both_items(wrong, right, own):
        fits = isinstance(came, list) and len(came) == len(right)
        for i, (one, other) in enumerate(zip(wrong, right, strict=True)):
            yield from _walk(came[i] if fits else _NOTHING, one, other, (*path, i))
    elif alike(wrong, right):
        differ = ~np.asarray(equal_elements(wrong, right))
        if differ.any():
            shows = alike(came, wrong) and bool(np.asarray(equal_elements(came, wrong))[differ].all())
            nowhere = shows and not np.any(equal_elements(came, right))
            yield _Place(path, differ, _of_numbers(wrong.data[differ]), nowhere) if shows else None
    elif difference(wrong, right):
        yield None if difference(came, wrong) else _Place(path, None, _evidence(wrong, own))


def _both_items(wrong: Any, right: Any, own: bool) -> bool:
    """Are they two lists whose items are places? A few numbers under a key of their own, a shape say, are one place."""
    if not isinstance(wrong, list) or not isinstance(right, list) or len(wrong) != len(right):
        return False
    return not (own and is_short(wrong) and is_short(right))


def _evidence(value: Any, own: bool) -> int:
    """How much a value says that is found where a mistake has it: 0 where any wrong answer may have it."""
    if isinstance(value, Array):
        return _of_numbers(value.data)
    if isinstance(value, Raised):
        return 0 if value.is_open else ENOUGH
    if isinstance(value, Sealed):
        return _evidence(value.value, own)
    if isinstance(value, dict):
        return sum(_evidence(item, True) for item in value.values())
    if isinstance(value, bool):
        return ENOUGH if own else 1
    if isinstance(value, list) and not (own and is_short(value)):
        return sum(_evidence(item, False) for item in value)
    if isinstance(value, list | int | float):
        numbers = np.asarray(value, dtype=float)
        return ENOUGH if own and np.any(np.nan_to_num(numbers) != 0) else _of_numbers(numbers)
    if isinstance(value, str) and value:
        return ENOUGH if own else 2
    return 0


def _of_numbers(numbers: np.ndarray[Any, Any]) -> int:
    """The evidence in the numbers of an array: of different ones that are neither 0 nor 1 nor the same throughout."""
    few = np.asarray(numbers).ravel()[:_MOST]
    if few.dtype == bool:
        return int(min(few.sum(), (~few).sum()))
    different = np.unique(few[np.isfinite(few)])
    if len(few) > 1 and len(different) == 1:
        return 0
    real = different * 2 != np.round(different * 2)
    size = np.abs(different)
    return int(np.where(real, ENOUGH, np.where(size < 2, 0, np.where(size < 100, 1, 2))).sum())


def mended(came: Any, wrong: Any, right: Any) -> Any:
    """`came` with what is right at the places where `wrong` is not: what is wrong in it for other reasons remains."""
    if isinstance(wrong, dict) and isinstance(right, dict):
        if not isinstance(came, dict):
            return came
        kept = {key: item for key, item in came.items() if key in right or key not in wrong}
        added = {key: right[key] for key in right.keys() - wrong.keys()}
        both = {key: mended(came[key], wrong[key], right[key]) for key in right if key in wrong and key in came}
        return kept | added | both
    lists = isinstance(wrong, list) and isinstance(right, list) and isinstance(came, list)
    if lists and len(wrong) == len(right) == len(came):
        return [mended(*each) for each in zip(came, wrong, right, strict=True)]
    if alike(wrong, right):
        differ = ~np.asarray(equal_elements(wrong, right))
        data = np.where(differ, right.data, came.data) if alike(came, right) else None
        return came if data is None else Array(data, came.dtype, came.kind)
    return right if difference(wrong, right) else came
