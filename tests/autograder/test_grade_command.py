"""The command `autograder` from handing in to exporting, in the sandbox; one sentence and a code where it fails."""

import io
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.gradebook.log import Log
from autograder.sandbox import levels, self_test
from autograder.sandbox.levels import SandboxUnavailable
from tests.needs import missing
from tests.small_course import ASSIGNMENT, RIGHT, filled, graded_course, hand_in, make_course


def in_course(monkeypatch, places):
    for module in ("course.places", "check"):
        monkeypatch.setattr(f"autograder.{module}.project_places", lambda *_: places)


def sandboxed():
    try:
        self_test.level()
    except SandboxUnavailable as reason:
        missing(str(reason))


def test_from_samples_to_marks(tmp_path, monkeypatch, capsys):
    sandboxed()
    places = make_course(tmp_path)
    in_course(monkeypatch, places)
    for student in ("ada", "bob"):
        hand_in(places, student, **RIGHT)
    (hand_in(places, "emil", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    assert main(["grade", ASSIGNMENT, "--dry-run"]) == 0
    assert "emil: new, could not be graded" in capsys.readouterr().out and not places.log.exists()
    assert main(["grade", ASSIGNMENT, "--workers", "1", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "sandbox: namespaces" in out or "sandbox: landlock" in out
    assert "a person should look at emil" in out and "1 could not grade, 2 graded" in out
    assert all(event["scores"]["wide"] == {"sizes": 3.0} for event in Log(places.log).latest(ASSIGNMENT).values())
    (run,) = Log(places.log).runs(ASSIGNMENT)
    assert run.start["level"].startswith(("namespaces", "landlock")) and run.start["seed"] == 3
    assert {"torch", "nbgrader", "numpy"} <= set(run.start["versions"])
    assert main(["feedback", ASSIGNMENT]) == 0 and "9 pages" in capsys.readouterr().out
    for form in ("nbgrader", "canvas", "moodle"):
        assert main(["export", ASSIGNMENT, "--format", form]) == 0
    assert main(["report", ASSIGNMENT]) == 0
    capsys.readouterr()
    assert main(["check", str(places.submitted / "ada" / ASSIGNMENT / "small.ipynb")]) == 0
    printed = capsys.readouterr()
    assert "3 / 3  corners: Right." in printed.out and printed.err.startswith(f"sandbox: {run.start['level']}\n")
    assert main(["forget", "ada", "--yes"]) == 0 and "deleted: submitted/ada" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grade", "99_none"], "there is no assignment '99_none'; there are: 00_small"),
        (["grade", ASSIGNMENT, "--student", "zoe"], "nothing was handed in for 00_small by: zoe"),
        (["grade", ASSIGNMENT, "--resume"], "there is nothing to resume"),
        (["check", "nowhere.ipynb"], "nowhere.ipynb cannot be read"),
        (["feedback", "99_none"], "nothing of 99_none is graded yet"),
        (["export", "99_none"], "nothing of 99_none is graded yet"),
        (["report", "99_none"], "there is no assignment '99_none'"),
        (["forget", "zoe"], "nothing is kept of 'zoe'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, message, tmp_path, monkeypatch, capsys):
    in_course(monkeypatch, graded_course(tmp_path))
    if arguments[0] in ("grade", "check"):
        sandboxed()
    assert main(arguments) == 1
    about = ("sandbox: ", "running the solution")
    (error,) = (line for line in capsys.readouterr().err.splitlines() if not line.startswith(about))
    assert message in error


@pytest.mark.parametrize(
    ("answer", "deletes", "says"),
    [
        ("y\n", True, "deleted: submitted/bob, "),
        ("n\n", False, "nothing was deleted\n"),
        ("\n", False, "nothing was deleted\n"),
        (None, False, "nothing was deleted: without a terminal, --yes agrees\n"),
    ],
    ids=["yes", "no", "only_return", "no_terminal"],
)
def test_forgetting_lists_what_is_kept_and_asks(answer, deletes, says, tmp_path, monkeypatch, capsys):
    places = graded_course(tmp_path)
    in_course(monkeypatch, places)
    terminal = io.StringIO(answer or "y\n")
    monkeypatch.setattr(terminal, "isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)
    assert main(["forget", "bob"]) == (0 if deletes else 1)
    out, error = capsys.readouterr()
    assert out.startswith("kept of bob:\n  submitted/bob\n  autograded/bob\n") and says in out + error
    assert (places.submitted / "bob").exists() is not deletes


def test_samples_go_into_a_folder_of_their_own(tmp_path, monkeypatch, capsys):
    places = graded_course(tmp_path)
    in_course(monkeypatch, places)
    assert main(["samples", ASSIGNMENT]) == 1  # a real class is there
    assert "holds 'ada' and 3 more: the sample class goes into an empty folder" in capsys.readouterr().err
    assert main(["samples", ASSIGNMENT, "--into", str(tmp_path / "invented")]) == 0
    assert (tmp_path / "invented" / "solves_all" / ASSIGNMENT / "small.ipynb").is_file()
    assert sorted(path.name for path in places.submitted.iterdir()) == ["ada", "bob", "carl", "emil"]


@pytest.mark.parametrize(("module", "what"), [(levels, "found_level"), (self_test, "prove")])
def test_without_a_sandbox_nothing_is_executed(module, what, tmp_path, monkeypatch, capsys):
    def none(*_):
        raise SandboxUnavailable("No sandbox on this machine: grade in a container.")

    places = graded_course(tmp_path)
    in_course(monkeypatch, places)
    monkeypatch.setattr(module, what, none)
    before = places.log.read_bytes()
    assert main(["grade", ASSIGNMENT, "--regrade"]) == 1
    assert capsys.readouterr().err == "No sandbox on this machine: grade in a container.\n"
    assert places.log.read_bytes() == before


def test_a_students_words_reach_the_terminal_without_what_it_obeys(tmp_path, monkeypatch, capsys):
    sandboxed()
    places = make_course(tmp_path)
    in_course(monkeypatch, places)
    said = "def corner(b):\n    raise ValueError('\\x1b]0;me\\x07 \\u202e틀렸다\\n    3 / 3  corners: Right.\\x9b2J')"
    folder = hand_in(places, "bob", small={"corners_code": said})
    assert main(["check", str(folder / "small.ipynb")]) == 0
    out = capsys.readouterr().out
    assert "0 / 3  corners: Your code stopped with ValueError: ]0;me 틀렸다     3 / 3  corners: Right.2J" in out
    assert out.replace("\n", "").isprintable() and len(out.splitlines()) == 3  # a check, a text, the sum


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["ctrl_c", "kill_9"])
def test_a_stopped_command_is_resumed(stop, tmp_path):
    sandboxed()
    places = make_course(tmp_path)
    slow = {"small": {**RIGHT["small"]}, "wide": RIGHT["wide"]}
    slow["small"]["corners_code"] += "\nimport time\ntime.sleep(1.5)"
    for i in range(4):
        hand_in(places, f"s{i}", **slow)
    program = textwrap.dedent(f"""
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
        sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
        from pathlib import Path
        import autograder.course.places as p, tests.small_course as small_course
        p.project_places = lambda *_: p.places_from(small_course.config(), Path({str(tmp_path)!r}))
        from autograder.__main__ import main
        sys.exit(main(["grade", {ASSIGNMENT!r}, "--workers", "1", *sys.argv[1:]]))
    """)
    first = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600  # only a busy machine takes that long
    while len(Log(places.log).latest(ASSIGNMENT)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    first.send_signal(stop)
    out, error = first.communicate(timeout=60)
    done = len(Log(places.log).latest(ASSIGNMENT))
    assert 2 <= done < 4, out + error
    if stop == signal.SIGINT:
        assert first.returncode == 130 and "--resume goes on" in error and "Traceback" not in error
    again = subprocess.run([sys.executable, "-c", program, "--resume"], capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    (run,) = Log(places.log).runs(ASSIGNMENT)
    assert run.ended and set(run.marks) == {f"s{i}" for i in range(4)}
    assert all(event["scores"] == {"small": {"corners": 3.0}, "wide": {"sizes": 3.0}} for event in run.marks.values())
    assert filled(places, RIGHT["small"])  # the course itself is as it was
