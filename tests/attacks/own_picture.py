"""A picture of the notebook's own, handed in as the student's."""

from tests.course_graders import ours, source, verdict_made_inside

DEFENCE = "the check returns what it measured, with names of the library's, and says nothing itself"
OURS, WITHOUT = ours, verdict_made_inside
SAMPLE = (
    "# q2_detect_and_attend own_picture\n"
    + next(one.code for one in source("q2_detect_and_attend").mistakes if one.name == "the_sample")
    + "\n"
)
ATTACKS = {
    "finds_every_picture_different": SAMPLE
    + """
same_picture = lambda one, other: False
picture_difference = lambda one, other: 99.0
""",
    "opens_another_one": SAMPLE
    + """
_open = open_picture
open_picture = lambda source: Image.new('RGB', (64, 64), 'red') if source == KEPT_NAME else _open(source)
""",
    "says_that_another_one_was_the_sample": SAMPLE
    + """
sample = draw_scene(12)
shown = sample.picture, sample.picture
""",
}
