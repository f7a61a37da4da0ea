"""Parts of a check, letters of shapes and titles, as a student sees them."""

import json
import math

import numpy as np
import pytest
import safetensors.numpy
import torch

from coursework.checks.blank import BLANK
from coursework.checks.draw import Draw
from coursework.checks.freezing import attempted
from coursework.checks.notebook import open_notebook
from coursework.checks.running import run_check
from coursework.marking.outcome import ForbiddenCall

SEEDS = [11, 12]


def opened(tmp_path, right, parts=None, mistakes=()):
    """Opens a notebook whose check `one` expects what `right` returns; gives what judges an answer."""
    arrays: dict[str, np.ndarray] = {}

    def packed(function):
        return [run_check(function, "one", seed).pack(arrays, function.__name__) for seed in SEEDS]

    known = [{"id": f"one/{each.__name__}", "says": each.__doc__, "outcomes": packed(each)} for each in mistakes]
    data = {"points": 3.0, "parts": parts, "seeds": SEEDS, "expected": packed(right), "mistakes": known}
    (tmp_path / "q.json").write_text(json.dumps({"notebook": "q", "hints": {}, "checks": {"one": data}}))
    safetensors.numpy.save_file(arrays or {"none": np.zeros(1)}, tmp_path / "q.safetensors")
    _, check, _ = open_notebook("q", tmp_path)

    def judged(answer):
        answer.__name__ = "one"
        return check(parts=parts)(answer)()

    return judged


def three(draw, **answers):
    """Three lines of one answer, each asked by itself."""
    right = {"rows": draw.normal(3), "columns": draw.normal(5), "mean": draw.normal(7)}
    return {name: attempted(lambda name=name: answers.get(name, lambda x: x)(right[name])) for name in right}


PARTS = {"rows": 1, "columns": 1, "mean": 1}


def test_a_part_that_raises_or_is_a_blank_costs_no_other(tmp_path):
    judged = opened(tmp_path, three, PARTS)
    raises = judged(lambda draw: three(draw, columns=lambda x: x @ x.new_ones(2)))
    assert (repr(raises), raises.state) == ("2.0", "partly")
    assert raises.lines[:3] == ("rows: right", "columns: not yet", "mean: right")
    assert raises.title.startswith("Your code stopped with RuntimeError") and 'in "columns"' in raises.title
    blank = judged(lambda draw: three(draw, columns=lambda x: BLANK + 1, rows=lambda x: 0 * x))
    assert repr(blank) == "1.0" and blank.lines[:3] == ("rows: not yet", "columns: not attempted yet", "mean: right")
    assert 'The values differ in "rows"' in blank.title
    rest = judged(lambda draw: three(draw, columns=lambda x: BLANK))
    assert repr(rest) == "2.0" and rest.title.startswith("Not attempted yet")
    none = judged(lambda draw: three(draw, rows=lambda x: BLANK, columns=lambda x: BLANK, mean=lambda x: [BLANK]))
    assert (repr(none), none.state, none.lines) == ("0.0", "open", ())
    inside = judged(lambda draw: {**three(draw), "rows": {"of one": attempted(lambda: BLANK)}})
    assert inside.lines[0] == "rows: not attempted yet"


def test_a_grader_refuses_through_a_part(tmp_path):
    def calls(x):
        raise ForbiddenCall("torch.add")

    verdict = opened(tmp_path, three, PARTS)(lambda draw: three(draw, rows=calls))
    assert repr(verdict) == "0.0" and "torch.add may not be called here" in verdict.title


def test_mistakes_in_two_parts_are_both_named_and_what_else_differs_is_said(tmp_path):
    def negated(draw):
        "You changed a sign."
        return three(draw, rows=lambda x: -x)

    def key(draw):
        "There is no such key."
        return three(draw, columns=lambda x: {}["x"])

    judged = opened(tmp_path, three, PARTS, [negated, key])
    both = judged(lambda draw: three(draw, rows=lambda x: -x, columns=lambda x: {}["x"]))
    assert both.lines[-2:] == ("It looks like this: You changed a sign.", "And like this: There is no such key.")
    more = judged(lambda draw: three(draw, rows=lambda x: -x, mean=lambda x: x[:2]))
    assert more.lines[-2] == "It looks like this: You changed a sign."
    assert more.lines[-1] == ('Besides, something else differs in "mean": shape (2,) came, shape (7,) was expected.')


def lettered(draw):
    Q, B, D = draw.letters("Q B D", 3, 13)
    draw.name(S=Q * B)
    return draw.normal(Q, B, D)


def test_shapes_carry_their_letters(tmp_path):
    Q, B, D = lettered(Draw(11, "one")).shape
    judged = opened(tmp_path, lettered)
    verdict = judged(lambda draw: lettered(draw).transpose(0, 1))
    assert verdict.lines[:3] == (
        f"What came: shape (B, Q, D) = ({B}, {Q}, {D})",
        f"What was expected: shape (Q, B, D) = ({Q}, {B}, {D})",
        "The axes are the right ones in another order: (B, Q, D) came, (Q, B, D) was expected.",
    )
    assert "The axis B is missing: (Q, D) came, (Q, B, D) was expected." in judged(lambda d: lettered(d)[:, 0]).lines
    merged = judged(lambda draw: lettered(draw).flatten(0, 1)[None])
    assert merged.lines[0] == f"What came: shape (1, S, D) = (1, {Q * B}, {D})"
    stopped = judged(lambda draw: lettered(draw) @ torch.ones(99, 3))
    assert f"What was expected: tensor of shape (Q, B, D) = ({Q}, {B}, {D}), float32" in stopped.lines
    assert f"The sizes of this draw: D = {D}, S = {Q * B}" in stopped.lines


def test_titles_say_no_more_than_is_so(tmp_path):
    def sizes(draw):
        return {"shape": [draw.size(), 13, 1, 1], "map": draw.normal(2)}

    judged = opened(tmp_path, sizes)
    verdict = judged(lambda draw: sizes(draw) | {"shape": [*sizes(Draw(draw.seed, "one"))["shape"][:2], 3, 3]})
    assert verdict.title == 'The values differ in "shape"' and verdict.lines[0].endswith("13, 3, 3]")
    lacks = judged(lambda draw: {"shap": sizes(draw)["shape"], "map": 1})
    assert lacks.title == "The keys differ"
    assert lacks.lines[:2] == ("Missing here: 'shape'", "Not expected here: 'shap'")
    stopped = judged(lambda draw: {}["features"])
    assert not any("dict with keys" in line for line in stopped.lines)
    assert "A dict has no key 'features'" in stopped.lines[-1]


def test_whole_numbers_are_asked_for_in_words(tmp_path):
    def pixels(draw):
        return torch.tensor([10.0 * draw.size(), 20.0])

    verdict = opened(tmp_path, pixels)(lambda draw: pixels(draw) + 0.375)
    assert "Whole numbers were expected here." in verdict.lines


SETUP = "def of_pairs(pairs):\n    queries, targets = pairs\n    return [*queries, *targets]\n"
CHECK = """
def one(draw):
    return {"pairs": attempted(lambda: of_pairs(paired(draw.size()))), "guess": attempted(lambda: float(guess))}
"""
RIGHT = '''guess = 1.5
def paired(size):
    """(queries, targets), two lists.

    More of it."""
    return [size], [size]
'''


def asked(tmp_path, answer):
    """What is said of an answer in cells, with a setup and a check in cells of their own."""

    def cells(code):
        names = {"attempted": attempted}
        for file, cell in (("<setup>", SETUP), ("<answer>", code), ("<check>", CHECK)):
            exec(compile(cell, file, "exec"), names)
        return names["one"]

    arrays: dict[str, np.ndarray] = {}
    expected = [run_check(cells(RIGHT), "one", seed).pack(arrays, "right") for seed in SEEDS]
    parts = {"pairs": 1, "guess": 2}
    data = {"points": 3.0, "parts": parts, "seeds": SEEDS, "expected": expected, "mistakes": []}
    (tmp_path / "q.json").write_text(json.dumps({"notebook": "q", "hints": {}, "checks": {"one": data}}))
    namespace = {"open_notebook": open_notebook, "folder": tmp_path}
    exec(compile("_, check, _ = open_notebook('q', folder)", "<setup>", "exec"), namespace)
    return namespace["check"](parts=parts)(cells(answer))()


@pytest.mark.parametrize(
    ("body", "came"),
    [
        ("return 3 * [(size, size)]", "list of 3"),
        ("return 'none'", "'none'"),
        ("return 2.5", "2.5"),
        ("return size", ""),
    ],
)
def test_what_a_check_cannot_use_is_told_as_what_the_function_returned(tmp_path, body, came):
    """Not as an error in a line that the student has not written."""
    verdict = asked(tmp_path, RIGHT.replace("return [size], [size]", body))
    assert verdict.title.startswith(f"paired returned {came}")
    assert "queries, targets = pairs" not in verdict.title and 'in "pairs"' in verdict.title
    assert verdict.lines == (
        "pairs: not yet",
        "guess: right",
        "What paired is asked for: (queries, targets), two lists.",
    )


def test_a_function_of_which_nothing_came_and_a_value_that_is_no_number(tmp_path):
    verdict = asked(tmp_path, RIGHT.replace("return [size], [size]", "pass"))
    assert verdict.title.startswith("paired returned None, and the check could do nothing with it")
    assert verdict.lines[2:] == ("Your function returned None: is a `return` missing?",)
    verdict = asked(tmp_path, RIGHT.replace("guess = 1.5", "guess = 'right'"))
    assert verdict.title.startswith("What stands in your cell could not be used (ValueError: could not convert")
    assert "float(guess)" not in verdict.title and verdict.lines[2:] == ("Compare it with what the task asks for.",)


def test_what_stops_in_the_students_own_lines_is_told_as_before(tmp_path):
    verdict = asked(tmp_path, RIGHT.replace("return [size], [size]", "return {}['x']"))
    assert verdict.title.startswith("Your code stopped with KeyError: 'x'")


def test_what_was_expected_of_a_number_that_is_worked_out_is_never_told(tmp_path):
    def numbers(draw, area=12, count=7.2, mean=None):
        return {
            "area": draw.sealed(lambda: area),
            "count": draw.sealed(lambda: count, digits=0),
            "mean": draw.normal(7) if mean is None else mean,
        }

    def perimeter(draw):
        "That is the perimeter."
        return numbers(draw, area=14)

    judged = opened(tmp_path, numbers, mistakes=[perimeter])
    assert judged(lambda draw: numbers(draw, area=12.0, count=6.8)).state == "right"
    for wrong, came in (
        (9, "9"),
        (-0.5, "-0.5"),
        (torch.tensor(9), "9"),
        ([12], "[12]"),
        ("most", "'most'"),
        (None, "None"),
    ):
        verdict = judged(lambda draw, wrong=wrong: numbers(draw, area=wrong))
        assert (verdict.state, verdict.title) == ("wrong", 'The values differ in "area"')
        assert verdict.lines[0] == f"What came: {came}" and not any("expected" in line for line in verdict.lines)
    assert judged(lambda draw: numbers(draw, area=BLANK)).state == "open"
    assert judged(lambda draw: numbers(draw, area=14)).lines[1:] == ("It looks like this: That is the perimeter.",)
    both = judged(lambda draw: numbers(draw, area=14, count=90.25))
    assert both.lines[-1] == 'Besides, something else is wrong in "count": 90.25 came.'
    assert judged(lambda draw: numbers(draw, count=math.inf)).lines[0] == "What came: inf"


def test_the_right_word_of_a_choice_is_never_told(tmp_path):
    def letters(draw, first="C", second="A"):
        return {"first": draw.sealed_word(lambda: first, "ABC"), "second": draw.sealed_word(lambda: second, "ABC")}

    def swapped(draw):
        "These two changed places."
        return letters(draw, first="A", second="C")

    judged = opened(tmp_path, letters, mistakes=[swapped])
    for right in ("C", " c", "'c'", '"C"', "C."):
        assert judged(lambda draw, right=right: letters(draw, first=right)).state == "right"
    for wrong, came in (("B", "'B'"), ("b ", "'B'"), ("E", "'E (none of A, B, C)'"), (2, "'2 (none of A, B, C)'")):
        verdict = judged(lambda draw, wrong=wrong: letters(draw, first=wrong))
        assert (verdict.state, verdict.title) == ("wrong", 'The values differ in "first"')
        assert verdict.lines[0] == f"What came: {came}" and not any("expected" in line for line in verdict.lines)
    assert judged(lambda draw: letters(draw, first=BLANK)).state == "open"
    assert "These two changed places." in judged(lambda draw: letters(draw, first="A", second="C")).lines[-1]


def test_any_guess_in_its_range_is_right(tmp_path):
    def guess(draw, share=0.5):
        return {"share": draw.guessed(lambda: share, 0.25, 1)}

    judged = opened(tmp_path, guess)
    for right in (0.25, 1, np.float32(0.7), torch.tensor([0.3])):
        assert judged(lambda draw, right=right: guess(draw, right)).state == "right"
    for wrong, came in (
        (0.2, "'0.2 (not from 0.25 to 1)'"),
        (70, "'70 (not from 0.25 to 1)'"),
        (math.nan, "'nan (not from 0.25 to 1)'"),
        ("0.5", "\"'0.5' (no number)\""),
        (True, "'True (no number)'"),
        ([0.5, 1], "'[0.5, 1] (no number)'"),
    ):
        verdict = judged(lambda draw, wrong=wrong: guess(draw, wrong))
        assert (verdict.state, verdict.lines[0]) == ("wrong", f"What came: {came}")
    assert judged(lambda draw: guess(draw, BLANK)).state == "open"


def test_a_blank_beside_a_known_mistake_is_not_told_as_a_value_that_differs(tmp_path):
    def both(draw, area=lambda size: size * size, edge=lambda size: 4 * size):
        size = draw.size()
        return {"area": attempted(lambda: area(size)), "edge": attempted(lambda: edge(size))}

    def doubled(draw):
        "The side was doubled, not squared."
        return both(draw, area=lambda size: 2 * size)

    judged = opened(tmp_path, both, mistakes=[doubled])
    verdict = judged(lambda draw: both(draw, area=lambda size: 2 * size, edge=lambda size: BLANK))
    assert "The side was doubled, not squared." in verdict.lines[-1]
    assert not any("NotAttempted" in line for line in verdict.lines)
