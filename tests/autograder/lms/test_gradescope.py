"""Gradescope's autograder: what its zip holds, and what comes of submissions in a container that has no more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.course.assignment import load_assignment
from autograder.course.places import ROOT
from autograder.lms import gradescope_run
from autograder.lms.gradescope import make_zip
from autograder.lms.gradescope_run import grade_folder, results
from autograder.sandbox.levels import SandboxUnavailable
from tests.in_process import run_jobs
from tests.needs import need_program
from tests.small_course import ASSIGNMENT, RIGHT, hand_in, make_course

WRONG = {"corners_code": "def corner(b):\n    return b[..., :2] - b[..., 2:]", "why": "By *chance* & <b>."}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def packed(places, tmp_path_factory):
    return make_zip(places, ASSIGNMENT, tmp_path_factory.mktemp("dist") / "autograder.zip")


def submission(places, folder: Path, **answers) -> Path:
    """What Gradescope lays down of a student's upload: `folder`/submission with these notebooks."""
    (folder / "submission").mkdir(parents=True)
    for path in hand_in(places, f"of {folder.name}", **answers).iterdir():
        path.rename(folder / "submission" / path.name)
    return folder / "submission"


def graded(places, folder: Path) -> dict:
    """results.json of a submission, run in this process."""
    assignment = load_assignment(places, ASSIGNMENT)
    return results(grade_folder(folder, assignment, run_jobs, seed=5), assignment, "none")


def scores(found: dict) -> dict[str, tuple[float, float]]:
    return {test["name"]: (test["score"], test["max_score"]) for test in found["tests"]}


def test_the_zip_holds_what_grades_and_no_secret(packed, places):
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
        assert {name for name in names if archive.getinfo(name).external_attr >> 16 & 0o111} == {
            "setup.sh",
            "run_autograder",
        }
    assert {name.split("/")[0] for name in names} == {
        *("LICENSE", "nbgrader_config.py", "requirements.lock", "setup.sh", "run_autograder"),
        *("autograder", "build", "coursework", "detrlab", "solutions"),
    }
    assert {name.split("/")[1] for name in names if name.startswith("solutions/")} == {ASSIGNMENT}
    built = (places.source / ASSIGNMENT / "small.ipynb").read_text()
    assert "BEGIN HIDDEN TESTS" in built, "else there would be nothing to leave out"
    assert b"BEGIN HIDDEN TESTS" not in texts[f"build/source/{ASSIGNMENT}/small.ipynb"]


def test_the_same_sources_give_the_same_zip(packed, places, tmp_path):
    assert make_zip(places, ASSIGNMENT, tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_a_right_submission(places, tmp_path):
    found = graded(places, submission(places, tmp_path / "right", **RIGHT))
    assert scores(found) == {
        "small: corners": (3.0, 3.0),
        "small: why": (0.0, 0.0),
        "wide: sizes": (3.0, 3.0),
        "wide: how": (0.0, 0.0),
    }
    assert [test["number"] for test in found["tests"]] == ["1.1", "1.2", "2.1", "2.2"]
    assert {test["visibility"] for test in found["tests"]} == {"visible"}, "a hidden test would hide the total"
    assert found["stdout_visibility"] == "hidden" and found["output_format"] == "md"
    assert found["output"] == "6 of 6 points, and 4 that a person gives.\n\nSandbox: none."
    assert found["tests"][1]["output"] == "Written: a person reads this, for up to 2 points."


def test_a_wrong_answer_is_told_in_the_words_of_a_feedback_page(places, tmp_path):
    folder = submission(places, tmp_path / "wrong", small=WRONG)
    found = graded(places, folder)
    assert scores(found)["small: corners"] == (0.0, 3.0) and found["tests"][0]["status"] == "failed"
    assert "halve it" in found["tests"][0]["output"]
    assert (
        found["tests"][2]["output"]
        == found["tests"][3]["output"].split("\n\n")[1]
        == "This notebook was not handed in."
    )
    assignment = load_assignment(places, ASSIGNMENT)
    marked = grade_folder(folder, assignment, run_jobs, seed=5).marked["small"]
    verdict = marked.verdicts["corners"]
    said = re.sub(r"\\(.)", r"\1", found["tests"][0]["output"]).replace("&lt;", "<").replace("&amp;", "&")
    assert said.split("\n\n") == [verdict.title, *verdict.lines]


def test_a_broken_notebook_and_another_name(places, tmp_path):
    folder = submission(places, tmp_path / "broken", small={}, wide=RIGHT["wide"])
    (folder / "small.ipynb").write_text("{")
    (folder / "wide.ipynb").rename(folder / "my _last_ try.ipynb")
    found = graded(places, folder)
    assert scores(found)["small: corners"] == (0.0, 3.0) and scores(found)["wide: sizes"] == (3.0, 3.0)
    assert "small: This notebook could not be graded. " in found["output"]
    assert r"my \_last\_ try.ipynb" in found["output"], "a student's names are text, not markdown"


def test_an_untouched_text_has_no_answer(places, tmp_path):
    found = graded(places, submission(places, tmp_path / "untouched", small={}, wide={}))
    assert found["tests"][1]["output"].endswith("\n\nNo response.")


def test_without_a_sandbox_nothing_of_a_student_is_run(places, tmp_path, monkeypatch, capsys):
    def none():
        raise SandboxUnavailable("No sandbox on this machine: <none>.")

    monkeypatch.setattr(gradescope_run, "project_places", lambda: places)
    monkeypatch.setattr(gradescope_run, "found_level", none)
    monkeypatch.setattr(gradescope_run, "grade_folder", None)
    monkeypatch.setattr(gradescope_run, "RESULTS", tmp_path / "results" / "results.json")
    assert gradescope_run.main([]) == 0
    found = json.loads((tmp_path / "results" / "results.json").read_text())
    assert found["output"].startswith("Nothing was graded, so 0 is no mark") and "&lt;none\\>" in found["output"]
    assert scores(found) == {"Not graded": (0.0, 0.0)} and "No sandbox" in capsys.readouterr().out


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("answers", ["right", "wrong", "broken"])
def test_in_a_container(packed, places, tmp_path, answers):
    """Unpacked as Gradescope does, in a view of the files that holds Python, /usr and /autograder alone."""
    notebooks = {"right": RIGHT, "wrong": {"small": WRONG, "wide": RIGHT["wide"]}, "broken": {"wide": RIGHT["wide"]}}
    given = submission(places, tmp_path / answers / "autograder", **notebooks[answers])
    if answers == "broken":
        (given / "small.ipynb").write_text("{")
    found = in_container(packed, given.parent)
    small = {"right": 3.0, "wrong": 0.0, "broken": 0.0}[answers]
    assert scores(found) == {
        "small: corners": (small, 3.0),
        "small: why": (0.0, 0.0),
        "wide: sizes": (3.0, 3.0),
        "wide: how": (0.0, 0.0),
    }
    assert "Sandbox: namespaces: " in found["output"]


@pytest.mark.usefixtures("landlock_6")
def test_in_a_container_that_allows_no_namespaces(packed, places, tmp_path):
    """An answer that is right where it cannot read the solutions, and wrong where it can."""
    code = (
        "import os\ndef corner(b):\n    where = '/autograder/source/solutions'\n    try:\n        os.listdir(where)\n"
    )
    code += "    except OSError:\n        return b[..., :2] - b[..., 2:] / 2\n    return b[..., :2]"
    given = submission(places, tmp_path / "autograder", small={"corners_code": code})
    found = in_container(packed, given.parent, "--ro-bind", "/dev/null", "/usr/bin/bwrap")
    assert "Sandbox: landlock: " in found["output"]
    assert scores(found)["small: corners"] == (3.0, 3.0)


def in_container(packed: Path, folder: Path, *options: str) -> dict:
    """Lay out `folder` as /autograder and run its run_autograder; returns results.json. `options` are bubblewrap's."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder / "source")
    (folder / "source" / "run_autograder").chmod(0o755)  # zipfile leaves the rights out
    (folder / "source" / "run_autograder").rename(folder / "run_autograder")
    (folder / "results").mkdir()
    environment = Path(sys.prefix).resolve()
    command = [need_program("bwrap", "bubblewrap"), "--die-with-parent", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/") / name
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    command += ["--ro-bind", "/etc", "/etc", "--tmpfs", "/tmp", "--bind", "/proc", "/proc", "--dev", "/dev"]
    command += ["--ro-bind", str(environment), "/opt/autograder", "--bind", str(folder), "/autograder"]
    if not sys.base_prefix.startswith("/usr"):
        command += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    command += [
        *options,
        "--chdir",
        "/autograder",
        "--setenv",
        "PATH",
        "/usr/bin:/bin",
        "--",
        "/autograder/run_autograder",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(ROOT) not in done.stdout + done.stderr, "the container has seen the checkout"
    return json.loads((folder / "results" / "results.json").read_text())
