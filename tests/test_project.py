"""The project's own promises: no pickles, no addresses of one machine, files of one idea, few verbs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from autograder.course.registry import SOLUTIONS, read_registry
from tests.imports import ROOT, imported, sources
from tests.needs import need


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    need(listed.returncode == 0, "this copy is no git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_absolute_path_of_one_machine():
    pattern = re.compile(r"(?<![\w.<$}])/(?:home|Users|root|mnt|workspace)/\w")
    wrong = [
        f"{path.name}: {found.group()}"
        for path in tracked()
        if path.suffix in (".py", ".ipynb", ".md", ".yml", ".toml", "")
        if "behaviours" not in path.parts  # hostile notebooks try such places on purpose
        for found in pattern.finditer(path.read_text(encoding="utf-8", errors="ignore"))
        if not found.string.startswith("/home/student", found.start())  # the sandbox's own folder
    ]
    assert wrong == []


def test_no_pickle_is_loaded():
    """torch.load only with weights_only=True; no pickle, dill, joblib or numpy object arrays anywhere."""
    wrong = []
    for path in (path for path in tracked() if path.suffix == ".py" and path.parts[len(ROOT.parts)] != "tests"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, keywords = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
                if name == "torch.load" and keywords.get("weights_only") != "True":
                    wrong.append(f"{path.name}:{node.lineno} {name}")
                if keywords.get("allow_pickle") == "True":
                    wrong.append(f"{path.name}:{node.lineno} allow_pickle")
        if imported(path) & {"pickle", "cPickle", "dill", "joblib", "cloudpickle"}:
            wrong.append(f"{path.name} imports a pickler")
    assert wrong == []


def test_nothing_is_fetched_at_import():
    """requests is only imported where something is fetched on request."""
    users = {path.name for path in sources("detrlab") if "requests" in imported(path)}
    assert users <= {"images.py", "weights.py"}


def test_files_hold_one_idea():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py"
        and "solutions" not in path.parts
        and "plausible" not in path.parts  # lists of students' cells, as the solutions are
        and not path.stem.startswith("library_answers_")  # so are these
        and path != ROOT / "detrlab" / "__init__.py"  # a list of names
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert long == {}


def test_make_names_its_verbs():
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    for verb in ("lab", "demo", "check", "test", "build", "bench", "train", "clean", "help"):
        assert re.search(rf"make {verb} +\w", shown), verb


def test_the_graders_trusted_half_starts_without_torch():
    """It is imported beside the warm process, whose start is all that a run should wait for."""
    code = "import sys, autograder.grade, autograder.check, autograder.sandbox.pool; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_templates_lie_in_packages_that_ship_whole():
    """hatch takes a package with all of its files, but for what git does not know."""
    target = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(target) == {"packages", "force-include"}
    templates = {path for name in target["packages"] for path in (ROOT / name).rglob("*.j2")}
    assert templates and templates <= set(tracked())


def test_the_readmes_table_has_each_notebook_with_the_points_and_hours_that_it_says():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\d\d_\w+)` \| (.*) \| (\d+) \| (\d+)(½?) h \|$", text, re.MULTILINE)
    assert [row[0] for row in rows] == [entry.name for entry in read_registry(SOLUTIONS) if entry.released]
    for name, words, points, hours, half in rows:
        said = {
            folder.name: re.search(r"^# (\d+) points · about (\d+) minutes", (folder / "00_open.py").read_text(), re.M)
            for folder in sorted((ROOT / "solutions" / name).glob("q*"))
        }
        assert re.findall(r"`(q\d_\w+)`", words) == list(said)
        assert int(points) == sum(int(each[1]) for each in said.values())
        assert abs(int(hours) + bool(half) / 2 - sum(int(each[2]) for each in said.values()) / 60) <= 0.25, name
