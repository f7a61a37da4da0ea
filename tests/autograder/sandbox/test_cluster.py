"""A real Dask scheduler with two worker processes, one of which is killed in the middle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.job import Limits
from tests.autograder.sandbox.test_pool import ANSWER, CHECK, SETUP
from tests.grader_pool import LEVEL, NEEDS, SEEDS, job, needs_sandbox, text
from tests.needs import need_module

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    need_module("distributed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}

    def start(module: str, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path)

    processes = [start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]
    try:
        for line in processes[0].stderr:
            if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
                break
        address = found[1]
        for _ in range(2):
            processes.append(start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"))
        for worker in processes[1:]:
            for line in worker.stderr:
                if "Registered to" in line:
                    break
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stderr.close()


@needs_sandbox
@pytest.mark.filterwarnings("ignore")  # dask's own
def test_jobs_of_a_killed_worker_are_done_again(cluster):
    from autograder.sandbox.cluster import connect

    address, workers = cluster
    slow = "import time; time.sleep(0.3); print(NAME)"
    limits = Limits(cell_cpu_s=5, notebook_cpu_s=20)
    jobs = [
        job(SETUP, ANSWER, CHECK, slow.replace("NAME", repr(f"s{n}")), limits=limits, student=f"s{n}")
        for n in range(12)
    ]
    done = {}
    with connect(address, NEEDS) as connection:
        assert connection.level == str(LEVEL)
        for finished, result in connection.run(jobs):
            assert finished.student not in done
            done[finished.student] = result
            if len(done) == 3:
                workers[0].send_signal(signal.SIGKILL)
    assert set(done) == {f"s{n}" for n in range(12)}
    for student, result in done.items():
        assert result.finished and text(result).strip() == student
        assert len(result.outcomes["corners"]) == len(SEEDS)
        assert all(a.equals(b) for a, b in zip(result.outcomes["corners"], done["s0"].outcomes["corners"], strict=True))


def test_a_scheduler_that_is_not_there_is_said_so(monkeypatch):
    from autograder.sandbox import cluster

    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 1)
    with pytest.raises(cluster.ClusterError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        cluster.connect("tcp://127.0.0.1:9").__enter__()
