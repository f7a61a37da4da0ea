"""An author's slips: each is one sentence with file and line, what came and what fits, and nothing of it is built."""

import pytest

from autograder.build import build
from autograder.course.source import read_source
from autograder.errors import SourceError
from tests.small_source import OPENS, SMALL, write

STEP = SMALL[SMALL.index("# %% exercise=") :]  # below the three lines of OPENS
OPENING = SMALL[: SMALL.index("# %% exercise=")]
HINTS = "# 1. Where is the centre?\n# 2. Half of the size\n#    lies on each side.\n# 3. Subtract size / 2.\n"


def line_of(text, start):
    """The number of the line of a file that begins so."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


def refused(folder, file):
    """The sentence that reading the notebook ends with, without its file; its line is its own."""
    with pytest.raises(SourceError) as caught:
        read_source(folder)
    place, _, says = str(caught.value).partition(": ")
    name, line = place.split(", line ")
    assert name == f"small/{file}" and "\n" not in says
    return int(line), says


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        # a tag that there is not
        ('exercise="corners"', 'exersise="corners"', "# %% exersise", "no tag 'exersise': is exercise meant?"),
        ('written="why"', 'writen="why"', "# %% [markdown]", "no tag 'writen': is written meant?"),
        ('exercise="corners"', 'Exercise="corners"', "# %% Exercise", "no tag 'Exercise': is exercise meant?"),
        ('written="why"', 'colour="why"', "# %% [markdown]", "no tag 'colour': there are: exercise, library, forbids"),
        ('check="corners"', "chek", "# %% chek", "no tag 'chek': is check meant?"),
        ("# %% exercise=", "# %% A title exercise=", "# %% A title", "there is no tag 'A'"),
        ('written="why"', 'slideshow={"slide_type": ""}', "# %% [markdown]", "there is no tag 'slideshow': there are"),
        # a tag that cannot be read
        (
            'written="why" points=2',
            "written=",
            "# %% [markdown]",
            'written= is a tag without its value: write written="',
        ),
        ('written="why" points=2', "written", "# %% [markdown]", "written is a tag without its value"),
        ('written="why"', "written=why", "# %% [markdown]", 'written=why stands in no quotes: write written="why"'),
        (
            'written="why"',
            "written='why'",
            "# %% [markdown]",
            """written='why' stands in no quotes: write written="why""",
        ),
        ('written="why"', 'written = "why"', "# %% [markdown]", "written is a tag without its value"),
        ('written="why"', 'written=""', "# %% [markdown]", 'written="" does not fit'),
        ("points=3", 'points=3 trained="w.pt"', "# %% check", 'trained="w.pt" names no weights beside the'),
        (
            "points=3",
            'points=3 trained="a/w.safetensors"',
            "# %% check",
            "names no weights beside the notebook",
        ),
        ("points=3", "points=3 trained=w", "# %% check", 'trained=w stands in no quotes: write trained="w"'),
        (
            "points=3",
            'points=3 trained="w.safetensors"',
            "def corners",
            "what is trained is measured with @check(model",
        ),
        ("@check\n", "@check(model=f, steps=[(1, 3)])\n", "def corners", "what is trained is measured with @check(mod"),
        ("@check\n", "@check(steps=[(1, 3)])\n", "def corners", "what is trained is measured with @check(model=..., s"),
        ('="corners"\ndef', '="corners" trained="w.safetensors"\ndef', "# %% exercise", "trained= does not belong to"),
        ("points=3", "points=two", "# %% check", "points=two is no number of points: write points=3"),
        ("points=3", "points=-1", "# %% check", "points=-1 is no number of points"),
        (
            'check="corners" points',
            'check="corners", points',
            "# %% check",
            "a comma stands between tags: a blank does",
        ),
        ('check="corners"', 'check="the corners"', "# %% check", 'check="the corners" does not fit'),
        ('"corners/centre"', '"centre"', '# %% [raw] mistake="centre"', 'write mistake="corners/half_width"'),
        ('exercise="corners"', 'exercise="corners" forbids="a..b"', "# %% exercise", 'forbids="a..b" does not fit'),
        ("points=3", "points=3 points=4", "# %% check", "points= stands here twice"),
        # a cell that is none, or of another type
        ("# %% exercise=", "# %%exercise=", "# %%exercise", 'begins no cell: a cell begins with "# %% "'),
        ("# %% check=", "## %% check=", "## %% check", 'begins no cell: a cell begins with "# %% "'),
        ("[markdown] written=", "[md] written=", "# %% [md]", "[md] is no type of cell: [markdown] and [raw] are"),
        ("[markdown] written=", "written=", "# %% written", 'no cell of this type: write # %% [markdown] written="'),
        ('[raw] hints="corners"', "[raw]", "# %% [raw]", "a raw cell is tagged hints= or mistake="),
        ("# Because", "Because", "Because", "is text, so it begins with #; code has a cell of its own"),
        (
            "# Because",
            "# ```\n#\n# %% [markdown]\n# ```\n# Because",
            "# %% [markdown] written",
            "swallows the next cell",
        ),
        # tags that do not belong together
        ('exercise="corners"', 'exercise="corners" check="corners"', "# %% exercise", "stand on one cell: make two"),
        ('exercise="corners"', 'exercise="corners" points=3', "# %% exercise", "points= does not belong to exercise="),
        ('exercise="corners"', 'forbids="torch.cat"', "# %% forbids", "forbids= says nothing by itself"),
        ('exercise="corners"', "setup", "# %% setup", "a setup stands in 00_open.py alone"),
        (' written="why" points=2', " setup", "# %% [markdown]", "a setup is code: write # %% setup"),
        # a check
        ('check="corners" points=3', 'check="corners"', "# %% check", 'check="corners" has no points: write check="'),
        (
            "def corners(draw)",
            "def other(draw)",
            "# %% check",
            "checks corners, without a function of that name: functions here: other",
        ),
        ("@check\n", "", "def corners(", "corners has no @check in the line above it"),
        ("return corner(draw", "return corner((draw", "    return corner((", "this is no Python: '(' was never closed"),
        # a solution's marks
        ("    ### END SOLUTION\n", "", "    ### BEGIN", "BEGIN SOLUTION without END SOLUTION below it"),
        ("    ### BEGIN SOLUTION\n", "", "    ### END", "END SOLUTION without BEGIN SOLUTION above it"),
        ("    ### END", "    ### BEGIN SOLUTION\n    ### END", "    ### BEGIN", "inside the region that line 7 begins"),
        ("### BEGIN SOLUTION", "## begin solution", "    ## begin", "is no mark: write ### BEGIN SOLUTION"),
        ('exercise="corners"', "", "    ### BEGIN", "marks a solution in a cell that is no exercise"),
        ("    ### BEGIN SOLUTION\n", "    print(1)  # ____\n", "    ### END", "END SOLUTION without BEGIN"),
        # hints and mistakes
        ("# 3. Subtract size / 2.\n", "", "# %% [raw] hints", "three hints are expected"),
        (HINTS, "# Three words.\n", "# %% [raw] hints", "nearly the code), 1 found: each begins with its number"),
        (
            "# ---\n# def corner(boxes_cxcywh):\n#     return boxes_cxcywh[..., :2]\n",
            "",
            '# %% [raw] mistake="corners/centre',
            "a line # ---, and the code",
        ),
        (
            "# This is the centre.\n# ---\n# def corner(",
            "# This is the centre.\n# ---\n# def (",
            "# def (",
            "this is no Python",
        ),
    ],
)
def test_a_slip_in_a_step_is_one_sentence_with_its_line(tmp_path, old, new, at, message):
    assert STEP.count(old) >= 1
    folder = write(tmp_path)
    step = OPENS + STEP.replace(old, new, 1)
    (folder / "01_step.py").write_text(step)
    line, says = refused(folder, "01_step.py")
    assert message in says
    last = [number for number, each in enumerate(step.splitlines(), start=1) if each.startswith(at)][-1]
    assert line == (last if "inside the region" in message else line_of(step, at))


def test_nothing_marked_and_marks_on_nothing_are_refused_at_the_exercise(tmp_path):
    folder = write(tmp_path)
    plain = STEP.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    (folder / "01_step.py").write_text(OPENS + plain)
    assert refused(folder, "01_step.py") == (
        4,
        "an exercise marks its solution with ### BEGIN SOLUTION or # ____; nothing is marked here",
    )
    (folder / "01_step.py").write_text(OPENS + plain.replace("def corner(", "print(1)  # ____\ndef corner(", 1))
    assert refused(folder, "01_step.py") == (4, "'# ____' marks no assignment or return: print(1)  # ____")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            'open_notebook("small")',
            'open_notebook("large")',
            7,
            "open_notebook('large') is another notebook's: write ____",
        ),
        ("# %% setup", "# %% settup", 4, "no tag 'settup': is setup meant?"),
        ("# %% setup", "# %%", 1, 'no cell is the setup: "# %% setup" with ____, check, hint = open_notebook("small")'),
        ("# %% [markdown]\n", "", 1, "'# # A small notebook' stands above the first cell"),
    ],
)
def test_a_slip_in_the_opening_is_one_sentence_with_its_line(tmp_path, old, new, line, message):
    assert old in OPENING
    folder = write(tmp_path)
    (folder / "00_open.py").write_text(OPENING.replace(old, new))
    found, says = refused(folder, "00_open.py")
    assert found == line and message in says


@pytest.mark.parametrize("first", ["", "# %% [markdown]\n# A step.\n\n", "# %%\n# %run -i 01_open.py\n\n"])
def test_a_step_begins_with_the_cell_that_opens_it(tmp_path, first):
    folder = write(tmp_path)
    (folder / "01_step.py").write_text(first + STEP)
    assert refused(folder, "01_step.py") == (
        1,
        "a step begins with a cell that opens it: # %% and, below, # %run -i 00_open.py",
    )


def test_a_text_that_is_not_utf_8_is_refused(tmp_path):
    folder = write(tmp_path)
    (folder / "01_step.py").write_bytes((OPENS + STEP).encode() + "# Größe".encode("latin-1"))
    with pytest.raises(SourceError, match=r"small/01_step.py: this is no text in UTF-8"):
        read_source(folder)


def test_what_jupyterlab_writes_above_a_step_and_magics_are_no_slips(tmp_path):
    folder = write(tmp_path)
    header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: py:percent\n# ---\n\n"
    (folder / "00_open.py").write_text(header + OPENING)
    (folder / "01_step.py").write_text(f"{header}{OPENS}# %%\n# %%time\n1 + 1\n\n{STEP}")
    cells = read_source(folder).cells
    assert [cell.kind for cell in cells] == ["prose", "setup", "code", "exercise", "check", "written"]
    assert cells[2].source == "%%time\n1 + 1"


@pytest.mark.parametrize("slip", ['writen="why"', "written=why", 'written="why", '])
@pytest.mark.parametrize("whole", [True, False], ids=["notebook", "step"])
def test_no_proof_builds_a_notebook_whose_model_answer_would_be_prose(tmp_path, slip, whole):
    folder = write(tmp_path, SMALL.replace('written="why"', slip))
    (tmp_path / "secret.txt").write_text("s")
    with pytest.raises(SourceError, match=r"small/01_step.py, line \d+: "):
        build.prove(folder if whole else folder / "01_step.py", print, tmp_path)
    with pytest.raises(SourceError, match=r"small/01_step.py, line \d+: "):
        build.build("00_small", print, tmp_path)
    assert not (tmp_path / "build").exists() and not (tmp_path / "notebooks").exists()
