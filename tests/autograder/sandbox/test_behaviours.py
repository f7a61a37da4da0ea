"""What a grader must survive: each file of tests/behaviours does one harmful thing between two honest exercises.

After each: the run ends as the file says, what was right before it still counts, what came after it counts where the
notebook went on, and five things hold: the course's files are as before, a bystander lives, nobody reached a server,
the job's processes are gone within 2 s, and the next submission is run right.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from autograder.build.in_process import run_notebook
from autograder.sandbox.job import Limits
from autograder.sandbox.levels import UNSAFE
from autograder.sandbox.pool import Pool
from autograder.sandbox.watch import process_tree
from tests.autograder.sandbox.test_pool import ANSWER, CHECK, SETUP
from tests.grader_pool import LEVEL, NEEDS, SEEDS, job, needs_sandbox, shared_pool
from tests.needs import need

FOLDER = Path(__file__).resolve().parents[2] / "behaviours"
LIMITS = Limits(cell_cpu_s=0.8, notebook_cpu_s=20, wall_factor=25, memory_mb=2048, file_mb=32, output_mb=1)
LATER = CHECK.replace("corners", "later")
PROVED_WITHOUT = (
    "writes_the_gradebook",
    "connects_to_loopback",
    "uses_abstract_sockets",
    "signals_the_bystander",
    "reads_secrets",
)


@dataclass
class World:
    """What must not change: a course folder, a bystander, servers."""

    course: Path
    bystander: subprocess.Popen
    servers: list[socket.socket]
    abstract: str

    def fill_in(self, source: str) -> str:
        """The behaviour's source with the real places in it."""
        places = {
            "{course}": str(self.course),
            "{pid}": str(self.bystander.pid),
            "{port}": str(self.servers[0].getsockname()[1]),
            "{abstract}": self.abstract,
        }
        for name, value in places.items():
            source = source.replace(name, value)
        return source

    def damage(self) -> list[str]:
        """What is not as it was, in words."""
        found = []
        if self.fingerprint() != self.before:
            found.append("the course's files changed")
        if self.bystander.poll() is not None:
            found.append("the bystander died")
        for server in self.servers:
            with contextlib.suppress(BlockingIOError):
                server.accept()[0].close()
                found.append("somebody reached a server")
        return found

    def fingerprint(self) -> str:
        parts = [(str(path), path.read_bytes()) for path in sorted(self.course.rglob("*")) if path.is_file()]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    course = tmp_path / "course"
    (course / "other").mkdir(parents=True)
    for name in ("hidden.txt", "other/small.ipynb", "gradebook.db"):
        (course / name).write_text(name)
    for folder in (tmp_path, course, course / "other"):
        folder.chmod(0o777)
    abstract = f"detrlab-{time.monotonic_ns()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        subprocess.Popen(["sleep", "300"]) as bystander,
    ):
        unix.bind("\0" + abstract)
        unix.listen()
        for server in (tcp, unix):
            server.setblocking(False)
        made = World(course, bystander, [tcp, unix], abstract)
        made.before = made.fingerprint()
        yield made
        bystander.kill()


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict:
    return run_notebook([SETUP, ANSWER, CHECK, LATER], tmp_path_factory.mktemp("right"), list(SEEDS)).outcomes


def lacks(path: Path) -> str:
    """What the behaviour needs to be caught by and is not here: without it, it only runs on."""
    needs = re.search(r"^# needs: (.*)$", path.read_text(), re.M)
    return needs[1] if needs and LEVEL is not None and not LEVEL.grouped else ""


def read(path: Path) -> tuple[str, Limits, str]:
    """How it ends, its limits, and its code."""
    head, _, code = path.read_text().partition("# %%\n")
    ends = re.search(r"^# ends: (.*)$", head, re.M)[1]
    changed = re.search(r"^# limits: (.*)$", head, re.M)
    numbers = dict(pair.split("=") for pair in changed[1].split(", ")) if changed else {}
    # What gets to its end gets more time: on a busy machine the same work takes several times the CPU seconds.
    limits = replace(LIMITS, cell_cpu_s=6) if ends == "finished" else LIMITS
    return ends, replace(limits, **{name: json.loads(value) for name, value in numbers.items()}), code


def job_processes() -> set[int]:
    """Processes below this one that are notebooks' (forks of the warm process) or were started by them."""
    found = set()
    for pid in process_tree(os.getpid())[1:]:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if command and b"bwrap" not in command and b"sleep\x00300" not in command:
                found.add(pid)
    return found


def right(came: list, wanted: list) -> bool:
    return len(came) == len(wanted) and all(a.equals(b) for a, b in zip(came, wanted, strict=True))


@needs_sandbox
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_behaviour_ends_as_it_should_and_harms_nobody(path: Path, world: World, expected: dict):
    need(not lacks(path), f"{lacks(path)} is missing here")
    ends, limits, code = read(path)
    pool = shared_pool()
    list(pool.run([job("1")]))
    idle = job_processes()
    bad = job(SETUP, ANSWER, CHECK, world.fill_in(code), ANSWER, LATER, limits=limits)
    good = job(SETUP, ANSWER, CHECK)
    results = {id(done): result for done, result in pool.run([bad, good])}
    result = results[id(bad)]
    assert re.fullmatch(f"({ends}).*", str(result.ended)), (result.ended, [cell.outputs for cell in result.cells])
    assert right(result.outcomes["corners"], expected["corners"]), "what came before it still counts"
    if result.finished:
        assert result.cells[-1].status == "ok" or path.stem in LEAVES_A_MESS
        assert right(result.outcomes.get("later", []), expected["later"]) or path.stem in LEAVES_A_MESS
    else:
        assert "later" not in result.outcomes and result.cells[-1].status == "not run"
    assert right(results[id(good)].outcomes["corners"], expected["corners"]), "the next submission is run right"
    assert world.damage() == []
    deadline = time.monotonic() + 2
    while (left := job_processes() - idle) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left
    assert sum(len(str(cell.outputs)) for cell in result.cells) < 3 * 2**20


# What these did to their own process lasts; later cells of the same notebook may fail.
LEAVES_A_MESS = {
    "clears_modules",
    "patches_torch",
    "calls_excepthook",
    "bombs_forks",
    "bombs_threads",
    "overflows_the_c_stack",
    "raises_the_recursion_limit",
    "grows_slowly",
    "changes_torchs_defaults",
}


def test_without_the_sandbox_the_same_checks_notice(world: World):
    """The positive control: the harmless half of the behaviours, run without walls, is seen by `damage`."""
    noticed = []
    with Pool(1, UNSAFE, NEEDS) as pool:
        for name in PROVED_WITHOUT:
            ((_, result),) = pool.run([job(world.fill_in(read(FOLDER / f"{name}.py")[2]))])
            noticed += world.damage() + [cell.status for cell in result.cells if cell.status != "ok"]
            world.before = world.fingerprint()
    assert noticed.count("somebody reached a server") == 2
    assert "the course's files changed" in noticed
    assert "the bystander died" in noticed
    assert "error" in noticed  # what it read is no secret any more
    assert LEVEL is not None
