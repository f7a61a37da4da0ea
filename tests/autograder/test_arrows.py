"""autograder is a house of lines: a line imports only from lines below it, and never the models. The
commands of the first line share what they have in common.

What crosses the sandbox's wall, `sandbox/inside`, takes nothing along but coursework.
"""

from tests.imports import ROOT, arrows, within

LINES = (  # from the roof to the ground
    {"__main__", "verbs", "grade", "dry_run", "plan", "check", "forget"},
    {"lms"},
    {"by_criterion"},
    {"feedback"},
    {"gradebook"},
    {"judge"},
    {"intake"},
    {"samples", "build"},
    {"course"},
    {"sandbox"},
    {"review"},
    {"errors", "terminal"},
)
HEIGHT = {room: -line for line, rooms in enumerate(LINES) for room in rooms}


def room(module: str) -> str:
    """The folder or file below autograder that a dotted name lies in; "" for autograder itself."""
    return module.split(".")[1] if "." in module else ""


def test_autograder_imports_coursework_alone():
    assert [arrow for arrow in arrows("autograder") if not within(arrow[1], "autograder", "coursework")] == []


def test_each_room_has_its_line():
    rooms = {path.stem for path in (ROOT / "autograder").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - HEIGHT.keys() == {"__init__", "__pycache__"} & rooms


def test_lines_import_only_from_lines_below():
    upward = [
        (start, end)
        for start, end in arrows("autograder")
        if within(end, "autograder") and room(end) and room(start) != room(end)
        if HEIGHT[room(end)] >= HEIGHT.get(room(start), 1) and not {room(start), room(end)} <= LINES[0]
    ]
    assert upward == []


def test_what_crosses_the_wall_takes_nothing_along():
    assert [
        arrow
        for arrow in arrows("autograder/sandbox/inside")
        if not within(arrow[1], "autograder.sandbox.inside", "coursework")
    ] == []
