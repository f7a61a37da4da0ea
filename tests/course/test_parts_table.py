"""The points and minutes of a notebook's parts, in the table of its opening, are the sums of its steps'."""

from __future__ import annotations

import re

import pytest

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source

NOTEBOOKS = [SOLUTIONS / each.name / name for each in read_registry(SOLUTIONS) for name in each.notebooks]
_STEP = re.compile(r"^### (?:Step (\d+)b?(?:, continued)? · )?.*?(?:([\d.]+) points? · )?(\d+) min", re.MULTILINE)
_PART = re.compile(r"^\| [A-Z]\. [^|]* \| ([^|]+?) \|(?: ([\d.]+) \|)? (\d+) \|$", re.MULTILINE)


def wrong_sums(text: str) -> list[str]:
    """What the table of a notebook's parts states otherwise than the sums of its steps are."""
    steps = [(int(number or 0), float(points or 0), int(minutes)) for number, points, minutes in _STEP.findall(text)]
    wrong = []
    for part, points, minutes in _PART.findall(text):
        named = [int(each) for each in re.findall(r"\b\d+\b", part)]
        if " to " in part:
            named = list(range(named[0], named[-1] + 1))
        own = [step for step in steps if step[0] in named]
        for kind, said, column in (("points", points, 1), ("minutes", minutes, 2)):
            found = sum(step[column] for step in own)
            if said and float(said) != found:
                wrong.append(f"{part}: {said} {kind} stated, {found:g} in the steps")
    return wrong


def test_a_wrong_sum_is_found():
    part = "| A. First | 1 to 3 | 4 | 11 |\n| B. Rest | 5 why? | 7 |"
    steps = "### Step 1 · a · 1 point · 2 min\n### Step 3 · b · 2.5 points · 9 min\n### Step 5 · c · 7 min · 1 point"
    assert wrong_sums(f"{part}\n{steps}") == ["1 to 3: 4 points stated, 3.5 in the steps"]


@pytest.mark.parametrize("folder", NOTEBOOKS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_parts_points_and_minutes_are_the_sums_of_its_steps(folder):
    text = "\n".join(cell.source for cell in read_source(folder).cells if cell.kind == "prose")
    assert _STEP.search(text)
    assert wrong_sums(text) == []
