"""One submission, graded twenty times with one seed: the same marks and pages, on an idle machine and a busy one."""

import re
import subprocess
import sys

import pytest

from autograder.gradebook.log import Log
from tests.grade_course import HALF, run
from tests.grader_pool import needs_sandbox, shared_pool
from tests.small_course import ASSIGNMENT, RIGHT, hand_in

TIMES = 20
SHOWS = f"""import torch, matplotlib.pyplot as plt
plt.plot(torch.rand(5)); plt.show(); print(torch.rand(2), {{'b', 'a', 'c'}}, object())
{HALF}"""


@pytest.fixture(params=["idle", "busy"])
def machine(request):
    hogs = 4 if request.param == "busy" else 0
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(hogs)]
    yield
    for hog in running:
        hog.kill()
        hog.wait()


@needs_sandbox
def test_twenty_times_the_same(machine, places):
    for number in range(TIMES):
        hand_in(places, f"s{number}", small={"corners_code": SHOWS, "why": "Because."}, wide=RIGHT["wide"])
    assert run(places, run_jobs=shared_pool().run).counts == {"graded": TIMES}
    found = Log(places.log).latest(ASSIGNMENT).values()
    assert len(found) == TIMES
    marks = {str([event[name] for name in ("scores", "mistakes", "ended", "notes", "review")]) for event in found}
    assert len(marks) == 1 and "'corners': 0.0" in next(iter(marks)) and "'sizes': 3.0" in next(iter(marks))
    pages = {
        re.sub(r"0x[0-9a-f]+", "0x", path.read_text()) for path in places.autograded.glob(f"*/{ASSIGNMENT}/small.ipynb")
    }
    assert len(pages) == 1 and "image/png" in next(iter(pages)) and "tensor([" in next(iter(pages))
