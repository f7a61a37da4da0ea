"""Every sentence on what happened in this kernel, by id; what a check says of an answer is in `coursework.marking`."""

from __future__ import annotations

SENTENCES = {
    "failed": "The cell above did not run: its last run stopped with {error}",
    "failed_next": "What it defined before was not judged. Mend the cell, run it, then run this one.",
    "edited": "The cell above was changed after its last run. Run it, then run this one.",
    "not_run": "The cell above has not run yet. Run it, then run this one.",
    "waits_for": "This appears once the check of {steps} says Right: run the cell, its check, then this cell.",
    "which_hint": 'Which exercise? Name it, as in `hint("{first}")`; those of this notebook are: {names}.',
}


def say(sentence: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return SENTENCES[sentence].format(**values)
