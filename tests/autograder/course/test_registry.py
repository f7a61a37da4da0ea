"""What an assignment.toml says, and what is refused in one sentence."""

import pytest

from autograder.build.build import prove_registered
from autograder.course import registry
from autograder.course.registry import needs, read_entry, read_registry
from autograder.errors import SourceError
from autograder.sandbox.packages import Needs
from tests.small_source import REGISTERED, write


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path).parent


def test_an_assignment_is_what_its_folder_and_its_file_say(folder):
    write(folder.parents[1], name="later")
    entry = read_entry(folder)
    assert (entry.name, entry.title, entry.order, entry.released) == ("00_small", "A small assignment", 7, True)
    assert [path.name for path in entry.notebooks] == ["later", "small"]
    assert entry.needs == Needs(("torch",), ())
    assert entry.keeps("my_picture.jpg") and not entry.keeps("small.json")
    public = {"title": entry.title, "order": 7, "notebooks": ["later", "small"], "kept": ["my_picture.*"]}
    assert entry.public() == public


def test_only_title_and_order_are_required_and_a_draft_is_not_released(folder):
    (folder / "assignment.toml").write_text('title = "A"\norder = 1\n')
    entry = read_entry(folder)
    assert not entry.released and entry.packages == entry.data == entry.kept == () and entry.chains == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing: it holds at least title"),
        ("title = ", "is not TOML"),
        ("order = 1", "title is missing; it is a text"),
        ('title = "A"', "order is missing; it is a whole number"),
        (REGISTERED + "points = 3", "there is no key 'points'; there are: title, order, released"),
        ("title = 3\norder = 1", "title = 3 does not fit; title is a text"),
        ('title = "A"\norder = true', "order = True does not fit"),
        ('title = "A"\norder = 1\nreleased = "yes"', "released is true or false"),
        ('title = "A"\norder = 1\npackages = "torch"', "packages is a list of names"),
        ('title = "A"\norder = 1\npackages = ["a,b"]', "packages is a list of names"),
        ('title = "A"\norder = 1\ndata = ["../secret.txt"]', r"data is a list of files in data/"),
        ('title = "A"\norder = 1\nkept = ["/etc/*"]', "kept is a list of file names"),
        ('title = "A"\norder = 1\n[chains]\nall = "corners"', "chains is a table of lists"),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_the_file(folder, text, message):
    path = folder / "assignment.toml"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(SourceError, match=message) as caught:
        read_registry(folder.parent)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_assignments_come_in_their_order_and_no_two_have_the_same(folder):
    first = folder.parent / "zz_first"
    first.mkdir()
    (first / "assignment.toml").write_text('title = "A"\norder = 1\n')
    assert [entry.name for entry in read_registry(folder.parent)] == ["zz_first", "00_small"]
    (first / "assignment.toml").write_text('title = "A"\norder = 7\n')
    with pytest.raises(SourceError, match="order = 7 is that of 00_small already"):
        read_registry(folder.parent)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('data = ["none.safetensors"]', "data names none.safetensors, but there is no data/none.safetensors"),
        ('[chains]\nnothing = ["corners"]', r"\[chains\] names nothing, which is no check"),
        ('[chains]\ncorners = ["nothing"]', "the chain corners names nothing, which is no exercise of small"),
    ],
)
def test_what_the_registry_names_must_be_there(folder, said, message):
    (folder / "assignment.toml").write_text(f"{REGISTERED}{said}\n")
    with pytest.raises(SourceError, match=message):
        prove_registered(read_entry(folder), folder.parents[1])


def test_the_sandbox_gets_what_the_assignment_or_the_notebooks_name_needs(folder, monkeypatch):
    monkeypatch.setattr(registry, "SOLUTIONS", folder.parent)
    other = folder.parent / "01_other" / "count"
    other.mkdir(parents=True)
    (other / "00_open.py").touch()
    (other.parent / "assignment.toml").write_text('title = "A"\norder = 1\npackages = ["csv"]\n')
    assert needs("01_other") == Needs(("csv",)) and needs("00_small") == Needs(("torch",))
    assert needs(notebook="count") == Needs(("csv",))
    assert needs(notebook="renamed") == Needs(("csv", "torch"))  # it may be any
    assert needs("99_none") == Needs()
