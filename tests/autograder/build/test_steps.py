"""Steps are proven by themselves, and again only where something of them has changed."""

import shutil

import pytest

from autograder.build import build, expected
from autograder.build.expected import Cache, run_reference
from autograder.course.source import read_source
from autograder.errors import SourceError
from tests.small_source import OPENS, SMALL, write

STEP = SMALL[SMALL.index("# %% exercise=") : SMALL.index("# %% [markdown] written")]
SECOND = STEP.replace("corners", "again").replace("corner(", "twice(").replace("2:] / 2\n", "2:] * 2\n")


@pytest.fixture
def folder(tmp_path):
    """A notebook of two steps with a check each; what has been run is in `ran`."""
    folder = write(tmp_path)
    (folder / "02_again.py").write_text(OPENS + SECOND)
    return folder


@pytest.fixture
def ran(monkeypatch):
    """The steps whose solution and mistakes were run."""
    names, run = [], expected._run_mistakes

    def counted(notebook, mistakes, *rest):
        names.append(mistakes[0].exercise)
        return run(notebook, mistakes, *rest)

    monkeypatch.setattr(expected, "_run_mistakes", counted)
    return names


def values(folder, cache=None):
    found = run_reference(read_source(folder), [77], print, {}, cache)
    return {
        (name, seed): outcome.value.data.tolist()
        for kind in (found.checks, found.mistakes)
        for name, seeds in kind.items()
        for seed, outcome in seeds.items()
    }


def change(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_only_the_step_that_changed_is_run_again(folder, tmp_path, ran):
    cache = Cache(tmp_path / "kept", "packages")
    first = values(folder, cache)
    assert ran == ["corners", "again"]
    assert values(folder, cache) == first and len(ran) == 2
    change(folder / "02_again.py", "2:] * 2\n", "2:] * 3\n")
    second = values(folder, cache)
    assert ran[2:] == ["again"]
    moved = {name for name, seed in first if first[name, seed] != second[name, seed]}
    assert moved == {"again"}
    change(folder / "01_step.py", "This is the centre.", "These are centres.")  # a sentence is part of a mistake
    values(folder, cache)
    assert ran[3:] == ["corners"]
    change(folder / "00_open.py", "import torch\n", "import torch\nimport math\n")
    assert values(folder, cache) == second and ran[4:] == ["corners", "again"]
    assert values(folder, Cache(tmp_path / "kept", "other packages")) == second and len(ran) == 8


def test_a_step_that_needs_another_says_so_until_its_chain_does(folder):
    change(folder / "02_again.py", "return twice(", "return corner(draw.boxes_cxcywh(3)) + twice(")
    change(folder / "02_again.py", "twice(draw.boxes_cxcywh(5))", "twice(draw.boxes_cxcywh(3))[..., :2]")
    with pytest.raises(SourceError, match=r"again: the solution raises NameError .*stands in \[chains\]"):
        run_reference(read_source(folder), [77], print)
    run_reference(read_source(folder), [77], print, {"again": ("corners",)})


def test_a_step_that_changes_what_a_later_one_uses_is_refused(folder):
    change(folder / "00_open.py", "import torch\n", "import torch\nsize = [1.0]\n")
    change(folder / "01_step.py", "@check\n", "size[0] = 2.0\n\n@check\n")
    change(folder / "02_again.py", "return twice(draw.boxes_cxcywh(5))", "return twice(draw.boxes_cxcywh(5)) * size[0]")
    with pytest.raises(SourceError, match="small/02_again: again returns something else after the steps before it"):
        run_reference(read_source(folder), [77], print)


@pytest.fixture
def course(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("s")
    return tmp_path


def test_proving_a_step_runs_that_step_and_the_build_knows_it(folder, course, ran):
    said = []
    build.prove(folder / "02_again.py", said.append, course)
    assert ran == ["again"] and said == ["small/02_again.py: again proven, with 2 known mistakes"]
    assert not (course / "build" / "source").exists()
    build.prove(folder, said.append, course)
    assert ran == ["again", "corners"] and (course / "build" / "source" / "00_small" / "small.ipynb").exists()


def test_a_step_without_a_check_has_nothing_to_prove(folder, course):
    said = []
    build.prove(folder / "00_open.py", said.append, course)
    assert "no check, so nothing to prove" in said[0]


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ('forbids="detrlab.boxes.no_such"', "again: it forbids detrlab.boxes.no_such, which cannot be imported"),
        ('library="detrlab.boxes.no_such"', "detrlab.boxes.no_such is no function, class or method"),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["notebook", "step"])
def test_a_name_that_is_not_there_is_refused_by_every_proof(folder, course, tag, message, whole):
    build.prove(folder / "02_again.py", print, course)  # what is kept of it does not help
    change(folder / "02_again.py", 'exercise="again"', f'exercise="again" {tag}')
    with pytest.raises(SourceError, match=message):
        build.prove(folder if whole else folder / "02_again.py", print, course)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ('{"left": 1, "top": 1}', "again: its parts are worth 2 points, the check 3: give both the same"),
        ('{"left": 1, "right": 2}', "again: it returns no dict with its parts as keys: left, right"),
    ],
)
def test_parts_are_worth_the_check_and_are_what_it_returns(folder, course, parts, message):
    change(folder / "02_again.py", "    return twice(", "    left, top = twice(")
    change(folder / "02_again.py", "boxes_cxcywh(5))", 'boxes_cxcywh(5)).T\n    return {"left": left, "top": top}')
    change(folder / "02_again.py", "@check\n", '@check(parts={"left": 1, "top": 2})\n')
    build.prove(folder / "02_again.py", print, course)
    change(folder / "02_again.py", '{"left": 1, "top": 2}', parts)
    with pytest.raises(SourceError, match=message):
        build.prove(folder / "02_again.py", print, course)


def test_what_is_no_step_is_refused(folder, course):
    with pytest.raises(FileNotFoundError):
        build.prove(folder / "03_none.py", print, course)
    shutil.copy(folder / "02_again.py", folder / "notes.txt")
    with pytest.raises(SourceError, match=r"notes.txt is no step: a step is a file such as"):
        build.prove(folder / "notes.txt", print, course)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x93\x00\xff", b"two words\n", "schlüssel".encode()])
def test_a_secret_that_is_none_is_one_sentence(tmp_path, content):
    (tmp_path / "secret.txt").write_bytes(content)
    with pytest.raises(SourceError, match="secret.txt must hold one line of plain letters and digits"):
        build.hidden_seeds("a", "n", tmp_path)
    (tmp_path / "secret.txt").unlink()
    seeds = build.hidden_seeds("a", "n", tmp_path)
    assert len(set(seeds)) == 3 and seeds == build.hidden_seeds("a", "n", tmp_path) != build.hidden_seeds(
        "a", "m", tmp_path
    )
