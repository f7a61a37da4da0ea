"""What running a submission costs beyond the student's own cells, and what a second worker brings.

The probe is a light notebook: 12 cells that import torch and torchvision and compute for about 0.1 CPU seconds.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import time

from autograder.sandbox.job import Job, JobCell
from autograder.sandbox.levels import found_level
from autograder.sandbox.packages import Needs
from autograder.sandbox.pool import Pool
from autograder.sandbox.watch import cpu_seconds, process_tree
from bench.figure import Figure

PROBE = (
    "import torch\nimport torchvision",
    "torch.manual_seed(0)\nx = torch.rand(64, 64)\nx.shape",
    "y = x @ x.T\ny.mean()",
    "boxes = torch.rand(50, 4)\nboxes[:, 2:] += boxes[:, :2]\nboxes[:2]",
    "torchvision.ops.box_iou(boxes, boxes).sum()",
    "torchvision.ops.nms(boxes, torch.rand(50), 0.5)[:5]",
    "layer = torch.nn.Linear(64, 64)\nlayer(x).std()",
    "total = 0\nfor i in range(400_000):\n    total += i * i\ntotal",
    "print('a line of text')",
    "heads = torch.nn.MultiheadAttention(64, 8, batch_first=True)\nout, weights = heads(*[x[None]] * 3)\nweights.shape",
    "sum((x * i).sum() for i in range(9000))",
    "sorted(str(i) for i in range(80_000))[:3]",
)
PACKAGES = ("torch", "torchvision")  # loaded once, as an assignment that names them has them
_JOBS = 12


def probe_job(number: int = 0) -> Job:
    """The probe as a job."""
    cells = tuple(JobCell(index, source) for index, source in enumerate(PROBE))
    return Job(f"student{number}", "probe", "probe", cells)


def cells_alone_cpu_s() -> float:
    """CPU seconds of the probe's cells in a process that has imported everything."""
    sources = [compile(source, "<probe>", "exec") for source in PROBE]

    def once() -> float:
        space: dict = {}
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            for source in sources:
                exec(source, space)
        return time.process_time() - started

    once()
    return statistics.median(once() for _ in range(5))


def run_probes(pool: Pool, count: int) -> tuple[float, float]:
    """(CPU seconds of the whole process tree, wall seconds) for that many probes in a warm pool.

    A finished notebook's processes are killed, and the kernel gives a killed process's time to nobody: what the pool
    read of it before is added.
    """
    list(pool.run([probe_job()] * 2))
    before, started, jobs = _tree_cpu_s(), time.monotonic(), 0.0
    for _job, result in pool.run(probe_job(number) for number in range(count)):
        assert result.finished, result.ended
        jobs += result.cpu_s
    return _tree_cpu_s() - before + jobs, time.monotonic() - started


def _tree_cpu_s() -> float:
    return cpu_seconds(process_tree(os.getpid()))


def measure() -> dict[str, Figure]:
    """The figures of running; those against nbgrader need the gradebook, too."""
    level, alone = found_level(), cells_alone_cpu_s()
    with Pool(1, level, Needs(PACKAGES)) as pool:
        single = [run_probes(pool, _JOBS) for _ in range(3)]
    with Pool(2, level, Needs(PACKAGES)) as pool:
        double = [run_probes(pool, 2 * _JOBS) for _ in range(3)]
    overhead = statistics.median(cpu / _JOBS for cpu, _ in single) - alone
    scaling = 2 * statistics.median(wall for _, wall in single) / statistics.median(wall for _, wall in double)
    return {
        "grade.overhead_cpu_s": Figure(
            overhead,
            "CPU s",
            "<= 0.2",
            f"per probe notebook over its own cells ({alone:.3f} s), sandboxed ({level.name})",
        ),
        "grade.scaling_2_workers": Figure(
            scaling, "x", ">= 1.75", f"wall time of execution, two workers against one, {os.cpu_count()} cores"
        ),
    }
