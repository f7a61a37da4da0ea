"""Changed solutions run through their checks: who survives is listed, judged by a person, and stops a release."""

import json
import shutil

import pytest

from autograder.__main__ import main
from autograder.build import build, mutants, release, survivors
from autograder.build.mutants import mutate_steps, seeds_of
from autograder.build.mutate import Mutant
from autograder.course.places import ROOT
from autograder.course.source import read_source
from autograder.errors import GradeError, SourceError
from tests.small_source import write

MINUS = "return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2"
LIKE = f"{MINUS} => return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] * 0.5"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A course of one assignment, which is the project; commands are typed there."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    for module in (build, release):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr("autograder.course.places.ROOT", tmp_path)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


@pytest.fixture
def folder(root):
    return root / "solutions" / "00_small" / "small"


@pytest.fixture
def changed(monkeypatch):
    """Replaces the changes of the solution by these bodies of its function; returns how often they were made."""
    made = []

    def put(*bodies):
        def changes(source, reached):
            made.append(reached)
            function = "def corner(boxes_cxcywh):\n"
            return [Mutant("test", 4, f"{MINUS} => {each}", f"{function}    {each}") for each in bodies]

        monkeypatch.setattr(mutants, "mutants", changes)
        return made

    return put


def kept(folder):
    return json.loads((folder / "01_step.mutants.json").read_text())


def found(folder):
    return kept(folder)["exercises"]["corners"]


def judge(folder, **judged):
    """A person writes into the file what each change is, and why."""
    data = kept(folder)
    for each in data["exercises"]["corners"]["survivors"]:
        each |= {"judged": judged.get(each["change"][-3:].strip("* ")), "because": "the product is the quotient"}
    (folder / "01_step.mutants.json").write_text(json.dumps(data))


def change(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_all_real_changes_of_a_small_solution_are_noticed(folder, root):
    (file,) = mutate_steps(folder / "01_step.py", root)
    counts = file.found["corners"]
    assert counts.mutants > 25 and counts.mutants == counts.killed + len(counts.survivors)
    assert {each.change.partition(" => ")[2] for each in counts.survivors} == {f"return ({MINUS[7:]}).detach()"}


def test_who_survives_is_listed_and_who_does_not_is_counted(folder, root, changed):
    changed("return boxes_cxcywh[..., :2]", MINUS.replace("/ 2", "* 0.5"), "raise OSError", "return ____", "import os")
    assert main(["prove", str(folder), "--mutants"]) == 1
    one = {"change": LIKE, "line": 4, "judged": None, "because": ""}
    assert found(folder) == {"mutants": 5, "killed": 4, "survivors": [one]}
    assert not list(root.glob("build/mutants.json"))


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(1000)",
        "return [boxes_cxcywh.repeat(10**9), bytearray(10**12)]",
        "import os; os._exit(0)",
        "import os; os.kill(os.getpid(), 9)",
        "import os; os.write(1, b'shown'); print('shown')",
        "open('big', 'wb').write(bytes(2**25))",
        "import os; [os.fork(), os.fork()]; import time; time.sleep(1000)",
    ],
)
def test_a_change_that_runs_wild_is_killed_in_silence(folder, root, changed, body, monkeypatch, capfd):
    monkeypatch.setattr(mutants, "CPU_SECONDS", 1)
    monkeypatch.setattr(mutants, "WALL_SECONDS", 2)
    changed(body, MINUS)
    mutate_steps(folder, root)
    assert (found(folder)["mutants"], found(folder)["killed"]) == (2, 1)
    assert "shown" not in "".join(capfd.readouterr())


def test_changes_write_nothing_where_others_look(folder, root, changed):
    there = "open('mine', 'a').write('x'); assert len(open('mine').read()) <= 3; "  # once per seed
    changed(there + MINUS, there + MINUS + " ")
    mutate_steps(folder, root)
    assert found(folder)["killed"] == 0 and not list(root.rglob("mine"))


def test_the_seeds_are_fixed_and_not_the_students(folder):
    notebook = read_source(folder)
    assert seeds_of(notebook, "corners") == seeds_of(notebook, "corners") != seeds_of(notebook, "others")
    assert len(set(seeds_of(notebook, "corners"))) == 3 and min(seeds_of(notebook, "corners")) >= 10**6


def test_nothing_is_run_again_until_the_step_or_the_tool_changes(folder, root, changed, monkeypatch):
    made = changed(MINUS.replace("/ 2", "* 0.5"))
    mutate_steps(root / "solutions", root)
    first = (folder / "01_step.mutants.json").read_bytes()
    mutate_steps(root / "solutions" / "00_small", root)
    change(folder / "01_step.py", "This is the centre.", "These are centres.")
    mutate_steps(folder, root)
    assert len(made) == 1 and (folder / "01_step.mutants.json").read_bytes() == first
    for count, (name, old, new) in enumerate(
        [("00_open.py", "import torch\n", "import torch\nimport math\n"), ("01_step.py", "comes_cxcywh(5)", "(7)")], 2
    ):
        change(folder / name, old.replace("comes_cxcywh", "boxes_cxcywh"), new.replace("(7)", "boxes_cxcywh(7)"))
        mutate_steps(folder, root)
        assert len(made) == count
    monkeypatch.setattr(survivors, "VERSION", survivors.VERSION + 1)
    mutate_steps(folder, root)
    assert len(made) == 4


def test_what_was_judged_stays_with_the_change(folder, root, changed):
    same = MINUS.replace("/ 2", "* 0.5")
    changed(same, MINUS + " ", *["return 0"] * 9)
    mutate_steps(folder, root)
    judge(folder, **{"0.5": "equivalent", "/ 2": "missed"})
    change(folder / "00_open.py", "import torch\n", "import torch\nimport math\n")
    changed(same, *["return 0"] * 9)
    (file,) = mutate_steps(folder, root)
    (only,) = found(folder)["survivors"]
    assert (only["judged"], only["because"]) == ("equivalent", "the product is the quotient")
    assert file.problems() == []


def test_an_open_survivor_is_told_with_its_place(folder, root, changed, capsys):
    changed(MINUS.replace("/ 2", "* 0.5"), *["return 0"] * 9)
    assert main(["prove", str(root / "solutions"), "--mutants"]) == 1
    said, error = capsys.readouterr()
    line = (folder / "01_step.py").read_text().splitlines().index("    " + MINUS) + 1
    assert error.splitlines()[0] == (f"solutions/00_small/small/01_step.py:{line}: corners: earns all points: {LIKE}")
    assert said.splitlines()[-1].split() == ["all", "10", "9", "0", "1", "90.00%"]
    each = {"mutants": 10, "killed": 9, "equivalent": 0, "survivors": 1, "score": 0.9}
    counts = json.loads((root / "build" / "mutants.json").read_text())
    assert counts == {**each, "exercises": {"00_small/small/corners": each}}

    judge(folder, **{"0.5": "equivalent"})
    assert main(["prove", str(root / "solutions"), "--mutants"]) == 0
    counts = json.loads((root / "build" / "mutants.json").read_text())
    assert (counts["equivalent"], counts["survivors"], counts["score"]) == (1, 0, 1.0)


def test_a_missed_one_counts_and_needs_a_reason(folder, root, changed):
    changed(MINUS.replace("/ 2", "* 0.5"), *["return 0"] * 9)
    mutate_steps(folder, root)
    judge(folder, **{"0.5": "missed"})
    (file,) = mutate_steps(folder, root)
    assert file.problems() == [] and survivors.report([file])["score"] == 0.9
    change(folder / "01_step.mutants.json", "the product is the quotient", " ")
    (file,) = mutate_steps(folder, root)
    assert "without a reason" in file.problems()[0]


def test_more_than_a_tenth_equivalent_is_refused(folder, root, changed):
    changed(MINUS.replace("/ 2", "* 0.5"), *["return 0"] * 8)
    mutate_steps(folder, root)
    judge(folder, **{"0.5": "equivalent"})
    (file,) = mutate_steps(folder, root)
    (said,) = file.problems()
    assert "1 of 9 mutants of corners are judged equivalent, more than 10%" in said
    with pytest.raises(GradeError, match="not released: .*more than 10%"):
        release.refuse_unproven([], root)


def test_a_release_stops_until_the_file_is_there_current_and_judged(folder, root, changed, capsys):
    def stopped(what):
        assert main(["release", "00_small"]) == 1
        said = capsys.readouterr().err
        assert what in said and "run `autograder prove solutions/00_small --mutants`" in said
        assert not (root / "dist").exists()

    stopped("not released: solutions/00_small/small/01_step.mutants.json is not there")
    changed(MINUS.replace("/ 2", "* 0.5"), *["return 0"] * 9)
    mutate_steps(folder, root)
    stopped("earns all points")
    judge(folder, **{"0.5": "equivalent"})
    release.refuse_unproven(["00_small"], root)
    change(folder / "01_step.py", "draw.boxes_cxcywh(5)", "draw.boxes_cxcywh(7)")
    stopped("is of an older state of its step")


def test_a_file_that_is_no_json_is_one_sentence(folder, root):
    (folder / "01_step.mutants.json").write_text("{")
    with pytest.raises(SourceError, match="01_step.mutants.json cannot be read"):
        release.refuse_unproven([], root)


def test_a_check_that_does_not_hold_for_its_own_solution_is_refused(folder, root):
    change(folder / "00_open.py", "import torch\n", "import os, torch\nhome = os.getpid()\n")
    change(folder / "01_step.py", "return corner(", "return os.getpid() - home + corner(")
    with pytest.raises(SourceError, match="the solution loses points when it is run again"):
        mutate_steps(folder, root)


def test_kept_files_are_no_steps(folder, root, changed):
    changed(MINUS.replace("/ 2", "* 0.5"))
    before = read_source(folder)
    mutate_steps(folder, root)
    assert read_source(folder) == before
    with pytest.raises(SourceError, match="is no step"):
        mutate_steps(folder / "01_step.mutants.json", root)
