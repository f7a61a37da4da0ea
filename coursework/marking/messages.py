"""Every sentence the checks say to a student, by message id (the course's own sentences live beside each notebook)."""

MESSAGES = {
    "right": "Right.",
    "not_attempted": "Not attempted yet: fill in the blank, then run this cell again.",
    "no_check_data": "This notebook's file {file} is missing: copy it from the course folder to here.",
    "unknown_check": "There is no exercise called {name!r} in this notebook; its exercises are: {names}.",
    "forbidden": "This exercise is about writing it yourself: {name} may not be called here.",
    "raised": "Your code stopped with {error}",
    "came": "What came: {came}",
    "expected": "What was expected: {expected}",
    "place": "{what} at {place}",
    "invariant": "This must hold and does not: {sentence}",
    "like": "It looks like this: {sentence}",
    "only_visible": "Right on the draws you see, wrong on others: does it rest on a fixed size, seed or picture?",
    "none": "A None was used as a value. A function that ends without `return` gives None: is a `return` missing?",
    "returned_none": "Your function returned None: is a `return` missing?",
    "too_many": "Not expected here: {items}",
    "too_few": "Missing here: {items}",
    "no_idea": "It equals none of the mistakes we know. Print a small case and compare with the worked example.",
    "kind_type": "The kind of value differs",
    "kind_shape": "The shape differs",
    "kind_dtype": "The dtype differs",
    "kind_value": "Type, shape and dtype are right; the values differ",
    "hint": "Hint {number} of {count}",
    "no_more_hints": "That was the last hint. Compare your cell with the worked example, line by line.",
    "no_more_hints_but_solution": "That was the last hint. If you learn alone: solution({name!r}) shows how we did it.",
    "solution": "The solution of {name}. Read it, close it, and write yours without looking.",
    "no_solutions": (
        "The solutions are not here: your course hands the notebooks out without them. "
        "hint({name!r}) helps further, and so does your teacher."
    ),
    "no_notebook": "Run the notebook's first cell first: it opens the notebook whose solutions are meant.",
    "forgot": "Your progress is deleted.",
    "nothing_to_forget": "No progress was kept here.",
    "progress_next": "Next: {title} (about {minutes} minutes)",
    "progress_done": "Everything here is done. Hand it in, or look at it once more with fresh eyes.",
    "progress_no_course": "No notebook of the course lies in this folder.",
    "progress_checks": "{earned} of {points} points on the checks",
    "progress_written": "{answered} of {count} texts written",
    "solution_seen": "solution seen",
    "column_step": "Step",
    "column_points": "Points",
    "column_tries": "Tries",
    "column_hints": "Hints",
    "state_right": "done",
    "state_partly": "partly done",
    "state_wrong": "not right yet",
    "state_open": "not begun",
    "part": "{name}: {verdict}",
    "part_right": "right",
    "part_wrong": "not yet",
    # On the pages that a grader gives back.
    "did_not_run": "This check did not run: {ended}",
    "could_not_grade": "This notebook could not be graded.",
    "not_handed_in": "This notebook was not handed in.",
    "repaired": "What had to be repaired before grading:",
    "run_stopped": "The run stopped:",
    "run_stopped_kept": "What was done before keeps its points.",
    "cut": "(The rest is not shown here: it is too long.)",
    "missing_picture": "(missing picture: {name})",
    "not_read_yet": "Not read yet, of {points}",
    "called_forbidden": "What the exercise asks to be written was called instead.",
}


def say(message: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return MESSAGES[message].format(**values)
