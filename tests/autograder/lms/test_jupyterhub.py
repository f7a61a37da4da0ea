"""An assignment's whole way on a real JupyterHub: released, fetched, answered, handed in, collected, graded, returned.

All of it goes through the hub, as users of the machine: nbgrader's exchange in the terminals of their own servers, and
answers through Jupyter's REST interface. docs/jupyterhub.md holds the same commands.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.places import ROOT
from tests.hub import Server, hub, users
from tests.second_assignment import NAME, NOTEBOOK, write

PROGRAMS = Path(sys.prefix) / "bin"
NBGRADER = PROGRAMS / "nbgrader"
ANSWERS = {
    "frequent_code": "def most_frequent(text):\n    words = text.split()\n    return max(words, key=words.count)",
    "lengths_code": "def mean_length(text):\n    return len(text.replace(' ', '')) / len(text.split())",
    "meaning": "They are short.",
}
WRONG = {**ANSWERS, "frequent_code": "def most_frequent(text):\n    return text.split()[0]"}


def checkout(folder: Path) -> None:
    """What an instructor has cloned, with one small assignment in the course's place."""
    for name in ("autograder", "coursework", "detrlab"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    write(folder / "solutions")
    shutil.copy(ROOT / "solutions" / "start.py", folder / "solutions")


def answer(student: Server, answers: dict[str, str]) -> None:
    path = f"contents/{NAME}/{NOTEBOOK}.ipynb"
    notebook = student.ask("GET", path)["content"]
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
    student.ask("PUT", path, {"type": "notebook", "format": "json", "content": notebook})


@pytest.mark.usefixtures("sandbox")
def test_the_whole_way():
    with users(["teacher", "ada", "bob"]) as (folder, called):
        course = folder / called["teacher"] / "course"
        checkout(course)
        subprocess.run(["chown", "-R", f"{called['teacher']}:", course], check=True)
        (folder / "exchange").mkdir()
        (folder / "exchange").chmod(0o777)
        (folder / "jupyter").mkdir()
        (folder / "jupyter" / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = 'detrlab'\nc.Exchange.root = '{folder}/exchange'\n"
        )
        with hub(folder, called, {"JUPYTER_CONFIG_PATH": str(folder / "jupyter")}) as servers:
            walk(servers["teacher"], servers["ada"], servers["bob"])


def walk(teacher: Server, ada: Server, bob: Server) -> None:
    def teach(command: str) -> str:
        return teacher.run(f"cd ~/course && PYTHONPATH=$PWD PATH={PROGRAMS}:$PATH {command}")

    teach("autograder build")
    teach(f"sh -c 'echo mine > notebooks/{NAME}/my_text.txt'")  # somebody has tried the assignment there
    teach(f"nbgrader release_assignment {NAME}")
    for student, answers in ((ada, ANSWERS), (bob, WRONG)):
        student.run(f"{NBGRADER} fetch_assignment {NAME}")
        assert f"{NOTEBOOK}.ipynb" in (names := student.names(NAME)) and "my_text.txt" not in names
        answer(student, answers)
        student.run(f"{NBGRADER} submit {NAME}")
    teach("mkdir -p grading")
    teach(f"nbgrader collect {NAME}")
    teach(f"cp -r grading/submitted/{ada.user} grading/submitted/carl")  # carl's came by mail, and has no secret
    teach(f"rm grading/submitted/carl/{NAME}/submission_secret.txt")
    assert f"{NAME}: 3 graded" in teach(f"autograder grade {NAME}")
    teacher.get("formgrader?path=course")  # where a person marks the written answers
    waiting = json.loads(teacher.get(f"formgrader/api/submissions/{NAME}"))
    assert {entry["student"]: entry["score"] for entry in waiting} == {ada.user: 5, bob.user: 2, "carl": 5}
    teach(f"autograder feedback {NAME}")
    teach(f"nbgrader release_feedback {NAME}")
    for student, frequent in ((ada, "3.0"), (bob, "0.0")):
        student.run(f"{NBGRADER} fetch_feedback {NAME}")
        (stamp,) = student.names(f"{NAME}/feedback")
        page = student.read(f"{NAME}/feedback/{stamp}/{NOTEBOOK}.html")
        assert re.search(r'<a href="#frequent">[^<]*</a> \(Score: ([\d.]+) / 3.0\)', page)[1] == frequent
        assert ("This is the first word: count them all." in page) == (student is bob)
