"""nbgrader's settings for this course: `nbgrader <command>` in this folder finds everything.

source -> build/source (built from solutions/), release -> build/course/release; students' work, marks and feedback ->
grading/. notebooks/ is a copy of the release to work in: what somebody answers there is released to nobody.
"""

import sys
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

from autograder.course.preprocess import StripSolutions
from autograder.feedback.safe_html import configure

c = get_config()  # noqa: F821  (jupyter defines it)

c.CourseDirectory.course_id = "detrlab"
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "build/course/release"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.ZipCollectApp.downloaded_directory = "grading/downloaded"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"

c.GenerateAssignment.preprocessors = [
    StripSolutions if step is ClearSolutions else step for step in GenerateAssignment.preprocessors.default()
]
c.ExecutePreprocessor.timeout = 120
# With stored widget state, exported pages look for a CDN; without it, the explorer in them is alive offline.
c.NotebookClient.store_widget_state = False
# A kernel warns on every start that it listens on loopback; it is ours and ends with the notebook.
c.ExecutePreprocessor.extra_arguments = ["--IPKernelApp.log_level=ERROR"]

configure(c)  # pages with students' work: nothing in them may act in the browser of whoever grades

if "jupyter_server.serverapp" in sys.modules:  # a server reads this, to hand out students' files
    from autograder.feedback.served_files import guard

    guard(c, Path(__file__).resolve().parent)
    here = Path(__file__).resolve().parent
    if here != Path.cwd():  # a JupyterHub's server runs in the teacher's home, and opens /formgrader?path=... below it
        c.CourseDirectory.db_url = c.CourseDirectory.db_url.replace("sqlite:///grading", f"sqlite:///{here}/grading")
