"""detrlab stands alone, and its leaves know nothing of the wiring. Whoever teaches with it imports it, never the other
way round."""

import re

from tests.imports import ROOT, arrows, imported, within

LEAVES = {"detrlab.boxes", "detrlab.images", "detrlab.detr.position", "detrlab.detr.classes", "detrlab.attention.grid"}


def test_detrlab_imports_nothing_else_of_ours():
    assert [arrow for arrow in arrows("detrlab") if not within(arrow[1], "detrlab")] == []


def test_leaves_import_leaves_alone():
    found = [(start, end) for start, end in arrows("detrlab") if start in LEAVES]
    assert [(start, end) for start, end in found if end != "detrlab" and not within(end, *LEAVES)] == []
    assert {name for name in LEAVES if (ROOT / f"{name.replace('.', '/')}.py").is_file()} == LEAVES


def test_notebooks_import_the_library_and_the_exercises_alone():
    paths = sorted((ROOT / "solutions").rglob("*.py"))
    assert paths
    ours = re.compile(r"(autograder|tools|bench|tests)(\.|$)")
    assert [(path.name, each) for path in paths for each in imported(path) if ours.match(each)] == []
