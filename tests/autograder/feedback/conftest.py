"""A graded course behind a real server with formgrader, and a page of a real browser to open it in."""

from urllib.request import urlopen

import nbformat
import pytest

from tests.served_course import served_course
from tests.small_course import ASSIGNMENT, graded_course


@pytest.fixture(params=["guarded"])
def served(request, tmp_path):
    """(places of a graded course, the address of formgrader); "unguarded": without the course's filters.

    "opened": the server was started above the course, as on a JupyterHub, and then opened it.
    """
    places = graded_course(tmp_path)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(
        cell for cell in notebook.cells if cell.get("id") == "why"
    ).source = (
        "Because <script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\"> I say so."
    )
    nbformat.write(notebook, path)
    without = ("configure(c)",) if request.param == "unguarded" else ()
    course = places.records.parent
    with served_course(course, without, course.parent if request.param == "opened" else None) as address:
        if request.param == "opened":
            urlopen(f"{address}/formgrader?path={course.name}", timeout=60).read()
        yield places, f"{address}/formgrader"


@pytest.fixture
def page(browser):
    """A page of a real browser."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
