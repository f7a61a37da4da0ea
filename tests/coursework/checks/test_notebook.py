"""A check in a notebook: what a student is told, in which order, and the points stock nbgrader reads."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest
import safetensors.numpy
import torch

from coursework.checks.blank import BLANK
from coursework.checks.freezing import attempted
from coursework.checks.notebook import open_notebook, recording
from coursework.checks.running import run_check
from coursework.marking.hidden import pack_hidden
from coursework.marking.outcome import ForbiddenCall

SEEDS = [11, 12]


def right(draw):
    return draw.boxes_cxcywh(5)


def half(draw):
    return draw.boxes_cxcywh(5) / 2


def crashes(draw):
    raise KeyError("x")


@pytest.fixture
def check(tmp_path):
    """Opens a notebook with one exercise `boxes`, worth 3 points, with two known mistakes."""
    arrays: dict[str, np.ndarray] = {}
    outcomes = {function: [run_check(function, "boxes", seed) for seed in SEEDS] for function in (right, half, crashes)}
    packed = {
        function: [outcome.pack(arrays, function.__name__) for outcome in found] for function, found in outcomes.items()
    }
    mistakes = [
        {"id": "boxes/half", "says": "You halved.", "outcomes": packed[half]},
        {"id": "boxes/key", "says": "No such key.", "outcomes": packed[crashes]},
    ]
    checks = {
        "boxes": {
            "points": 3.0,
            "parts": None,
            "seeds": SEEDS,
            "expected": packed[right],
            "mistakes": mistakes,
            "forbids": ["torchvision.ops.box_convert", "torchvision.ops.nowhere.x"],
        }
    }
    (tmp_path / "q.json").write_text(
        json.dumps({"notebook": "q", "hints": {"boxes": ["one", "two", "three"]}, "checks": checks})
    )
    safetensors.numpy.save_file(arrays, tmp_path / "q.safetensors")
    blank, check, hint = open_notebook("q", tmp_path)
    assert blank is BLANK

    def named(function):
        function.__name__ = "boxes"
        return check(function)

    named.hint = hint
    return named


def test_right(check):
    verdict = check(lambda draw: right(draw))()
    assert (repr(verdict), verdict.state, verdict.lines) == ("3.0", "right", ())
    assert "✓" in verdict._repr_html_() and "3 / 3" in verdict._repr_html_()


@pytest.mark.parametrize(
    ("answer", "title", "line"),
    [
        (lambda draw: half(draw), "the values differ at", "You halved."),
        (lambda draw: crashes(draw), "KeyError", "No such key."),
        (lambda draw: right(draw)[:3], "The shape differs", "What came: shape (3, 4)"),
        (lambda draw: right(draw).double(), "The dtype differs", "What was expected: float32"),
        (lambda draw: right(draw).numpy(), "The kind of value differs", "numpy array of shape (5, 4)"),
        (lambda draw: None, "The kind of value differs", "What came: None"),
        (lambda draw: right(draw) * float("nan"), "the values differ", "nan"),
        (lambda draw: object(), "The kind of value differs", "object"),
    ],
)
def test_wrong_says_what_came_what_was_expected_and_what_it_looks_like(check, answer, title, line):
    verdict = check(answer)()
    assert (repr(verdict), verdict.state) == ("0.0", "wrong")
    assert title in verdict.title
    assert any(line in shown for shown in (verdict.title, *verdict.lines))


def test_gradients_do_not_matter(check):
    assert repr(check(lambda draw: right(draw).requires_grad_())()) == "3.0"


@pytest.mark.parametrize("answer", [lambda draw: BLANK, lambda draw: BLANK + 1, lambda draw: torch.relu(BLANK)])
def test_not_attempted_is_not_wrong(check, answer):
    verdict = check(answer)()
    assert (repr(verdict), verdict.state) == ("0.0", "open")
    assert "Not attempted" in verdict.title


def test_an_invariant_is_asked_before_the_values(check):
    one = check(lambda draw: -right(draw))
    one.must("sizes are positive")(lambda boxes: (boxes[:, 2:] > 0).all())
    assert one().title == "This must hold and does not: sizes are positive"


def test_html_is_escaped(check):
    def answer(draw):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in check(answer)()._repr_html_()


def test_what_an_exercise_asks_to_be_written_is_refused_while_its_check_runs(check, monkeypatch):
    """To the student's cell, under another name too; not to the setup cell, which is this file, and not afterwards."""
    import torchvision

    notebook = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    cell = "from torchvision.ops import box_convert as f\ndef corners(b): return f(b, 'cxcywh', 'cxcywh')"
    exec(compile(cell, "<a student's cell>", "exec"), vars(notebook))
    called = notebook.corners
    verdict = check(lambda draw: called(draw.boxes_cxcywh(5)))()
    assert "torchvision.ops.box_convert may not be called here" in verdict.title and verdict.points == 0
    parts = check(lambda draw: {"1": attempted(lambda: called(draw.boxes_cxcywh(5)))})()
    assert "torchvision.ops.box_convert may not be called here" in parts.title
    packed = pack_hidden([71], [run_check(right, "boxes", 71)])
    assert repr(check(lambda draw: called(draw.boxes_cxcywh(5))).hidden(packed)) == "0.0"
    ours = lambda boxes: torchvision.ops.box_convert(boxes, "cxcywh", "cxcywh")  # noqa: E731
    assert check(lambda draw: ours(draw.boxes_cxcywh(5)))().state == "right"
    assert called(torch.ones(1, 4)).tolist() == [[1, 1, 1, 1]]


def test_what_the_answer_itself_imports_is_refused_by_its_first_check(tmp_path, monkeypatch):
    """Nothing is imported for a check: whether the answer has imported it shows when it ran."""
    package = f"package_of_{tmp_path.name}"
    (tmp_path / f"{package}.py").write_text("def double(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)

    cell = f"def double(x):\n    from {package} import double as theirs\n    return theirs(x)"
    exec(compile(cell, "<a student's cell>", "exec"), answer := {})

    def imports(draw):
        return answer["double"](draw.normal(3))

    def writes(draw):
        return draw.normal(3) * 2

    arrays: dict[str, np.ndarray] = {}
    expected = [run_check(writes, "twice", seed).pack(arrays, "twice") for seed in SEEDS]
    data = {"points": 3.0, "parts": None, "seeds": SEEDS, "expected": expected, "mistakes": []}
    data["forbids"] = [f"{package}.double"]
    (tmp_path / "q.json").write_text(json.dumps({"notebook": "q", "hints": {}, "checks": {"twice": data}}))
    safetensors.numpy.save_file(arrays, tmp_path / "q.safetensors")
    _, check, _ = open_notebook("q", tmp_path)
    imports.__name__ = writes.__name__ = "twice"
    assert check(writes)().state == "right" and package not in sys.modules
    verdict = check(imports)()
    assert f"{package}.double may not be called here" in verdict.title and verdict.points == 0
    assert check(writes)().state == "right"


def test_hidden_points_decide_and_hidden_values_are_not_shown(check):
    expected = [run_check(right, "boxes", seed) for seed in (71, 72)]
    packed = pack_hidden([71, 72], expected)
    assert repr(check(lambda draw: right(draw)).hidden(packed)) == "3.0"
    memorised = check(lambda draw: right(draw) if draw.seed in SEEDS else BLANK)
    assert repr(memorised()) == "3.0"
    verdict = memorised.hidden(packed)
    assert repr(verdict) == "0.0" and "Right on the draws you see" in verdict.title
    wrong = check(lambda draw: half(draw)).hidden(packed)
    assert repr(wrong) == "0.0" and any("You halved." in line for line in wrong.lines)


def test_under_recording_nothing_is_compared(check):
    with recording([5, 6, 7]) as record:
        verdict = check(lambda draw: half(draw))()
    assert repr(verdict) == "0.0"
    assert [
        outcome.equals(run_check(half, "boxes", seed)) for outcome, seed in zip(record["boxes"], (5, 6, 7), strict=True)
    ] == [True] * 3


def test_parts_are_judged_by_themselves(tmp_path):
    def both(draw):
        return {"a": draw.normal(2), "b": draw.normal(3)}

    arrays: dict[str, np.ndarray] = {}
    expected = [run_check(both, "both", seed).pack(arrays, "both") for seed in SEEDS]
    data = {"points": 3.0, "parts": {"a": 1, "b": 2}, "seeds": SEEDS, "expected": expected, "mistakes": []}
    (tmp_path / "q.json").write_text(json.dumps({"notebook": "q", "hints": {}, "checks": {"both": data}}))
    safetensors.numpy.save_file(arrays, tmp_path / "q.safetensors")
    _, check, _ = open_notebook("q", tmp_path)

    def half_right(draw):
        return {"a": draw.normal(2) * 2, "b": draw.normal(3)}

    half_right.__name__ = "both"
    verdict = check(parts={"a": 1, "b": 2})(half_right)()
    assert (repr(verdict), verdict.state) == ("2.0", "partly")
    assert verdict.lines[:2] == ("a: not yet", "b: right")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda draw: None, "Your function returned None: is a `return` missing?"),
        (lambda draw: None.shape, "is a `return` missing?"),
        (lambda draw: len(None), "is a `return` missing?"),
        (lambda draw: {}["x"], "No such key."),  # an exception of another kind still is the mistake it equals
        (lambda draw: {}["y"], "A dict has no key 'y'"),  # another message is another mistake
    ],
)
def test_a_forgotten_return_is_named(check, answer, line):
    assert line in check(answer)().lines[-1]


def test_a_call_that_a_grader_refuses_is_told_in_its_own_words(check):
    def answer(draw):
        raise ForbiddenCall("torch.add")

    verdict = check(answer)()
    assert (verdict.points, verdict.state, verdict.lines) == (0, "wrong", ())
    assert verdict.title == "This exercise is about writing it yourself: torch.add may not be called here."


def test_an_exception_of_a_students_own_is_never_taken_for_a_graders_refusal(check):
    own = type("ForbiddenCall", (RuntimeError,), {"name": "torch.add"})
    below = type("ForbiddenCall", (ForbiddenCall,), {})

    for kind, says in ((own, "Right. 3 / 3"), (below, "This exercise is about writing it yourself: Right. 3 / 3")):

        def answer(draw, kind=kind):
            raise kind("Right. 3 / 3")

        verdict = check(answer)()
        assert verdict.title.startswith(f"Your code stopped with ForbiddenCall: {says}") and len(verdict.lines) == 2


def test_items_of_lists_of_words_that_are_too_many_or_missing_are_named(tmp_path):
    def words(draw):
        return {"one": [{"labels": ["ring", "star", "star"]}], "draw": draw.normal(2)}

    arrays: dict[str, np.ndarray] = {}
    expected = [run_check(words, "words", seed).pack(arrays, "words") for seed in SEEDS]
    data = {"points": 1.0, "parts": None, "seeds": SEEDS, "expected": expected, "mistakes": []}
    (tmp_path / "q.json").write_text(json.dumps({"notebook": "q", "hints": {}, "checks": {"words": data}}))
    safetensors.numpy.save_file(arrays, tmp_path / "q.safetensors")
    _, check, _ = open_notebook("q", tmp_path)

    def told(labels):
        def answer(draw):
            return words(draw) | {"one": [{"labels": labels}]}

        answer.__name__ = "words"
        return check(answer)().lines

    assert "Not expected here: 'cross', 'star'" in told(["cross", "ring", "star", "star", "star"])
    assert "Missing here: 'star', 'star'" in told(["ring"])
    assert any("Missing here: 'ring'" in line for line in told(["star", "star"]))
    assert told([1, 2])[1] == "What was expected: list of 3"  # numbers are not named
    assert "Not expected here: 'a', 'b', 'c', 'd', 'e', ..." in told(list("abcdefg"))


def test_hints_come_one_by_one(check):
    shown = [check.hint("boxes").data for _ in range(4)]
    assert [text.split()[-1] for text in shown[:3]] == ["one", "two", "three"]
    assert "last hint" in shown[3]
    assert "its exercises are: boxes" in check.hint("nonsense").data


def test_without_its_data_a_check_says_what_is_missing(tmp_path):
    _, check, _ = open_notebook("gone", tmp_path)

    @check
    def boxes(draw):
        return 1

    assert "gone.json is missing" in boxes().title and repr(boxes()) == "0.0"
