"""Running jobs: what comes back of a notebook, its limits, workers that die, and outputs equal to a real kernel's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest

from autograder.build.in_process import run_notebook
from autograder.sandbox import launch
from autograder.sandbox import pool as pool_module
from autograder.sandbox.job import Limits
from autograder.sandbox.levels import Level
from autograder.sandbox.pool import Pool
from autograder.sandbox.watch import process_tree
from bench.parity import normal
from tests.grader_pool import LEVEL, NEEDS, SEEDS, job, needs_sandbox, run, shared_pool, text
from tests.needs import need

pytestmark = needs_sandbox

SETUP = "import torch\nfrom coursework import open_notebook\n____, check, hint = open_notebook('small')"
ANSWER = "def corner(boxes):\n    return boxes[..., :2] - boxes[..., 2:] / 2"
CHECK = "#check corners\n@check\ndef corners(draw):\n    return corner(draw.boxes_cxcywh(5))\n\ncorners()"


def test_outcomes_are_those_of_a_run_in_this_process(tmp_path):
    result = run(SETUP, ANSWER, CHECK)
    expected = run_notebook([SETUP, ANSWER, CHECK], tmp_path, list(SEEDS)).outcomes["corners"]
    assert result.finished
    assert [cell.status for cell in result.cells] == ["ok", "ok", "ok"]
    assert len(expected) == len(SEEDS)
    assert all(came.equals(right) for came, right in zip(result.outcomes["corners"], expected, strict=True))
    assert not result.outcomes["corners"][0].equals(expected[1])


def test_a_wrong_answer_comes_back_as_what_it_is():
    result = run(SETUP, "def corner(boxes):\n    raise KeyError('no')", CHECK)
    assert [(outcome.error, "no" in outcome.message) for outcome in result.outcomes["corners"]] == [
        ("KeyError", True)
    ] * 3


def test_files_of_the_job_lie_beside_the_notebook():
    files = {"data/a.json": b"[1]", "b": b"\0", "helper.py": b"five = 5"}
    result = run("import helper", "print(open('data/a.json').read(), helper.five)", files=files)
    assert text(result).strip() == "[1] 5"


PARITY = [
    "print('a'); import sys; print('b', file=sys.stderr); print('c')",
    "x = 3\nx",
    "def f(n):\n    return 1 / n\nf(0)",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]); plt.title('t')",
    "%matplotlib inline\nfig, ax = plt.subplots(figsize=(2, 2)); ax.imshow([[1, 2], [3, 4]])",
    "from IPython.display import display, HTML, clear_output\ndisplay(HTML('<b>x</b>'))",
    "print('gone'); clear_output(wait=True); print('z')",
    "display('one', display_id='d'); display('two', display_id='d', update=True)",
    "def unfinished(:",
    # A kernel reads its own descriptors in a thread: a cell that ends at once would lose the race on a busy machine.
    "import os, time; os.write(1, b'descriptor\\n'); time.sleep(1)",
    "!echo child",
    "import warnings; warnings.warn('old')",
    "import asyncio; await asyncio.sleep(0); asyncio.get_running_loop().is_running()",
    "raise SystemExit(2)",
    "_ , Out[2]",
    "%timeit -n1 -r1 pass",
    "%%capture\nprint('hidden')",
    "import numpy as np; np.arange(3.0)",
    "x?",
    "from io import BytesIO; from PIL import Image; Image.new('RGB', (3, 2))",
    "b = BytesIO(); Image.new('L', (5, 7)).save(b, 'png'); from IPython.display import Image as Shown",
    "Shown(b.getvalue())",
    "from IPython.display import Markdown, Latex, JSON; display(Markdown('*a*'), Latex('$x$'), JSON({'a': [1, None]}))",
    "class Shows:\n    def _repr_html_(self): return '<i>s</i>'\n    def __repr__(self): return 'S'\nShows()",
]


def test_outputs_equal_those_of_a_real_kernel(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel would not listen to descriptors
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in PARITY])
    client = NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=120, iopub_timeout=60)
    client.execute(cwd=str(tmp_path))
    result = run(*PARITY, limits=Limits())
    assert result.finished
    for place, cell in enumerate(notebook.cells):
        assert normal(result.cells[place].outputs) == normal(cell.outputs), PARITY[place]


def test_processor_time_limits_end_the_job_and_keep_what_was_done():
    result = run(SETUP, ANSWER, CHECK, "while True: pass", "print('never')")
    assert str(result.ended) == "a cell used more than 1.5 s of CPU time"
    assert [cell.status for cell in result.cells] == ["ok", "ok", "ok", "error", "not run"]
    assert 1.4 < result.cells[3].cpu_s < 3
    assert len(result.outcomes["corners"]) == 3


def test_the_notebook_as_a_whole_is_limited():
    spin = "import time\nstart = time.process_time()\nwhile time.process_time() - start < 1: pass"
    limits = Limits(cell_cpu_s=2, notebook_cpu_s=2.5, memory_mb=512)
    result = run(*[spin] * 5, limits=limits)
    assert str(result.ended) == "the notebook used more than 2.5 s of CPU time"
    assert [cell.status for cell in result.cells].count("ok") == 2


def test_time_of_children_that_nobody_waits_for_counts():
    ignored = (
        "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "if os.fork() == 0:\n    while time.process_time() < 0.5: pass\n    os._exit(0)\n"
        "try:\n    os.wait()\nexcept ChildProcessError: pass"
    )
    need(LEVEL is not None and LEVEL.grouped, "a cgroup is missing here")
    result = run(ignored, "print('on')", ignored)
    assert result.finished
    assert [0.45 < cell.cpu_s < 1.2 for cell in result.cells] == [True, False, True] and result.cpu_s > 0.9


def test_an_output_of_more_values_than_are_read_is_left_out_and_the_notebook_runs_on():
    shows = "from IPython.display import JSON, display\ndisplay(JSON([0] * 600_000))\nprint('after')"
    result = run(shows, SETUP, ANSWER, CHECK, limits=Limits())  # 1.8 MB, of 16
    assert result.finished and "the rest of its outputs is left out" in text(result, 0)
    assert len(result.outcomes["corners"]) == 3


def test_waiting_for_ever_ends_by_wall_time():
    result = run("import time; time.sleep(1000)", limits=Limits(cell_cpu_s=0.2, wall_factor=5))
    assert str(result.ended).startswith("a cell ran for more than 1 s")
    assert result.cpu_s < 0.5


def test_a_tensor_too_large_is_an_ordinary_error():
    result = run("import torch\ntorch.zeros(16 * 10**9)", "print('goes on')")
    assert result.finished and "RuntimeError" in text(result, 0) and "goes on" in text(result, 1)


def test_memory_of_several_processes_together_is_limited():
    hold = (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        held = bytearray(os.urandom(1)) * (100 << 20); time.sleep(60)\ntime.sleep(30)"
    )
    result = run(hold, limits=Limits(cell_cpu_s=5, memory_mb=300))
    assert str(result.ended) == "the notebook used more than 300 MB of memory"


def test_a_worker_that_dies_is_replaced_and_its_job_done_again():
    pool = shared_pool()
    jobs = pool.run([job("import time; time.sleep(2); print('done')"), job("print('second')")])
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "bwrap"], capture_output=True, text=True).stdout.split()
    assert len(found) == 1
    killer = threading.Timer(1.0, os.kill, (int(found[0]), signal.SIGKILL))  # while the first job runs
    killer.start()
    results = [text(result).strip() for _, result in jobs]
    killer.join()
    assert sorted(results) == ["done", "second"]


def test_stopping_early_leaves_the_pool_usable():
    pool = shared_pool()
    jobs = pool.run(job("import time; time.sleep(0.2)") for _ in range(100))
    next(jobs)
    jobs.close()
    assert text(run("print('next')")).strip() == "next"


def test_the_same_job_gives_the_same_result_twenty_times():
    cells = [
        "import torch, random, numpy as np",
        "print(torch.rand(2), random.random(), np.random.rand(), {'a', 'b', 'c'}, hash('x'))",
        SETUP,
        ANSWER,
        CHECK,
    ]
    runs = [result for _, result in shared_pool().run([job(*cells) for _ in range(20)])]
    assert len({repr([cell.outputs for cell in result.cells]) for result in runs}) == 1
    assert all(
        a.equals(b)
        for result in runs
        for a, b in zip(result.outcomes["corners"], runs[0].outcomes["corners"], strict=True)
    )
    assert LEVEL is not None and str(LEVEL) == runs[0].level


@pytest.mark.usefixtures("landlock_6")
def test_the_level_without_namespaces_runs_notebooks_side_by_side():
    level = Level("landlock", "landlock only")
    figure = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()"
    leave = (
        "import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(60)\ntime.sleep(1.5); print(time.monotonic())"
    )
    spy = "import glob; print([open(p, 'rb').read(9) for p in glob.glob('/proc/[0-9]*/environ')][:0])"
    limits = Limits(cell_cpu_s=5)
    began = "import time; print(time.monotonic())"  # one clock for all processes
    jobs = [job(SETUP, ANSWER, CHECK, figure, began, leave, spy, limits=limits, student=f"s{n}") for n in range(2)]
    with Pool(2, level, NEEDS) as pool:
        list(pool.run([job("1")]))
        idle = living(process_tree(os.getpid()))
        results = [result for _, result in pool.run(jobs)]
        time.sleep(0.5)
        assert not living(process_tree(os.getpid())) - idle
    for result in results:
        assert result.finished and len(result.outcomes["corners"]) == 3
        assert "image/png" in result.cells[3].outputs[0]["data"]
        assert "PermissionError" in text(result)
        assert result.level.startswith("landlock")
    (start, end), (others_start, others_end) = (
        [float(result.cells[i].outputs[0]["text"]) for i in (4, 5)] for result in results
    )
    assert start < others_end and others_start < end, "one after the other"


def test_a_killed_grader_leaves_no_process_and_its_folder_goes_with_the_next():
    code = (
        "from tests.grader_pool import job, LEVEL, Limits\nfrom autograder.sandbox.pool import Pool\n"
        "with Pool(1, LEVEL) as pool:\n    print(pool._folder, flush=True)\n    list(pool.run([job('1')]))\n"
        "    print('warm', flush=True)\n    list(pool.run([job('import time; time.sleep(60)', limits=Limits())]))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        folder = Path(grader.stdout.readline().strip())
        assert grader.stdout.readline().strip() == "warm"
        time.sleep(0.7)
        tree = process_tree(grader.pid)[1:]
        assert len(tree) >= 5  # bubblewrap twice, the warm process, and the job's three
        grader.kill()
    deadline = time.monotonic() + 2
    while (left := living(tree)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left
    assert folder.exists()
    pool_module._tidy()
    assert not folder.exists()


def test_a_pool_that_stops_while_it_starts_leaves_nothing(tmp_path):
    launch.prepare(tmp_path)
    for step in range(40):  # each a little later in bubblewrap's own start
        warm = launch.start(LEVEL, tmp_path)
        time.sleep(step * 0.0007)
        tree = process_tree(warm.process.pid)
        warm.stop()
        time.sleep(0.05)
        assert not living(tree)
    time.sleep(0.3)
    marks = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [mark for mark in marks if str(tmp_path).encode() in mark]


def living(pids: list[int]) -> set[int]:
    """Those that are still there, and not only waiting to be reaped."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.add(pid)
    return found
