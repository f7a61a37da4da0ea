"""The names and numbers that CONTRIBUTING gives an author are those of the code, and the step it shows can be read."""

import inspect
import re

import coursework
from autograder.course import registry, seeds, tags
from autograder.course.source import read_source
from coursework.checks.draw import Draw
from coursework.marking import compare, values
from coursework.progress.course_map import step_of
from tests.imports import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def call(name):
    """A method of `draw` as one calls it, defaults included."""
    signature = inspect.signature(getattr(Draw, name))
    parameters = list(signature.parameters.values())[1:]
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in parameters]
    return f"draw.{name}{inspect.Signature(plain)}".replace("*, ", "").replace(" = ", "=")


def test_the_table_lists_all_that_draw_offers():
    listed = re.findall(r"`(draw\.\w+\(.*?\))`", "".join(re.findall(r"(?m)^\| `draw.*$", TEXT)))
    offered = [name for name, _ in inspect.getmembers(Draw, inspect.isfunction) if name[0] != "_"]
    assert sorted(listed) == sorted(map(call, offered))


def test_all_that_reads_figures_is_named():
    assert {name for name in dir(coursework) if name.startswith("drawn_")} == set(re.findall(r"`(drawn_\w+)`", TEXT))


def test_limits_and_tolerances_are_the_codes():
    assert (
        f"At most {values.MAX_ELEMENTS:,} numbers and {values.MAX_ITEMS:,} entries in all, {values.MAX_DEPTH} levels"
        in TEXT
    )
    tolerances = (
        f"rtol {compare.RTOL:.0e} and atol {compare.ATOL:.0e} (float16 and bfloat16: {compare.HALF_TOLERANCE:.0e}"
    )
    assert tolerances.replace("e-0", "e-") in TEXT
    assert f"over {len(seeds.MISTAKE_SEEDS)} seeds, that each differs" in TEXT
    assert f"over {len(seeds.PROOF_SEEDS)} seeds, that no draw" in TEXT
    clearly = inspect.signature(coursework.Outcome.clearly_differs).parameters["factor"].default
    assert f"by {clearly:g} tolerances or more" in TEXT


def test_every_tag_and_every_key_is_shown():
    assert {tag for tag in tags._EXAMPLES if not re.search(rf"\b{tag}=", TEXT)} == set()
    shown = TEXT[TEXT.index("```toml") : TEXT.index("short_detr = [")]
    assert {key for key in registry._KINDS if not re.search(rf"(?m)^ *\[?{key}\b", shown)} == set()


def test_the_step_that_is_shown_is_one(tmp_path):
    step = TEXT[TEXT.index("```python\n") : TEXT.index("#     ...\n```")].removeprefix("```python\n")
    code = "# def to_corners(boxes_cxcywh):\n#     return boxes_cxcywh\n"
    first = step[step.index("# %% [raw] mistake=") :]
    step = step.replace("# def to_corners(boxes_cxcywh):\n", code)
    second = first.replace("half_width", "unchanged").replace("# def to_corners(boxes_cxcywh):\n", code)
    folder = tmp_path / "02_boxes" / "q1_corners"
    folder.mkdir(parents=True)
    opening = '# %% [markdown]\n# # Boxes\n\n# %% setup\n____, check, hint = open_notebook("q1_corners")\n'
    (folder / "00_open.py").write_text(opening)
    (folder / "01_corners.py").write_text(f"{step}\n{second}")
    notebook = read_source(folder)
    assert notebook.points == 3 and len(notebook.hints["corners"]) == 3 and len(notebook.mistakes) == 2
    found = step_of(next(cell.source for cell in notebook.cells if "###" in cell.source).splitlines()[0].lstrip("# "))
    assert (found.title, found.minutes) == ("Step 14 · Corners", 8)
