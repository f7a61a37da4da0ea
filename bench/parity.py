"""Does a notebook show the same in a real Jupyter kernel, run as stock nbgrader does, and in the grader's sandbox?

nbgrader runs a notebook with nbclient in a fresh kernel and goes on after errors. Cells with checks are left out:
the grader puts verdicts in their outputs' place. So are demonstrations that wait in the kernel for a check to be right
(in the sandbox, where nothing is judged, they are shown), and cells that show how long something took.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from autograder.sandbox.inside import lockdown
from autograder.sandbox.job import CheckRun, Job, JobCell, Result
from bench.figure import ROOT
from coursework.marking.verdict import WAITS
from coursework.submission import GRADED

_FOLDER = "parity-"


def as_job(notebook: nbformat.NotebookNode, files: dict[str, bytes], seeds: tuple[int, ...]) -> Job:
    """The notebook's code cells as a job of the grader, with what lies beside it."""
    cells = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            tags = cell.metadata.get("nbgrader", {})
            check = CheckRun(tags["grade_id"], seeds) if tags.get("grade") else None
            cells.append(JobCell(index, cell.source, check))
    return Job("student", "parity", "notebook", tuple(cells), files)


def in_a_kernel(notebook: nbformat.NotebookNode, files: dict[str, bytes]) -> nbformat.NotebookNode:
    """The notebook with the outputs of a real kernel, told as by nbgrader that this is grading: so it trains nothing.

    The packages are this checkout's.
    """
    with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
        client = NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=600, iopub_timeout=60)
        client.extra_arguments = ["--log-level=ERROR"]  # not what it thinks of TCP
        modules = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        graded = {"PYTHONPATH": modules, "OMP_NUM_THREADS": "1", GRADED: "autograde"}
        client.execute(cwd=folder, env={**os.environ, **graded})
    return notebook


def different(result: Result, executed: nbformat.NotebookNode, job: Job) -> list[int]:
    """Positions of the cells that show something else; those that cannot be compared are left out."""
    return [
        cell.index
        for cell, job_cell in zip(result.cells, job.cells, strict=True)
        if not job_cell.check
        and not waits(executed.cells[cell.index])
        and "perf_counter" not in job_cell.source
        and shown(cell.outputs) != shown(executed.cells[cell.index].outputs)
    ]


def waits(cell: nbformat.NotebookNode) -> bool:
    """Did `coursework.checks.attempt` say something in a demonstration's place?"""
    return any(output.get("metadata", {}).items() >= WAITS.items() for output in cell.outputs)


def shown(outputs: list[dict]) -> str:
    """Outputs without what differs between two real kernels, and without where the notebook and our packages lie."""
    text = re.sub(r'"model_id": "\w+"', "", normal(outputs))  # widgets' random names
    text = re.sub(rf"{tempfile.gettempdir()}/{_FOLDER}\w+", lockdown.FOLDER, text)
    return text.replace("/grader/detrlab", f"{ROOT}/detrlab")


def normal(outputs: list[dict]) -> str:
    """Outputs without process ids, addresses, times, and how streams were cut."""
    streams = {name: "" for name in ("stdout", "stderr")}
    rest = []
    for output in outputs:
        if output["output_type"] == "stream":
            streams[output["name"]] += output["text"]
        else:
            rest.append(dict(output))
    found = json.dumps([streams, rest], sort_keys=True, ensure_ascii=False)
    found = re.sub(r"ipykernel_\d+", "ipykernel", found)
    found = re.sub(r"0x[0-9a-f]+", "0x", found)
    return re.sub(r"[\d.]+ (ns|.s|ms|s) ± [^(]*\([^)]*\)", "TIME", found)
