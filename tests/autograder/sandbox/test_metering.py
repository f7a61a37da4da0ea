"""What a job used is read from the kernel, and each limit that it passes has its own word."""

import signal
import subprocess
import sys
import time

import pytest

from autograder.sandbox.job import Limits
from autograder.sandbox.levels import UNSAFE
from autograder.sandbox.metering import Meter
from coursework.marking.messages import Note

BUSY = "while True: pass"
IDLE = "import time; time.sleep(60)"
LARGE = "data = b'x' * (64 << 20); import time; time.sleep(60)"


def passed(code: str, limits: Limits) -> Note:
    """The limit that a process of this code passes."""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            meter = Meter(limits, UNSAFE)
            meter.watch(process.pid)
            until = time.monotonic() + 30
            while (found := meter.passed()) is None and time.monotonic() < until:
                time.sleep(0.01)
            assert found is not None, "no limit was passed"
            return found
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("code", "limits", "said"),
    [
        (BUSY, Limits(cell_cpu_s=0.3, wall_factor=1e6), Note("cell_cpu", {"seconds": "0.3"})),
        (BUSY, Limits(notebook_cpu_s=0.3, wall_factor=1e6), Note("notebook_cpu", {"seconds": "0.3"})),
        (IDLE, Limits(cell_cpu_s=0.7, wall_factor=0.5), Note("cell_wall", {"seconds": "0.35"})),
        (IDLE, Limits(notebook_cpu_s=0.7, wall_factor=0.5), Note("notebook_wall", {"seconds": "0.35"})),
        (LARGE, Limits(memory_mb=50), Note("too_much_memory", {"megabytes": 50})),
    ],
)
def test_each_limit_is_seen_and_named(code, limits, said):
    assert passed(code, limits) == said


def test_time_before_a_cell_is_not_the_cells():
    meter = Meter(Limits(), UNSAFE)
    meter.cpu_s = 3.0
    assert meter.cell_cpu_s == 3.0
    meter.begin_cell()
    meter.cpu_s = 5.0
    assert (meter.cpu_s, meter.cell_cpu_s) == (5.0, 2.0)


@pytest.mark.parametrize(
    ("code", "cpu_s", "said"),
    [
        (3, 0.0, Note("ended_itself", {"code": 3})),
        (-signal.SIGSEGV, 0.0, Note("ended_by_signal", {"signal": "SIGSEGV"})),
        (-99, 0.0, Note("ended_by_signal", {"signal": "99"})),
        (-signal.SIGKILL, 7.0, Note("notebook_cpu", {"seconds": "7"})),  # the kernel's own limit was first
        (-signal.SIGKILL, 6.0, Note("ended_by_signal", {"signal": "SIGKILL"})),
    ],
)
def test_how_a_process_died_is_named(code, cpu_s, said):
    meter = Meter(Limits(notebook_cpu_s=7.0), UNSAFE)
    meter.cpu_s = cpu_s
    assert meter.how_it_died(code) == said
