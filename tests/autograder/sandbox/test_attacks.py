"""Attacks on marks: none gains a point, and each is shown to gain where the defence it aims at is taken out.

The attacks stand in tests/attacks, a file per defence. Poisoned values, which aim at the judge's process rather than
at a mark, are tried on the reader itself.
"""

from __future__ import annotations

import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from autograder.build.in_process import run_notebook
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.judge.mark import marks
from autograder.sandbox.outcomes import read_outcomes
from coursework.marking.outcome import Outcome
from tests import attack_graders, course_graders
from tests.attack_graders import CHECKS, EXPECTED
from tests.autograder.sandbox.test_pool import ANSWER, CHECK, SETUP
from tests.grader_pool import SEEDS, needs_sandbox, run, shared_pool, text
from tests.small_course import ASSIGNMENT, hand_in, make_course
from tests.small_course import RIGHT as RIGHT_ANSWERS

FILES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "attacks").glob("[a-z]*.py"))
MODULES = {name: importlib.import_module(f"tests.attacks.{name}") for name in FILES}
OF_THE_COURSE = tuple(name for name in FILES if name.startswith("library_answers"))  # an answer names its exercise
REACH = ("names_refused", "kept_apart", "ways_round", *OF_THE_COURSE)  # for what is forbidden
CASES = [(name, attack) for name, module in MODULES.items() if name not in REACH for attack in module.ATTACKS]
WAYS_TO_A_NAME = [(name, attack) for name in REACH for attack in MODULES[name].ATTACKS]


@needs_sandbox
@pytest.mark.parametrize(("defence", "attack"), CASES, ids=lambda part: part)
def test_attack_gains_nothing_but_would_without_its_defence(defence: str, attack: str):
    module = MODULES[defence]
    code = module.ATTACKS[attack]
    assert getattr(module, "OURS", attack_graders.ours)(code) == 0, module.DEFENCE
    assert module.WITHOUT(code) > 0, f"aims at: {module.DEFENCE}"


@needs_sandbox
@pytest.mark.parametrize(("file", "attack"), WAYS_TO_A_NAME, ids=lambda part: part)
def test_a_way_to_what_is_forbidden_is_refused_or_pointed_out(file: str, attack: str):
    """Plain use is refused, and would gain if it were not; what goes round that is pointed out, gain or no gain."""
    module = MODULES[file]
    code = module.ATTACKS[attack]
    if file in OF_THE_COURSE:
        result = course_graders.run(*course_graders.named(code), code, refuse=True)
        gained, told = course_graders.ours(code), course_graders.pointers(code)
        without = course_graders.names_allowed
    else:
        result = attack_graders.run(code, forbidden=attack_graders.FORBIDDEN)
        gained, told = attack_graders.points(result.outcomes), attack_graders.pointers(code)
        without = attack_graders.names_allowed
    refused = attack_graders.was_refused(result) and gained == 0
    print(f"{attack}: {'refused' if refused else 'not refused'}, {gained:g} points, pointed out: {told}")
    assert refused or told, "silent"
    assert refused == (attack in module.REFUSED)
    if refused:
        assert without(code) > 0


@needs_sandbox
def test_the_right_answer_gains_everywhere():
    """Else the attacks above would fail for any reason."""
    assert attack_graders.ours(ANSWER) == 3 and attack_graders.pointers(ANSWER) == []
    assert attack_graders.judged_inside(ANSWER) == 3
    assert attack_graders.visible_seeds_only(ANSWER) == 3


@needs_sandbox
def test_the_wrong_answer_gains_nowhere():
    graders = {module.WITHOUT for name, module in MODULES.items() if name not in REACH}
    graders |= {attack_graders.ours, attack_graders.names_allowed, course_graders.names_allowed}
    assert {grader.__name__: grader("") for grader in graders} == dict.fromkeys((g.__name__ for g in graders), 0.0)


WAYS = {
    "directly": "def corner(b):\n    return torchvision.ops.box_convert(b, 'cxcywh', 'xyxy')[..., :2]",
    "by_alias": "convert = torchvision.ops.boxes.box_convert\ndef corner(b):\n"
    "    return convert(b, 'cxcywh', 'xyxy')[..., :2]",
    "by_partial": "from functools import partial\n"
    "part = partial(torchvision.ops.box_convert, in_fmt='cxcywh', out_fmt='xyxy')\n"
    "def corner(b):\n    return part(b)[..., :2]",
    "by_getattr": "def corner(b):\n"
    "    return getattr(torchvision.ops, 'box_' + 'convert')(b, 'cxcywh', 'xyxy')[..., :2]",
}


@needs_sandbox
def test_an_answer_that_calls_what_its_exercise_forbids_is_graded_0_with_a_sentence(tmp_path):
    places = make_course(tmp_path)
    path = tmp_path / "solutions" / ASSIGNMENT / "small" / "01_step.py"
    for way, code in WAYS.items():
        hand_in(places, way, small={"corners_code": f"import torchvision\n{code}"})
    hand_in(places, "solution", small=RIGHT_ANSWERS["small"])

    def graded(text: str) -> dict[str, float]:
        path.write_text(text)
        grade(places, ASSIGNMENT, shared_pool().run, "tests", seed=5, regrade=True, say=lambda _: None)
        latest = Log(places.log).latest(ASSIGNMENT)
        return {student: event["scores"]["small"]["corners"] for student, event in latest.items()}

    assert graded(path.read_text()) == dict.fromkeys((*WAYS, "solution"), 3.0)  # where nothing is forbidden
    tagged = path.read_text().replace('exercise="corners"', 'exercise="corners" forbids="torchvision.ops.box_convert"')
    assert graded(tagged) == dict.fromkeys(WAYS, 0.0) | {"solution": 3.0}
    review = {student: event["review"] for student, event in Log(places.log).latest(ASSIGNMENT).items()}
    written = "small: corners_code: {} is written there, and the exercise forbids torchvision.ops.box_convert"
    assert review["directly"][-1] == written.format("torchvision.ops.box_convert")
    assert [why for why in review["solution"] if why.startswith("small: ")] == []
    for way in WAYS:
        shown = (places.autograded / way / ASSIGNMENT / "small.ipynb").read_text()
        assert "writing it yourself: torchvision.ops.box_convert may not be called here" in shown


def test_there_are_enough_attacks():
    assert len(CASES) + len(WAYS_TO_A_NAME) + len(POISON) >= 100


def values(**arrays: np.ndarray) -> bytes:
    return safetensors.numpy.save(arrays)


def array(name: str, dtype: str = "float32", kind: str = "tensor") -> dict:
    return {"value": {"$array": name, "dtype": dtype, "kind": kind}}


RIGHT = EXPECTED[-1].value.data
DEEP: list = []
for _ in range(500):
    DEEP = [DEEP]
POISON: dict[str, tuple[object, bytes]] = {
    "header_longer_than_the_file": ([array("a")], (10**18).to_bytes(8, "little") + b"{}"),
    "header_that_is_no_json": ([array("a")], (3).to_bytes(8, "little") + b"xyz"),
    "shape_larger_than_its_bytes": (
        [array("a")],
        (lambda h: len(h).to_bytes(8, "little") + h)(
            json.dumps({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4]}}).encode()
        )
        + b"\0" * 4,
    ),
    "overlapping_arrays": (
        [array("a")],
        (lambda h: len(h).to_bytes(8, "little") + h)(
            json.dumps({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}).encode()
        )
        + b"\0" * 4,
    ),
    "a_pickle": ([array("a")], pickle.dumps({"a": 1})),
    "an_array_that_is_not_there": ([array("b")], values(a=RIGHT)),
    "no_dictionary": (["value"], b""),
    "nested_too_deep": ([{"value": DEEP}], b""),
    "an_integer_beyond_all_bounds": ([{"value": 10**400}], b""),
    "a_number_for_everything": ([{"value": float("nan")}], b""),
    "an_infinity": ([{"value": {"$float": "inf"}}], b""),
    "a_float_that_is_code": ([{"value": {"$float": "__import__('os')"}}], b""),
    "items_beyond_the_cap": ([{"value": [0] * 30_000}], b""),
    "numbers_beyond_the_cap": ([array("a")], values(a=np.zeros(5_000_001, np.int8))),
    "a_double_that_says_single": ([array("a")], values(a=RIGHT.astype(np.float64))),
    "an_integer_that_says_float": ([array("a")], values(a=RIGHT.astype(np.int32))),
    "an_unknown_kind": ([array("a", kind="tensor2")], values(a=RIGHT)),
    "an_unknown_dtype": ([array("a", dtype="float33")], values(a=RIGHT)),
    "a_list_for_a_dictionary": ([{"value": {"$dict": [1, 2]}}], b""),
    "surrogates_for_text": ([{"value": "\ud800"}], b""),
    "an_error_that_is_no_text": ([{"error": None}], b""),
    "an_error_with_a_book_in_it": ([{"error": "E" * 10**6, "message": "m" * 10**6}], b""),
}


@pytest.mark.parametrize("name", POISON)
def test_poisoned_values_gain_nothing_and_break_nothing(name: str):
    packed, body = POISON[name]
    (came,) = read_outcomes(packed, body, 1)
    assert marks({"corners": [came]}, {"corners": EXPECTED[-1:]}, CHECKS) == {"corners": 0.0}
    json.dumps([came.error, came.message]).encode()
    assert len(came.error or "") <= 100 and len(came.message) <= 1000


def test_a_claimed_type_would_gain_where_it_is_believed():
    packed, body = POISON["a_double_that_says_single"]
    believed = Outcome.unpack(packed[0], safetensors.numpy.load(body))
    assert marks({"corners": [believed]}, {"corners": EXPECTED[-1:]}, CHECKS) == {"corners": 3.0}


def test_a_pickle_would_run_code_in_the_judge_where_it_is_believed(tmp_path):
    proof = tmp_path / "run"
    payload = b"cpathlib\nPath\n(V" + str(proof).encode() + b"\ntR."
    assert pickle.loads(payload) == proof  # a pickle calls what it names
    assert read_outcomes([array("a")], payload, 1)[0].error == "UnreadableValue"


@needs_sandbox
def test_giant_and_strange_values_are_refused_where_they_are_returned():
    strange = [
        "torch.zeros(1).expand(10**12)",
        "torch.zeros(10**6).as_strided((10**5, 10**5), (1, 1))",
        "torch.empty(10**12, device='meta')",
        "torch.zeros(3, dtype=torch.complex64)",
        "torch.quantize_per_tensor(torch.zeros(3), 1.0, 0, torch.qint8)",
        "[[0] * 10**5] * 10",
        "type('D', (dict,), {'items': lambda self: ((i, i) for i in range(10**9))})(a=1)",
        "type('L', (list,), {'__iter__': lambda self: iter(int, 1), '__len__': lambda self: 1})([1])",
        "(lambda x: x.append(x) or x)([])",
    ]
    for value in strange:
        result = run(SETUP, f"def corner(boxes):\n    return {value}", CHECK)
        outcomes = result.outcomes.get("corners", [])
        assert result.finished or "memory" in str(result.ended) or "CPU" in str(result.ended), value
        assert marks({"corners": outcomes[2:]}, {"corners": EXPECTED[2:]}, CHECKS)["corners"] == 0


LOOK_FOR_SEEDS = (
    "import gc, sys\nfrom coursework.checks import notebook\n"
    "seen = notebook._recording is not None\n"
    "wanted = int('900007')\n"
    "for thing in gc.get_objects():\n"
    "    if type(thing) in (list, tuple) and len(thing) < 50 and any(type(x) is int and x == wanted for x in thing):\n"
    "        seen = True\n"
    "print('seeds seen' if seen else 'nothing seen')"
)


@needs_sandbox
def test_seeds_come_with_the_check_not_before(tmp_path):
    assert "nothing seen" in text(run(SETUP, LOOK_FOR_SEEDS, CHECK), 1)
    # Where recording is open from the start, they can be read early.
    early = run_notebook([SETUP, LOOK_FOR_SEEDS, CHECK], tmp_path, list(SEEDS))
    assert "seeds seen" in early.cells[1].stdout


STARTUP = """
import os, pathlib
text = 'helped = True\\nimport builtins; builtins.helped = True'
places = ['.ipython/profile_default/startup/00.py', 'sitecustomize.py', 'usercustomize.py', 'torch.py', 'detrlab.py']
for folder in (os.environ['HOME'], os.environ['IPYTHONDIR'], '/tmp', '/grader', '/dev/shm', '.'):
    for name in [*places, 'profile_default/startup/00.py']:
        try:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        except OSError:
            pass
tops = ('/home/student', '/tmp', '/dev/shm')
kept = [len(files) for top in tops for at, _, files in os.walk(top) if '.venv' not in at]
print(sum(kept))
"""
LOOK = """
import os
print('helped' in globals() or hasattr(__builtins__, 'helped'))
tops = ('/home/student', '/tmp', '/dev/shm')
kept = [len(files) for top in tops for at, _, files in os.walk(top) if '.venv' not in at]
print(sum(kept))
"""


@needs_sandbox
def test_a_startup_file_does_not_help_the_next_student(tmp_path):
    assert int(text(run(STARTUP))) >= 10, "the files were written"
    assert text(run(LOOK)).split() == ["False", "0"], "and are gone"
    # Where notebooks share a folder for IPython's settings, it would.
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("helped = True")
    shared = [sys.executable, "-m", "IPython", f"--ipython-dir={tmp_path}", "-c", "print(helped)"]
    assert "True" in subprocess.run(shared, capture_output=True, text=True, check=True).stdout
