"""Stock nbgrader on a folder of submissions: the peer we compare with, and the way to a mark without our grader.

Its API runs in this process; the notebooks run in kernels of their own, one after the other.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[2]


class StockError(RuntimeError):
    """nbgrader said no; the message holds its log."""


class Course:
    """An nbgrader course in `folder` (submissions, gradebook, feedback) on the build/source of the course in `root`."""

    def __init__(self, folder: Path, root: Path = ROOT):
        # nbgrader calls its database tool `alembic` by name: it must be found beside this interpreter.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        config = Config(PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config())
        config.CourseDirectory.update(
            {
                "root": str(root),
                "db_url": f"sqlite:///{folder / 'gradebook.db'}",
                "release_directory": str(folder / "release"),
                "submitted_directory": str(folder / "submitted"),
                "autograded_directory": str(folder / "autograded"),
                "feedback_directory": str(folder / "feedback"),
            }
        )
        self._api = NbGraderAPI(config=config)
        self._url = config.CourseDirectory.db_url

    def release(self, assignment: str) -> Path:
        """generate_assignment; returns the folder of the students' notebooks."""
        self._call("generate_assignment", assignment, force=True, create=True)
        return self.folder / "release" / assignment

    def autograde(self, assignment: str, student: str) -> None:
        """Run and mark one student's submission."""
        self._call("autograde", assignment, student, force=True, create=True)

    def feedback(self, assignment: str, student: str) -> list[Path]:
        """Write one student's feedback pages; returns them."""
        self._call("generate_feedback", assignment, student, force=True)
        return sorted((self.folder / "feedback" / student / assignment).glob("*.html"))

    def marks(self, assignment: str, student: str) -> dict[str, dict[str, tuple[float | None, float]]]:
        """{notebook: {cell: (points or None where a person must grade, maximum)}}."""
        with Gradebook(self._url) as gradebook:
            submission = gradebook.find_submission(assignment, student)
            return {
                notebook.name: {
                    grade.name: (None if grade.needs_manual_grade else grade.score, grade.max_score)
                    for grade in notebook.grades
                }
                for notebook in submission.notebooks
            }

    def _call(self, verb: str, *arguments: str, **options: bool) -> None:
        with warnings.catch_warnings():
            # nbgrader 0.9.6 with SQLAlchemy 2.1 warns on each new submission; the gradebook comes out right.
            warnings.filterwarnings("ignore", message="Object of type", category=SAWarning)
            result = getattr(self._api, verb)(*arguments, **options)
        if not result["success"]:
            raise StockError(
                f"nbgrader {verb} {' '.join(arguments)} failed:\n{result.get('log')}\n{result.get('error')}"
            )
