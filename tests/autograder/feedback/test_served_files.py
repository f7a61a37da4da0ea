"""Files of a student's behind a real server, in a real browser: no script in them marks or opens a terminal."""

import contextlib
import io
from urllib.parse import quote

import pytest
from nbgrader.api import Gradebook
from PIL import Image

from autograder.grade import grade
from tests.needs import need_module
from tests.served_course import served_course
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in

# What the author of a page does who wants two points and the teacher's machine.
ATTACK = f"""
(async () => {{
    const xsrf = (document.cookie.match(/_xsrf=([^;]*)/) || [])[1];
    const send = (method, address, body) => fetch(address, {{
        method, headers: {{"X-CSRFToken": xsrf, "X-XSRFToken": xsrf, "Content-Type": "application/json"}}, body,
    }});
    await send("POST", "/api/terminals", "{{}}");
    const all = await (await send("GET", "/formgrader/api/submitted_notebooks/{ASSIGNMENT}/small")).json();
    const mine = all.find((one) => one.student === "mallory");
    const grades = await (await send("GET", "/formgrader/api/grades?submission_id=" + mine.id)).json();
    const why = grades.find((one) => one.name === "why");
    await send("PUT", "/formgrader/api/grade/" + why.id, JSON.stringify({{manual_score: 2, extra_credit: 40}}));
}})();
"""
FILES = {
    "plot.html": f"<h1>My plot</h1><script>{ATTACK}</script>".encode(),
    "evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[{ATTACK}]]></script></svg>'.encode(),
}
WHY = """Because, see [my plot](plot.html) and <a href="evil.svg">my drawing</a>, from <a href="https://x.example">x</a>.

![drawn](my_picture.png)"""
# A configuration is Python, and nbgrader runs that of any folder it is told to open.
CONFIG = "open({!r}, 'w').close()"
OURS = (
    "configure(c)",
    "from autograder.feedback.served_files import guard",
    "guard(c, Path(__file__).resolve().parent)",
)


@pytest.fixture(params=["guarded"])
def served(request, tmp_path):
    """(places, address) of a course with mallory's submission; "unguarded": served and graded as stock nbgrader does"""
    from tests.in_process import run_jobs

    places = graded_course(tmp_path)
    folder = hand_in(places, "mallory", small={**RIGHT["small"], "why": WHY}, wide=RIGHT["wide"])
    picture = io.BytesIO()
    Image.new("RGB", (31, 17), "red").save(picture, "PNG")
    config = {"nbgrader_config.py": CONFIG.format(str(tmp_path / "taken")).encode()}
    for name, data in {**FILES, **config, "my_picture.png": picture.getvalue()}.items():
        (folder / name).write_bytes(data)
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, say=lambda _: None)
    if request.param == "unguarded":
        leave_as_stock_nbgrader(places)
    with served_course(places.records.parent, OURS if request.param == "unguarded" else ()) as address:
        yield places, address


def leave_as_stock_nbgrader(places):
    for name, data in FILES.items():
        (places.autograded / "mallory" / ASSIGNMENT / name).write_bytes(data)


def mark_of_mallory(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, "mallory")
        return grade.manual_score, grade.extra_credit


def submission_of_mallory(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        return gradebook.find_submission_notebook("small", ASSIGNMENT, "mallory").id


@pytest.mark.parametrize("served", ["unguarded"], indirect=True)
def test_without_the_guard_a_file_marks_itself(served, page, tmp_path):
    places, address = served
    assert mark_of_mallory(places) == (None, None)
    for link in ("my plot", "my drawing"):
        page.goto(f"{address}/formgrader/submissions/{submission_of_mallory(places)}/")
        with page.expect_response(lambda answer: answer.request.method == "PUT") as marked:
            page.get_by_text(link).click()
        assert marked.value.ok
    assert mark_of_mallory(places) == (2, 40)
    assert len(page.request.get(f"{address}/api/terminals").json()) == 2
    page.request.get(f"{address}/formgrader?path=grading/submitted/mallory/{ASSIGNMENT}")
    assert (tmp_path / "taken").exists()


def test_no_file_of_a_submission_acts(served, page, tmp_path):
    places, address = served
    submission = f"{address}/formgrader/submissions/{submission_of_mallory(places)}"
    asked = []
    page.context.on("request", lambda request: asked.append(request) if request.method != "GET" else None)
    for link in ("my plot", "my drawing"):
        page.goto(f"{submission}/")
        page.wait_for_selector("input.score")
        page.get_by_text(link).click()
        page.wait_for_timeout(1_000)
        assert page.url.partition("?")[0] == f"{submission}/"
    sides = page.eval_on_selector("img[alt=drawn]", "picture => [picture.naturalWidth, picture.naturalHeight]")
    assert sides == [31, 17]
    assert page.get_by_role("link", name="x", exact=True).get_attribute("rel") == "noopener noreferrer"

    leave_as_stock_nbgrader(places)
    for name in FILES:
        for where in (
            f"{submission}/{name}",
            f"{submission}/{name}.txt",
            f"{submission}/{quote('../../../submitted/mallory/', safe='')}{ASSIGNMENT}/{name}",
            f"{address}/files/grading/submitted/mallory/{ASSIGNMENT}/{name}",
            f"{address}/files/grading/autograded/mallory/{ASSIGNMENT}/{name}",
        ):
            headers = confined(page, where, submission)
            assert headers["content-disposition"].startswith("attachment"), where
            with page.expect_download(), contextlib.suppress(need_module("playwright.sync_api").Error):
                page.goto(where, referer=submission)
    picture = confined(page, f"{submission}/my_picture.png", submission)
    assert picture["content-type"] == "image/png" and "content-disposition" not in picture
    confined(page, f"{address}/nbconvert/html/grading/autograded/mallory/{ASSIGNMENT}/small.ipynb", submission)
    own = page.request.get(f"{address}/files/nbgrader_config.py", headers={"Referer": submission})
    assert own.ok and "allow-scripts" in own.headers["content-security-policy"]  # a teacher's file is as it was

    page.wait_for_timeout(1_000)
    assert asked == [] and mark_of_mallory(places) == (None, None)
    assert page.request.get(f"{address}/api/terminals").json() == []

    for folder in ("submitted", "autograded"):
        answer = page.request.get(f"{address}/formgrader?path=grading/{folder}/mallory/{ASSIGNMENT}")
        assert answer.status == 403
    assert not (tmp_path / "taken").exists()


def confined(page, where, referer):
    """The headers of a file, in which no script may run."""
    answer = page.request.get(where, headers={"Referer": referer})
    assert answer.ok, (where, answer.status)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;") and "allow-" not in policy, where
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.headers
