"""The project's own promises: who imports whom, equal package lists, no secrets, no addresses of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def files(pattern: str) -> list[Path]:
    return sorted(path for path in ROOT.glob(pattern) if ".venv" not in path.parts and "build" not in path.parts)


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(path.relative_to(ROOT).with_suffix("").parts[: -node.level]) if node.level else ""
            found.add(".".join(filter(None, [package, node.module or ""])))
    return found


def ours(path: Path) -> set[str]:
    return {name for name in imported(path) if name.split(".")[0] in ("detrlab", "autograder", "training", "tools")}


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("detrlab/**/*.py", r"detrlab(\.|$)"),
        ("autograder/**/*.py", r"autograder(\.|$)|detrlab\.(checks|marking)(\.|$)"),
        ("training/*.py", r"training(\.|$)|detrlab(\.|$)"),
        ("solutions/*/*.py", r"detrlab(\.|$)"),
    ],
)
def test_import_direction(pattern, allowed):
    wrong = {
        str(path.relative_to(ROOT)): name
        for path in files(pattern)
        for name in ours(path)
        if not re.match(allowed, name)
    }
    assert wrong == {}


def test_leaves_never_import_the_wiring():
    leaves = {"boxes", "position", "backbone", "measures", "classes", "images"}
    wrong = {
        leaf: name
        for leaf in leaves
        for name in ours(ROOT / "detrlab" / f"{leaf}.py")
        if name.split(".")[1:] and name.split(".")[1] not in leaves | {"grid"}
    }
    assert wrong == {}


def package(requirement: str) -> tuple[str, str]:
    name, extra, bound = re.match(r"([A-Za-z0-9_.-]+)(\[\w+\])?(.*)", requirement).groups()
    return {"torch": "pytorch", "bleach[css]": "bleach-with-css"}.get(name + (extra or ""), name), bound


def test_conda_users_get_the_same_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        package(text)
        for extra in (project["dependencies"], *project["optional-dependencies"].values())
        for text in extra
    } | {("python", project["requires-python"])}
    text = (ROOT / "environment.yml").read_text()
    listed = {package(line.strip()[2:]) for line in text.splitlines() if re.match(r"  - [a-z]", line)}
    assert listed - {("pip", ""), ("pip", ":"), ("conda-forge", "")} == wanted


def test_pins_cover_the_packages_and_name_no_address():
    text = (ROOT / "requirements.lock").read_text()
    pinned = {line.partition("==")[0] for line in text.splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in (project["dependencies"], *project["optional-dependencies"].values()):
        assert {re.match(r"[A-Za-z0-9_.-]+", name).group().lower() for name in extra} <= pinned
    assert "://" not in text and "--" not in text


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy is no git checkout")
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
    users = {path.name for path in files("detrlab/**/*.py") if "requests" in imported(path)}
    assert users <= {"images.py", "weights.py"}


def test_files_hold_one_idea():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py"
        and "solutions" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert long == {}


def test_make_names_its_verbs():
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    for verb in ("lab", "demo", "test", "build", "bench", "train", "clean", "help"):
        assert re.search(rf"make {verb} +\w", shown), verb


def test_the_graders_trusted_half_starts_without_torch():
    """It is imported beside the warm process, whose start is all that a run should wait for."""
    code = "import sys, autograder.grade, autograder.check, autograder.sandbox.pool; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
