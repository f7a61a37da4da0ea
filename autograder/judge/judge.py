"""Marks from outcomes: the student's values against the reference solution's, on the same seeds, nothing else."""

from __future__ import annotations

from coursework.marking.feedback import earned, known_mistake
from coursework.marking.outcome import Outcome


def marks(
    outcomes: dict[str, list[Outcome]], expected: dict[str, list[Outcome]], checks: dict[str, dict]
) -> dict[str, float]:
    """Points per check; a check that never ran earns 0. `checks`: {name: {"points": p, "parts": ...}}."""
    return {
        name: earned(outcomes.get(name, []), expected[name], check["points"], check["parts"])
        for name, check in checks.items()
    }


def named_mistakes(outcomes: dict[str, list[Outcome]], mistakes: dict[str, list[dict]]) -> dict[str, str]:
    """The known mistake's sentence for every check that equals one, given their outcomes on the same seeds."""
    found = {
        name: known_mistake(outcomes.get(name, []), known) for name, known in mistakes.items() if outcomes.get(name)
    }
    return {name: sentence for name, sentence in found.items() if sentence}
