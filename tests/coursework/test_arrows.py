"""coursework stands alone: a student's side needs neither the models nor the grader."""

from tests.imports import arrows, within


def test_coursework_imports_nothing_else_of_ours():
    assert [arrow for arrow in arrows("coursework") if not within(arrow[1], "coursework")] == []
