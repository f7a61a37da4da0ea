"""The sample class: thirty students, each handed in; intake makes of each what its name says."""

import shutil

import pytest

from autograder.dry_run import dry_run
from autograder.samples.the_class import STUDENTS, make_class
from tests.small_course import ASSIGNMENT, make_course


@pytest.fixture(scope="module")
def statuses(tmp_path_factory):
    places = make_course(tmp_path_factory.mktemp("course"))
    assert make_class(places, ASSIGNMENT) == list(STUDENTS)
    found = {each.student: each.graded for each in dry_run(places, ASSIGNMENT, [])}
    first = {path: path.read_bytes() for path in places.submitted.rglob("*.ipynb") if not path.is_symlink()}
    make_class(places, ASSIGNMENT)
    assert {path: path.read_bytes() for path in first} == first  # the same class every time
    yield found
    shutil.rmtree(places.records)


def test_there_are_thirty(statuses):
    assert len(STUDENTS) == len(statuses) == 30


@pytest.mark.parametrize(
    ("student", "status", "note"),
    [
        ("solves_all", "graded", ""),
        ("loops_for_ever", "graded", ""),
        ("deletes_tests", "repaired", "corners: the cell was missing"),
        ("edits_tests", "repaired", "corners: a locked cell was changed"),
        ("duplicates_and_reorders", "repaired", "2 times"),
        ("loses_all_metadata", "repaired", "byte order mark"),
        ("renames_files", "repaired", "was taken for small.ipynb"),
        ("zips_the_folder", "repaired", "'../../../evil.txt'"),
        ("forgets_a_notebook", "repaired", ""),
        ("breaks_the_file", "could not grade", ""),
        ("links_elsewhere", "could not grade", "only regular files are read"),
    ],
)
def test_each_is_received_as_its_name_says(statuses, student, status, note):
    assert statuses[student].status == status
    assert note in " ".join(map(str, statuses[student].notes))
