"""Fingerprints: what a mark hangs on changes them, and no word of prose does; of one cell, and of no other one."""

import pytest

from autograder.course.fingerprints import code_of, digests, fingerprints
from autograder.course.source import read_source
from coursework.marking.measured import Measured
from coursework.marking.stored import StoredCheck
from tests.small_source import SMALL, write

CHECKS = {"corners": StoredCheck(3.0, None, [11, 12], [], [])}


def marks(tmp_path, text=SMALL, checks=CHECKS, chains={}, data="d"):  # noqa: B006 (never changed)
    return fingerprints(read_source(write(tmp_path, text)), checks, chains, data)


def bent(tmp_path, old, new):
    assert SMALL.count(old) >= 1
    return marks(tmp_path / "bent", SMALL.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("points=3", "points=4", {"corners"}),
        ("draw.boxes_cxcywh(5)", "draw.boxes_cxcywh(7)", {"corners"}),
        ("boxes_cxcywh[..., 2:] / 2\n    ### END", "boxes_cxcywh[..., 2:] * 0.5\n    ### END", {"corners"}),
        ('exercise="corners"', 'exercise="corners" forbids="torch.cat"', {"corners"}),
        ("import torch\n", "import torch\nSIZE = 3\n", {"corners"}),
        ("points=2", "points=1", {"why"}),
        ("# %% [markdown] written", "# %% [markdown]\n# Why half? 0, 1, 2.\n\n# %% [markdown] written", {"why"}),
    ],
)
def test_what_a_mark_hangs_on(tmp_path, old, new, changed):
    before, after = marks(tmp_path), bent(tmp_path, old, new)
    assert set(before) == {"corners", "why"} and {cell for cell in before if before[cell] != after[cell]} == changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Where is the centre?", "Where does the centre lie?"),
        ("halve it.", "take half of it."),
        ("Because boxes are given by their centre.", "Boxes are given by their centre."),
        ('"""The corner (x0, y0)."""', '"""The corner of a box, (x0, y0)."""'),
        ("@check\n", "# two seeds\n@check\n"),
        ("    return corner(draw.boxes_cxcywh(5))\n", "\n    return corner(draw.boxes_cxcywh(5))  # (5, 2)\n"),
        (
            "    return corner(draw.boxes_cxcywh(5))\n",
            "    return corner(draw.boxes_cxcywh(5))\n\n\n@corners.must('x0 <= x1')\ndef _(boxes):\n    return True\n",
        ),
    ],
)
def test_words_change_nothing(tmp_path, old, new):
    assert marks(tmp_path) == bent(tmp_path, old, new)


def test_a_criterion_may_stand_in_several_cells_right_above_its_answer(tmp_path):
    def answers(text):
        written = "# %% [markdown] written"
        return marks(tmp_path, SMALL.replace(written, f"{text}{written}"))["why"]

    two = "# %% [markdown]\n# Criterion: 2 for {}.\n\n# %% [markdown]\n# Write below.\n\n"
    assert answers(two.format("a number")) != answers(two.format("two numbers"))
    before = "# %% [markdown]\n# {}\n\n# %%\nsize = 3\n\n"  # code between them: no criterion
    assert answers(before.format("Some words.")) == answers(before.format("Others."))


def test_parts_chains_and_data_count_where_they_are_used(tmp_path):
    before = marks(tmp_path)
    parts = {"corners": StoredCheck(3.0, ["a", "b"], [11, 12], [], [])}
    for after in (marks(tmp_path, checks=parts), marks(tmp_path, data="e")):
        assert before["corners"] != after["corners"] and before["why"] == after["why"]
    assert marks(tmp_path, chains={"corners": ("corners",)}) == before  # it is its own exercise already
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    assert digests({"w": one}) != digests({"w": other}) and digests({"w": one}) == digests({"w": one})


def test_the_steps_the_file_and_the_model_of_trained_work_count(tmp_path):
    def of(measured):
        return marks(tmp_path, checks={"corners": StoredCheck(3.0, None, [11, 12], [], [], (), measured)})

    before = of(Measured("w.safetensors", ((0.5, 3.0),), "m"))
    others = [
        None,
        Measured("v.safetensors", ((0.5, 3.0),), "m"),
        Measured("w.safetensors", ((0.4, 3.0),), "m"),
        Measured("w.safetensors", ((0.4, 1.0), (0.5, 3.0)), "m"),
        Measured("w.safetensors", ((0.5, 3.0),), "n"),
    ]
    found = [of(measured) for measured in others]
    assert len({before["corners"], *(each["corners"] for each in found)}) == 6
    assert {each["why"] for each in found} == {before["why"]}
    assert found[0] == marks(tmp_path)


def test_code_on_a_docstrings_line_counts():
    assert code_of('def f(x): """Doc."""\n') == code_of('def f(x): """Another."""\n') == ["def f(x):"]
    assert code_of('class A:\n    """d"""; k = 3\n') != code_of('class A:\n    """d"""; k = 4\n')
    long = 'def f():\n    """ä\n    more\n    """; return 7\n'
    assert (
        code_of(long) == code_of(long.replace("more", "other words\n    and lines")) == ["def f():", "    ; return 7"]
    )


def test_a_string_that_looks_like_a_comment_stays():
    assert code_of("x = '# not one'  # one\n\ny = 2\n") == ["x = '# not one'", "y = 2"]
    assert code_of("%matplotlib inline\nx = 1  # kept: no Python\n") == [
        "%matplotlib inline",
        "x = 1  # kept: no Python",
    ]
