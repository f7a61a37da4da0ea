"""nbgrader's formgrader on what we wrote, in a real browser: a written answer is read, marked, and stays marked."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.places import ROOT
from tests.small_course import ASSIGNMENT, graded_course


@pytest.fixture(params=["guarded"])
def served(request, tmp_path):
    """(places of a graded course, the address of formgrader); "unguarded": without the course's filters"""
    places = graded_course(tmp_path)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(
        cell for cell in notebook.cells if cell.get("id") == "why"
    ).source = (
        "Because <script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\"> I say so."
    )
    nbformat.write(notebook, path)
    root = places.records.parent
    config = (ROOT / "nbgrader_config.py").read_text()
    assert "\nconfigure(c)" in config
    if request.param == "unguarded":
        config = config.replace("\nconfigure(c)", "\n")
    (root / "nbgrader_config.py").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "server", "--allow-root", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="]
    with open(tmp_path / "server.log", "w") as log:
        server = subprocess.Popen(
            command, cwd=root, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"}
        )
    try:
        address = f"http://127.0.0.1:{port}/formgrader"
        for _ in range(240):
            try:
                urllib.request.urlopen(address, timeout=5).read()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "server.log").read_text()[-3000:]
                time.sleep(0.25)
        yield places, address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def page(browser):
    """A page of a real browser."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def answer_of_bob(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        return gradebook.find_submission_notebook("small", ASSIGNMENT, "bob").id


@pytest.mark.parametrize("served", ["unguarded"], indirect=True)
def test_without_the_filters_a_students_answer_would_act(served, page):
    places, address = served
    page.goto(f"{address}/submissions/{answer_of_bob(places)}")
    page.wait_for_selector("input.score")
    page.wait_for_function("document.title === 'stolen'")


def test_a_person_marks_a_written_answer(served, page, tmp_path):
    places, address = served
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/gradebook/{ASSIGNMENT}/small")
    page.wait_for_selector("table tbody tr td a")
    page.goto(f"{address}/submissions/{answer_of_bob(places)}")
    page.wait_for_selector("input.score")
    assert "The whole size was subtracted" in page.content() and "I say so." in page.content()
    assert page.title() != "stolen"
    scores = page.locator("input.score")
    assert scores.count() == 2
    page.screenshot(path=str(tmp_path / "formgrader.png"), full_page=True)
    with page.expect_response(lambda response: "/formgrader/api/grade/" in response.url):
        scores.nth(1).fill("1.5")
        scores.nth(1).press("Tab")
    assert page.title() != "stolen"
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, "bob")
        assert grade.manual_score == 1.5 and not grade.needs_manual_grade
    assert [error for error in errors if "MathJax" not in error] == []  # MathJax comes from a server, which tests lack
