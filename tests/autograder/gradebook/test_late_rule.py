"""The rule for late work in words that a student reads."""

import pytest
from nbgrader.plugins import LateSubmissionPlugin

from autograder.gradebook.late import Penalties
from tests.small_course import config


class Halves(LateSubmissionPlugin):
    """Late work loses half of its points.

    The rest is for who reads the code.
    """


class SaysNothing(LateSubmissionPlugin):
    pass


@pytest.mark.parametrize(
    ("plugin", "method", "rule"),
    [
        (LateSubmissionPlugin, "none", "Late work loses no points."),
        (LateSubmissionPlugin, "zero", "Late work counts 0 points."),
        (Halves, "none", "Late work loses half of its points."),
        (SaysNothing, "none", "Late work may lose points, by the rule of your course."),
    ],
)
def test_the_rule_is_that_of_the_plugin(plugin, method, rule):
    settings = config()
    settings.LateSubmissionPlugin.penalty_method = method
    settings.AssignLatePenalties.plugin_class = plugin
    assert Penalties(settings).rule == rule
