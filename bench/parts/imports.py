"""What one waits for before anything happens: the library's face, and a first detection, each in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

from bench.figure import ROOT, Figure

ROUNDS = 3
TORCH = "import torch"
FACE = "import torch; from detrlab import detect, load_model"
FIRST = (
    "from detrlab import detect, draw_scene, load_model; assert detect(load_model('shapes'), draw_scene(11).picture)"
)


def measure() -> dict[str, Figure]:
    """`import.face_s`, over importing torch alone, and `import.first_detection_s`, with all that it imports."""
    times: dict[str, list[float]] = {code: [] for code in (TORCH, FACE, FIRST)}
    for _ in range(ROUNDS + 1):  # the first round reads the files from the disk
        for code, found in times.items():
            found.append(cpu_seconds(code))
    torch_s, face_s, first_s = (median(found[1:]) for found in times.values())
    how = f"median of {ROUNDS} interleaved processes; torch alone takes {torch_s:.2f} s"
    return {
        "import.face_s": Figure(face_s - torch_s, "CPU s", "<= 0.3", f"load_model and detect over torch; {how}"),
        "import.first_detection_s": Figure(first_s, "CPU s", "", f'"shapes" on a scene, torch included; {how}'),
    }


def cpu_seconds(code: str) -> float:
    """CPU seconds of a process of its own, one thread, from its start to its end."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return used.ru_utime + used.ru_stime
