"""Answers that go behind what is forbidden are pointed out; honest ones are not."""

from pathlib import Path

import nbformat
import pytest

from autograder.course.assignment import Assignment
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source
from autograder.review.suspects import suspects
from autograder.samples.fill_in import fill_in, model_answers
from autograder.samples.the_class import STUDENTS, Desk
from tests.course.test_answers import answers_to

ROOT = Path(__file__).resolve().parents[3]
ENTRY = read_registry(SOLUTIONS)[0]
NOTEBOOKS = {folder.name: folder for folder in ENTRY.notebooks}
FORBIDDEN = {
    "f_code": (
        "torchvision.ops.box_convert",
        "detrlab.attention.grid.FeatureGrid.cover",
        "detrlab.attention.measures.entropy",
    )
}


def answered(code, own=False):
    tags = {"nbgrader": {"grade_id": "f_code", "solution": True, "grade": False, "locked": False}}
    cell = nbformat.v4.new_code_cell(code, id="own-1" if own else "f", metadata={} if own else tags)
    return nbformat.v4.new_notebook(cells=[cell])


RELEASE = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show(1)", id="demo")])


def found(code, own=False):
    return suspects(answered(code, own), FORBIDDEN, {}, RELEASE)


BOX = "torchvision.ops.box_convert"
COVER, ENTROPY = "detrlab.attention.grid.FeatureGrid.cover", "detrlab.attention.measures.entropy"


@pytest.mark.parametrize(
    ("code", "place", "name"),
    [
        ("y = torchvision.ops.box_convert(x, 'cxcywh', 'xyxy')", BOX, BOX),
        ("from torchvision.ops import box_convert as f", BOX, BOX),
        ("from torchvision.ops import *\nf = box_convert", "box_convert", BOX),
        ("f = getattr(torchvision.ops, 'box_convert')", "getattr(..., 'box_convert')", BOX),
        ("%time y = ops.box_convert(x)", "ops.box_convert", BOX),
        ("%%time\ny = ops.box_convert(x)", "ops.box_convert", BOX),
        ("%matplotlib inline\ny = ops.box_convert(x)", "ops.box_convert", BOX),
        ("import torchvision\nops = torchvision.ops\ny = vars(ops)['box_' + 'convert'](x)", "vars(ops)", BOX),
        (
            "from operator import attrgetter\nf = attrgetter('ops.box_convert')(torchvision)",
            "attrgetter(..., 'ops.box_convert')",
            BOX,
        ),
        ("y = eval_later('ops.box_convert(x)')", "box_convert in a text that holds code", BOX),
        ("y = FeatureGrid(a, b, c, 1).cover(box)", "(...).cover", COVER),
        ("import detrlab.attention.measures as m\ny = [m.entropy(x) for x in z]", "m.entropy", ENTROPY),
    ],
)
def test_a_forbidden_name_is_pointed_out(code, place, name):
    assert found(code) == [f"f_code: {place} is written there, and the exercise forbids {name}"]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import importlib.util, torch", "importlib.util"),
        ("from importlib import reload", "importlib"),
        ("import ctypes as c", "ctypes"),
        ("def f():\n    import gc, inspect", "gc, inspect"),
        ("from autograder import forbid", "autograder"),
        ("code = f.__code__", "f.__code__"),
        ("code = f().__code__", "__code__"),
        ("import sys\ndel sys.modules['torchvision']", "sys.modules"),
        ("from sys import modules, _getframe", "sys._getframe, sys.modules"),
        ("import sys\nframe = sys._getframe(1).f_back", "f_back, sys._getframe"),
        ("exec(eval('text'))", "eval, exec"),
        ("__import__('torchvision')", "__import__"),
        ("import sys\nsys.audit = print", "sys.audit"),
        ("import torch\nf = torch.jit.trace(g, x)", "torch.jit"),
        ("from torch import jit", "torch.jit"),
        ("from torch.jit import CompilationUnit", "torch.jit"),
        ("import timeit", "timeit"),
        ("import torchvision\nopen(torchvision.ops.__file__)", "torchvision.ops.__file__"),
        ("from IPython import get_ipython as shell", "IPython.get_ipython"),
        ("get_ipython().run_cell('x')", "get_ipython"),
        ("globals()['f']", "globals"),
        ("class Hears(torch.Tensor):\n    def __torch_function__(cls, *given):\n        pass", "__torch_function__"),
        ("class Hears(torch.overrides.TorchFunctionMode):\n    pass", "torch.overrides.TorchFunctionMode"),
    ],
)
@pytest.mark.parametrize("own", [False, True])
def test_what_leads_behind_a_function_is_pointed_out(code, what, own):
    where = "an own cell" if own else "f_code"
    assert found(code, own) == [f"{where}: {what} can lead to a function behind its refusal: see what it is for"]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import detrlab.boxes\ndetrlab.boxes.box_iou = mine", "detrlab.boxes.box_iou"),
        ("from coursework.checks import running as o\no.Draw = mine", "o.Draw"),
        ("from coursework.checks.notebook import Check\nsetattr(Check, '__call__', mine)", "Check"),
        ("torchvision.disable = 'here'", "torchvision.disable"),
    ],
)
def test_a_change_of_the_library_is_pointed_out(code, what):
    assert found(code) == [f"f_code: {what} of the library is given another value: see what it is for"]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import subprocess as s\ns.run(['python'])", "subprocess"),
        ("from concurrent.futures import ProcessPoolExecutor", "concurrent.futures, concurrent.futures.ProcessPool"),
        ("import os\nif os.fork() == 0:\n    pass\nos.posix_spawnp('a', [], {})", "os.fork, os.posix_spawnp"),
        ("import torch.multiprocessing", None),
        ("import os\nos.system('python a')", "os.system"),
    ],
)
def test_another_process_is_pointed_out(code, what):
    lines = found(code, own=True)
    assert lines[0].startswith(f"an own cell: {what}") if what else lines == []
    assert all("starts other processes, where nothing is refused" in line for line in lines)


def test_a_module_handed_in_is_looked_at_for_every_name():
    files = {"mine.py": b"from torchvision.ops import box_convert as f\nimport gc", "a.txt": b"gc"}
    assert suspects(answered("import mine"), FORBIDDEN, files, RELEASE) == [
        f"mine.py: {BOX} is written there, and the exercise forbids {BOX}",
        "mine.py: gc can lead to a function behind its refusal: see what it is for",
    ]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("a = !ls\n" * 501, ["an own cell: it has 501 lines of commands or magics, too many to be looked at"]),
        ("%ls\n" * 400 + "x = 1\n" * 5000, ["an own cell: it has 400 lines of commands or magics, too many"]),
        ("\n" * 90_000 + "1", []),
        ("a" + ".f_back" * 2000, ["an own cell: "]),
        ("[" + "a," * 40_000 + "]", []),
        ("x" + ".a" * 3000, ["an own cell: it is nested too deep to be looked at"]),
        ("x = 1\n" * 20_000, ["an own cell: it has 120,000 characters, too many to be looked at"]),
    ],
)
def test_a_cell_made_to_hold_the_grader_up_does_not(code, says):
    """Each took minutes, gigabytes or the whole run."""
    lines = found(code, own=True)
    assert len(lines) == len(says) and all(line.startswith(start) for line, start in zip(lines, says, strict=True))
    assert all(len(line) < 1000 for line in lines)


@pytest.mark.parametrize(
    "code",
    [
        "def entropy(x):\n    return -torch.xlogy(x, x).sum()\ny = entropy(x)",  # the answer's own
        "y = torch.distributions.Categorical(x).entropy()",  # somebody else's method
        "import scipy.stats\ny = scipy.stats.entropy(x)",  # and function
        "from scipy.stats import entropy\ny = entropy(x)",
        "cover = rows * columns\ny = (x * cover).sum()",
        "def f(x, cover):\n    return {'cover': cover, 'says': 'box_convert'}",
        "model.eval()\nstep = torch.compile(step)\nimport re\nre.compile('x')",
        "model.head = nn.Linear(2, 3)\nself.training = False",
        "import sys\nprint(sys.version, file=sys.stderr)",
        "# torchvision.ops.box_convert, exec, sys.modules\ny = 'exec'",
        "def unfinished(:",
        'y = x % y\ny %= 3\nprint(\'%d %%run\' % x, \'!python a.py\', """\n!ls\n%run a\n""")',  # a remainder, and texts
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%time y = f(x)\nhelp?",
        "picture = picture.resize((3, 5))\ny = model.forward(x).decode()",
        "class Net:\n    def cover(self):\n        return 1\ny = Net().cover()\nz = net.cover()",
        "for name in ('conv1', 'bn1'):\n    x = getattr(backbone, name)(x)",
        "import os, glob, scipy, PIL.ImageDraw\nprint(os.path.exists('a.png'), glob.glob('*.csv'))",
        "(" * 300 + ")" * 300,
    ],
)
def test_honest_and_unreadable_answers_are_not(code):
    assert found(code) == []


def test_an_own_cell_may_name_what_an_exercise_forbids():
    """To look at a picture, say; the answer that takes it from there is refused when it runs."""
    assert found("y = torchvision.ops.box_convert(x, 'cxcywh', 'xyxy')", own=True) == []


def test_nothing_is_looked_for_where_nothing_is_forbidden():
    assert suspects(answered("import gc\nexec('1')"), {}, {"a.py": b"import gc"}, RELEASE) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("!python a", "!python"),
        ("lines = !python a", "!python"),
        ("%run -i a", "%run"),
        ("%timeit f(x)", "%timeit"),
        ("%%timeit\nf(x)", "%timeit"),
        ("%%bash\nls", "%bash"),
        ("%%time\n%run a", "%run"),
    ],
)
@pytest.mark.parametrize("own", [False, True])
def test_commands_and_magics_are_pointed_out(code, what, own):
    where = "an own cell" if own else "f_code"
    assert found(code, own) == [f"{where}: {what} is a command or magic: see what it runs"]


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("table = ops.box_convert(x)", "table"),
        ("def table(x):\n    return ops.box_convert(x)", "table"),
        ("kept = [0]\nkept.append(ops.box_convert(x))\ntable = kept[1]", "table"),
        ("kept = {}\ndef f():\n    kept['a'] = ops.box_convert(x)\nf()\ntable = kept", "table"),
    ],
)
def test_what_was_made_of_a_forbidden_name_elsewhere_is_pointed_out_where_it_is_used(own, name):
    made = nbformat.v4.new_code_cell(own, id="own-1")
    used, unused = (answered(code).cells[0] for code in ("y = x @ table", "table = 3\ny = x @ table"))

    def lines(*cells):
        return suspects(nbformat.v4.new_notebook(cells=list(cells)), FORBIDDEN, {}, RELEASE)

    assert lines(made, used) == [
        f"f_code: {name} comes from an own cell, where {BOX} is used, which the exercise forbids"
    ]
    assert lines(made, unused) == []  # a table of the answer's own


def test_a_demonstration_that_was_changed_is_looked_at_and_one_as_released_is_not():
    demo = nbformat.v4.new_code_cell("import gc", id="demo")
    release = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show(1)", id="demo")])
    changed = nbformat.v4.new_notebook(cells=[demo])
    assert suspects(changed, FORBIDDEN, {}, changed) == []
    assert suspects(changed, FORBIDDEN, {}, release) == [
        "a changed cell: gc can lead to a function behind its refusal: see what it is for"
    ]


@pytest.mark.parametrize(
    ("name", "data", "lines"),
    [
        ("notes.txt", b"I saw import gc in a book.", []),
        ("numbers.csv", b"1, 2, 3\n4, 5, 6\n", []),
        ("my_picture.png", b"\x89PNG\r\n\x1a\n\x00", []),
        ("settings.json", b'{"a": [1, 2.5, "b"]}', []),
        ("notes.txt", b"f(3)", ["notes.txt: it holds Python code"]),
        ("notes.txt", b"import gc", ["notes.txt: gc can lead to a function behind its refusal: see what it is for",
                                     "notes.txt: it holds Python code"]),
        ("mine.so", b"\x7fELF", ["mine.so: it can hold code that cannot be read here"]),
    ],
)  # fmt: skip
def test_files_that_hold_code_are_pointed_out_and_others_are_not(name, data, lines):
    assert suspects(answered("x = 1"), FORBIDDEN, {name: data}, RELEASE) == lines


def test_a_module_from_nowhere_is_pointed_out():
    says = "names code that is not in the notebook: see where it comes from"
    assert found("import no_such_module_here") == [f"f_code: import no_such_module_here {says}"]
    assert found("open('mine.py', 'w')", own=True) == [f"an own cell: 'mine.py' {says}"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_neither_the_model_solutions_nor_other_right_answers_are_suspect(name):
    source = read_source(NOTEBOOKS[name])
    forbidden = {f"{exercise}_code": cell.forbids for exercise, cell in source.named("exercise").items()}
    release = nbformat.read(ROOT / "notebooks" / ENTRY.name / f"{name}.ipynb", as_version=4)
    solved, others = model_answers(source)[0], answers_to(NOTEBOOKS[name])
    assert solved.keys() == others.keys() and len(solved) > 5
    styles = [{exercise: answers[i % len(answers)].code for exercise, answers in others.items()} for i in range(12)]
    for answers in (solved, *styles, source.untouched()):
        assert suspects(fill_in(release, answers, {}), forbidden, {}, release) == []


def test_of_the_sample_class_only_who_means_it_is_suspect(tmp_path):
    sources = {name: read_source(NOTEBOOKS[name]) for name in NOTEBOOKS}
    released = ROOT / "notebooks" / ENTRY.name
    releases = {name: nbformat.read(released / f"{name}.ipynb", as_version=4) for name in NOTEBOOKS}
    desk = Desk(Assignment(ENTRY.name, sources, {}, releases, {}, {}))
    found = {}
    for student, behave in STUDENTS.items():
        folder = tmp_path / student
        folder.mkdir()
        behave(desk, folder)
        for name in NOTEBOOKS:
            try:
                notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            except (OSError, ValueError):  # missing, broken
                continue
            if lines := suspects(notebook, desk.assignment.forbidden(name), {}, releases[name]):
                found[student, name] = lines
    # It gives `feedback.earned` of the library another value; the others fail, copy or damage, and go behind nothing.
    assert set(found) == {("fakes_allclose", name) for name in NOTEBOOKS}
    assert all("feedback.earned of the library is given another value" in line for [line] in found.values())
