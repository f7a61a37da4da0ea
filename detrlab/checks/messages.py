"""Every sentence the checks say to a student, by message id (the course's own sentences live beside each notebook)."""

MESSAGES = {
    "right": "Right.",
    "not_attempted": "Not attempted yet: fill in the blank, then run this cell again.",
    "no_check_data": "This notebook's file {file} is missing: copy it from the course folder to here.",
    "unknown_check": "There is no exercise called {name!r} in this notebook; its exercises are: {names}.",
    "raised": "Your code stopped with {error}",
    "came": "What came: {came}",
    "expected": "What was expected: {expected}",
    "place": "{what} at {place}",
    "invariant": "This must hold and does not: {sentence}",
    "like": "It looks like this: {sentence}",
    "only_visible": "Right on the draws you see, wrong on others: does it rest on a fixed size, seed or picture?",
    "no_idea": "It equals none of the mistakes we know. Print a small case and compare with the worked example.",
    "kind_type": "The kind of value differs",
    "kind_shape": "The shape differs",
    "kind_dtype": "The dtype differs",
    "kind_value": "Type, shape and dtype are right; the values differ",
    "hint": "Hint {number} of {count}",
    "no_more_hints": "That was the last hint. Compare your cell with the worked example, line by line.",
    "part": "{name}: {verdict}",
    "part_right": "right",
    "part_wrong": "not yet",
}


def say(message: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return MESSAGES[message].format(**values)
