"""Reading a notebook's source, and what is refused."""

import re

import pytest

from autograder.course.source import read_source
from autograder.errors import SourceError
from tests.small_source import OPENS, SMALL, write
from tests.trained_course import write as write_trained

CHECK = SMALL[SMALL.index("# %% check=") : SMALL.index("# %% [raw] hints")]
HINTS = SMALL[SMALL.index("# %% [raw] hints") : SMALL.index("# %% [raw] mistake")]
CENTRE = SMALL[SMALL.index('# %% [raw] mistake="corners/centre"') : SMALL.index("# %% [markdown] written")]


def test_cells_hints_and_mistakes(tmp_path):
    notebook = read_source(write(tmp_path))
    assert (notebook.name, notebook.assignment, notebook.points) == ("small", "00_small", 5)
    assert [cell.kind for cell in notebook.cells] == ["prose", "setup", "exercise", "check", "written"]
    assert notebook.hints == {
        "corners": ["Where is the centre?", "Half of the size lies on each side.", "Subtract size / 2."]
    }
    assert [(mistake.message_id, mistake.says) for mistake in notebook.mistakes] == [
        ("corners/half_width", "The whole size was subtracted: halve it."),
        ("corners/centre", "This is the centre."),
    ]
    assert notebook.named("check")["corners"].source.endswith("\n\ncorners()")
    assert notebook.untouched()["corners"].endswith("return ____")


REPLACED = """\
# %% [raw] mistake="corners/centre"
# This is the centre.
# ---
# - return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2
# + if boxes_cxcywh.ndim:
# +     return boxes_cxcywh[..., :2]

"""


def test_a_mistake_may_replace_single_lines_of_the_solution(tmp_path):
    notebook = read_source(write(tmp_path, SMALL.replace(CENTRE, REPLACED)))
    assert [mistake.code for mistake in notebook.mistakes if mistake.name == "centre"] == [
        "def corner(boxes_cxcywh):\n"
        '    """The corner (x0, y0)."""\n'
        "    if boxes_cxcywh.ndim:\n"
        "        return boxes_cxcywh[..., :2]"
    ]


def test_replaced_lines_of_blanks_lose_their_mark(tmp_path):
    blanks = SMALL.replace(
        "    ### BEGIN SOLUTION\n    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2\n    ### END SOLUTION\n",
        "    centre = boxes_cxcywh[..., :2]  # ____\n"
        "    half = boxes_cxcywh[..., 2:] / 2  # ____\n"
        "    return centre - half\n",
    )
    old, new = "half = boxes_cxcywh[..., 2:] / 2", "half = boxes_cxcywh[..., 2:]"
    bent = blanks.replace(CENTRE, f'# %% [raw] mistake="corners/centre"\n# Halve it.\n# ---\n# - {old}\n# + {new}\n\n')
    (code,) = [found.code for found in read_source(write(tmp_path, bent)).mistakes if found.name == "centre"]
    assert code.splitlines()[2:] == ["    centre = boxes_cxcywh[..., :2]", f"    {new}", "    return centre - half"]


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        (
            "# - return",
            "# - yield",
            "has the line 'yield boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2' 0 times",
            1,
        ),
        ("# + if boxes_cxcywh.ndim:", "# if boxes_cxcywh.ndim:", "among replaced lines: they begin with", 5),
        ("# + if boxes_cxcywh.ndim:", "# + if boxes_cxcywh.ndim", "the solution is no Python: expected ':'", 1),
    ],
)
def test_replaced_lines_that_do_not_fit_are_refused_with_their_place(tmp_path, old, new, message, line):
    text = SMALL.replace(CENTRE, REPLACED.replace(old, new))
    path = write(tmp_path, text)
    step = (path / "01_step.py").read_text().splitlines()
    begins = step.index('# %% [raw] mistake="corners/centre"') + 1
    with pytest.raises(SourceError, match=re.escape(message)) as refused:
        read_source(path)
    assert f"01_step.py, line {begins + line - 1}: " in str(refused.value)


def test_answers_take_the_place_of_exercises(tmp_path):
    code = read_source(write(tmp_path)).code({"corners": "pass"})
    assert [cell.source for cell in code if cell.kind == "exercise"] == ["pass"]


def test_an_exercise_can_be_cut_out_of_the_library(tmp_path):
    start = SMALL.index("def corner")
    text = SMALL[:start] + SMALL[SMALL.index("# %% check") :]
    text = text.replace('exercise="corners"', 'exercise="corners" library="detrlab.boxes.cxcywh_to_xyxy"')
    exercise = read_source(write(tmp_path, text)).named("exercise")["corners"].source
    assert exercise.startswith("def cxcywh_to_xyxy(") and "### BEGIN SOLUTION" in exercise


def test_an_exercise_forbids_names_and_its_own_library_function(tmp_path):
    listed = SMALL.replace(
        'exercise="corners"',
        'exercise="corners" forbids="torchvision.ops.box_convert, detrlab.attention.grid.FeatureGrid.cover"',
    )
    names = ("torchvision.ops.box_convert", "detrlab.attention.grid.FeatureGrid.cover")
    assert read_source(write(tmp_path, listed)).named("exercise")["corners"].forbids == names
    start = SMALL.index("def corner")
    cut = listed[: listed.index("def corner")] + SMALL[SMALL.index("# %% check", start) :]
    cut = cut.replace("forbids=", 'library="detrlab.boxes.cxcywh_to_xyxy" forbids=')
    notebook = read_source(write(tmp_path, cut))
    assert notebook.named("exercise")["corners"].forbids == ("detrlab.boxes.cxcywh_to_xyxy", *names)
    assert notebook.code({"corners": "pass"})[1].forbids == ("detrlab.boxes.cxcywh_to_xyxy", *names)
    assert read_source(write(tmp_path)).named("exercise")["corners"].forbids == ()


def test_steps_are_joined_by_their_names_and_what_opens_them_stays_in_the_source(tmp_path):
    folder = write(tmp_path)
    (folder / "00b_more.py").write_text(f"{OPENS}# %% [markdown]\n# More.\n")
    (folder / ".01_step.py").write_text("an editor's")
    cells = read_source(folder).cells
    assert [cell.step for cell in cells] == ["00_open", "00_open", "00b_more", "01_step", "01_step", "01_step"]
    assert not any("%run" in cell.source for cell in cells)


def test_a_folder_without_steps_is_refused(tmp_path):
    with pytest.raises(SourceError, match="is no folder of steps"):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        (
            'check="corners" points=3\n@check\ndef corners',
            'check="other" points=3\n@check\ndef other',
            "exercises without a check: corners",
            4,
        ),
        ('hints="corners"', 'hints="other"', "hints of unknown exercises: other", 16),
        ('mistake="corners/centre"', 'mistake="nothing/centre"', "mistakes of unknown exercises: nothing/centre", 29),
        ('mistake="corners/centre"', 'mistake="corners/half_width"', "mistakes named twice: corners/half_width", 29),
        (CENTRE, "", "exercises with fewer than two known mistakes: corners", 4),
        ('written="why"', 'written="corners"', "names used twice: corners", 35),
        (CENTRE, CENTRE + HINTS, "corners has hints already", 35),
        (CENTRE, CENTRE + CHECK, "names used twice: corners", 35),
    ],
)
def test_what_does_not_belong_together_is_refused_with_its_file_and_line(tmp_path, old, new, message, line):
    assert old in SMALL
    with pytest.raises(SourceError) as caught:
        read_source(write(tmp_path, SMALL.replace(old, new)))
    assert str(caught.value) == f"small/01_step.py, line {line}: {message}"


PROSE = "# %% [markdown]\n# "
EXERCISE, TITLE, WRITTEN = '# %% exercise="corners"', "# # A small notebook", "# %% [markdown] written"


@pytest.mark.parametrize(
    ("old", "new", "said", "right"),
    [
        (EXERCISE, f"{PROSE}### Step 1 · Corners · 4 points · 5 min\n\n{EXERCISE}", "4 points", "5 points"),
        (TITLE, f"{TITLE}\n# 6 points · about 10 minutes", "6 points", "5 points"),
        (WRITTEN, f"{PROSE}**Criterion (3 points)**\n\n{WRITTEN}", "(3 points)", "(2 points)"),
    ],
)
def test_points_in_the_text_are_those_of_the_cells(tmp_path, old, new, said, right):
    with pytest.raises(
        SourceError, match=rf"small/0\d_\w+\.py: the text says '.*{re.escape(said)}.*', but .* give [25]$"
    ):
        read_source(write(tmp_path, SMALL.replace(old, new)))
    assert read_source(write(tmp_path, SMALL.replace(old, new.replace(said, right)))).points == 5


def test_an_exercise_is_not_judged_by_a_file(tmp_path):
    text = SMALL.replace("points=3", 'points=3 trained="w.safetensors"')
    text = text.replace("@check\n", "@check(model=torch.nn.Identity, steps=[(0.5, 3)])\n")
    with pytest.raises(SourceError, match="exercises whose check asks for a file: corners"):
        read_source(write(tmp_path, text))


def test_trained_work_is_measured_with_the_opening_its_chain_and_nothing_else(tmp_path):
    source = read_source(write_trained(tmp_path))
    assert source.named("check")["my_line"].trained == "my_line.safetensors"
    assert source.named("check")["my_line"].source.endswith('\n\nmy_line("my_line.safetensors")')
    kinds = [(cell.kind, cell.grade_id) for cell in source.measuring("my_line", ["twice"])]
    assert kinds == [("setup", "setup"), ("exercise", "twice_code"), ("check", "my_line")]
    assert [cell.kind for cell in source.measuring("my_line", ())] == ["setup", "check"]
