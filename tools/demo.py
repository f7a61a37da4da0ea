"""`make demo`: the main job without a screen, offline.

Detects and draws attention on a shipped scene and on a photograph, hands in the homework as three sample students,
grades them in the sandbox into a gradebook, writes their feedback pages, and says where everything is. Where this
machine has no sandbox it says so, and stock nbgrader marks these three: they are our own notebooks.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.sandbox.levels import SandboxUnavailable, found_level
from autograder.sandbox.pool import Pool

# torch, matplotlib and nbgrader take seconds: they are imported while the sandbox gets warm.

ROOT = Path(__file__).resolve().parent.parent
ENTRY = read_registry(SOLUTIONS)[0]
SCENE_SEED = 21


def main() -> int:
    """Run the demonstration into build/demo; returns the exit status."""
    started = time.perf_counter()
    os.chdir(ROOT)
    folder = Path("build") / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with sandbox() as pool:
        detect_and_draw(folder)
        from tools.three_students import grade_three

        grade_three(folder, pool)
    print(f"\nDone in {time.perf_counter() - started:.0f} s. Everything is in {folder}/.")
    return 0


@contextmanager
def sandbox() -> Iterator[Pool | SandboxUnavailable]:
    """The sandbox, getting warm; or why there is none."""
    with ExitStack() as opened:
        pool: Pool | SandboxUnavailable
        try:
            pool = opened.enter_context(Pool(len(os.sched_getaffinity(0)), found_level(), ENTRY.needs))
        except SandboxUnavailable as error:
            pool = error
        yield pool


def detect_and_draw(folder: Path) -> None:
    """Figures of detections and attention, for a scene and for a photograph."""
    import matplotlib.cbook

    from detrlab.__main__ import main as detrlab
    from detrlab.scenes.compose import draw_scene
    from detrlab.weights import is_cached

    scene = folder / "scene.png"
    draw_scene(SCENE_SEED).picture.save(scene)
    official = is_cached("detr_resnet50")
    photograph = Path(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    print("1. A scene of shapes, as the shipped model sees it:\n", flush=True)
    detrlab(["detect", str(scene), "--attention", "--out", str(folder)])
    print(
        "\n2. A photograph. "
        + (
            "The official weights are in the cache:\n"
            if official
            else "The shipped model knows six shapes and no people: what it finds here is wrong, and worth a look.\n"
            "   (With the official weights in the cache, DETR-R50 takes its place: see the README.)\n"
        ),
        flush=True,
    )
    model = ["--model", "detr_resnet50"] if official else ["--threshold", "0.5"]
    detrlab(["detect", str(photograph), "--attention", "--out", str(folder), *model])


if __name__ == "__main__":
    sys.exit(main())
