"""Small changes of tiny answers: how many there are can be counted by hand."""

import ast

import pytest

from autograder.build import mutate
from autograder.build.mutate import mutants

CELL = """\
def answer(a, b, x):
    \"\"\"Not a word of this is changed: 1 + 1.\"\"\"
    c = 1 + 1
    ### BEGIN SOLUTION
    {}
    ### END SOLUTION
"""


def changes(statement, kind):
    """What becomes of the one statement of an answer, by kind."""
    found = mutants(CELL.format(statement))
    return [each.change.partition(" => ")[2] for each in found if each.kind == kind]


@pytest.mark.parametrize(
    ("statement", "kind", "expected"),
    [
        ("return [a - b]", "operator", {"return [a + b]"}),
        ("return [x[0] + b]", "operator", {"return [x[0] - b]", "return [x[0] * b]"}),
        ("return [a < b]", "comparison", {"return [a <= b]", "return [a > b]"}),
        ("return [a and b]", "logic", {"return [a or b]", "return [a]", "return [b]"}),
        ("return [-a]", "sign", {"return [a]"}),
        ("return [5]", "constant", {f"return [{n}]" for n in (6, 4, 10, 0, 1)}),
        ("return [True]", "constant", {"return [False]"}),
        ("return [-1]", "constant", {"return [0]", "return [-2]", "return [1]"}),
        ("return [a(dim=-1)]", "axis", {"return [a(dim=0)]", "return [a(dim=-2)]", "return [a(dim=1)]"}),
        ("return [id(a, b)]", "arguments", {"return [id(b, a)]", "return [id(a)]"}),
        ("return [id(k=a, m=b)]", "arguments", {f"return [id({k})]" for k in ("k=b, m=a", "m=b", "k=a")}),
        ("return [id(a)]", "dropped", {"return [a]"}),
        ("return [x.clone()]", "dropped", {"return [x]"}),
        ("return [x[:3]]", "slice", {f"return [x{i}]" for i in ("", "[3:]", "[1:3]", "[:]")}),
        ("return [x[a:]]", "slice", {f"return [x{i}]" for i in ("", "[:a]", "[:]", "[a + 1:]", "[a - 1:]", "[a:-1]")}),
        ("return [x.height]", "attribute", {"return [x.width]"}),
        ("return [x.softmax(0)]", "attribute", {"return [x.sigmoid(0)]", "return [x.log_softmax(0)]"}),
        ("return [x.near, x.far]", "attribute", {"return [x.far, x.far]", "return [x.near, x.near]"}),
        ("return [a]", "name", {"return [b]", "return [x]"}),
        ("return (a, b)", "order", {"return (b, a)"}),
        ("a, b = [x]", "order", {"b, a = [x]"}),
        ("return {1: a, 2: b}", "order", {"return {1: b, 2: a}"}),
        ("return [f'{a:.2f}']", "word", {"return [f'{a:.1f}']", "return [f'{a:.3f}']"}),
        ("a *= 2", "operator", {"a /= 2", "a += 2", "a = 2"}),
        ("return [a * b]", "in place", {"return [a.mul_(b)]"}),
        ("return [*x]", "statement", {"pass"}),
        ("return a + b", "gradient", {"return (a + b).detach()"}),
        ("with a: x.go()", "statement", {"pass", "x.go()"}),
        ("x.text(a, fontsize=9)", "arguments", set()),  # looks are free
        ("axes.set_axis_off()", "statement", set()),
        ("return [min(a, b)]", "arguments", {"return [min(a)]"}),
        ("c = a + b", "gradient", set()),  # what is returned has it
        ("return [nn.Linear(a)]", "arguments", {"return [nn.Linear(a, bias=False)]"}),
    ],
)
def test_changes_of_a_kind(statement, kind, expected):
    assert set(changes(statement, kind)) == expected


def test_what_is_closed_by_finally_is_left_open():
    cell = CELL.format("try:\n        x.go()\n    finally:\n        x.close()")
    found = {each.change for each in mutants(cell) if each.kind == "statement"}
    assert "try:; x.go(); finally:; x.close() => x.go()" in found and any("x.go(); x.close()" in each for each in found)


def test_only_answers_are_changed_and_never_into_the_solution():
    source = "def answer(a, b):\n    c = a + 1\n    d = c * b  # ____\n    return d + 1\n"
    found = mutants(source)
    assert {each.line for each in found} == {3}
    assert all(ast.unparse(ast.parse(source)) != each.source for each in found)
    assert all("c = a + 1" in each.source and "return d + 1" in each.source for each in found)


def test_each_blank_may_lose_its_gradient():
    found = mutants("def answer(a, b):\n    c = a + b  # ____\n    return c")
    assert [each.change for each in found if each.kind == "gradient"] == ["c = a + b => c = (a + b).detach()"]


def test_of_a_long_line_the_changed_part_is_told():
    cell = CELL.format(f"return [{', '.join(['a'] * 60)}, b < 1, {', '.join(['x'] * 60)}]")
    told = {each.change for each in mutants(cell) if each.kind == "comparison"}
    assert all(len(change) < 250 and "b < 1" in change for change in told)
    assert {change.split("b ")[2].split(" ")[0] for change in told} == {"<=", ">"}


def test_the_same_program_is_there_once():
    found = mutants(CELL.format("return [0]"))
    assert len({each.source for each in found}) == len(found)
    assert changes("return [0]", "constant") == ["return [-1]", "return [1]"]  # 0 + 1 is 1, too


def test_the_same_change_in_two_places_has_two_names():
    cell = CELL.format("x.go(a)\n    x.stay(b)\n    x.go(a)")
    found = [each.change for each in mutants(cell)]
    assert "x.go(a) => pass" in found and "x.go(a) => pass (no. 2)" in found and len(set(found)) == len(found)


def test_what_no_check_comes_to_is_left_alone():
    two = CELL.format("return a + b") + "\n" + CELL.format("return a - b").replace("answer", "second")
    assert mutants(two, {"answer"}) == mutants(two)[: len(mutants(two, {"answer"}))] != mutants(two)


def test_many_changes_are_cut_evenly_and_always_alike(monkeypatch):
    cell = CELL.format("return [a + b, a < b, 7, -x]")
    everything = mutants(cell)
    monkeypatch.setattr(mutate, "MOST", 12)
    some = mutants(cell)
    assert len(some) == 12 and some == mutants(cell) and set(some) < set(everything)
    assert {each.kind for each in some} == {each.kind for each in everything}


def test_a_prediction_is_as_good_as_another():
    assert mutants("score = 0.5  # ____\n") == []
    assert {each.change.partition(" => ")[2] for each in mutants("score = -a  # ____\n")} >= {"score = a"}
