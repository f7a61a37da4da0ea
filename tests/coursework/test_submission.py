"""Names that can be handed in: the same for the student's side and the grader's."""

import pytest

from coursework.submission import is_clutter, plain


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a.png", True),
        ("고양이.jpg", True),
        ("a:b", False),
        ("..", False),
        ("", False),
        ("a\x07", False),
        ("x" * 200, True),
        ("x" * 201, False),
        ("a?b", False),
        ("a/b", False),
        ("a\\b", False),
    ],
)
def test_a_plain_name_means_the_same_on_every_computer(name, fits):
    assert plain(name) == fits


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("__MACOSX/q.ipynb", True),
        ("a/._q.ipynb", True),
        (".progress.json", True),
        (".progress.json.7.new", True),
        ("q.ipynb", False),
        ("progress.json", False),
    ],
)
def test_what_systems_leave_behind_and_ones_own_progress_are_no_work(name, left):
    assert is_clutter(name) == left
