"""Where a course keeps its things: sources, submissions, marks. From nbgrader_config.py, so nbgrader sees the same."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from .registry import SOLUTIONS, Entry, assignment_names, read_registry

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """Folders of one course, the URL of its gradebook, and the nbgrader configuration that says the same."""

    solutions: Path  # <assignment>/assignment.toml, and a folder of steps per notebook
    source: Path  # <assignment>/<notebook>.ipynb with hidden tests, and the public files beside it
    submitted: Path  # <student>/<assignment>/...
    downloaded: Path  # <assignment>/archive/...: as an LMS packs them
    autograded: Path
    feedback: Path
    records: Path  # the log, reports and pseudonyms
    db_url: str
    config: Config

    @property
    def log(self) -> Path:
        return self.records / "log.jsonl"

    def has_gradebook(self) -> bool:
        """Is there a database yet? Opening SQLite's would make one; a server's is asked when it is opened."""
        return not self.db_url.startswith("sqlite:///") or os.path.exists(self.db_url.removeprefix("sqlite:///"))

    @property
    def course_id(self) -> str:
        return self.config.CourseDirectory.course_id

    def assignments(self) -> list[str]:
        """The names of the assignments that have sources."""
        return assignment_names(self.solutions)

    def registry(self) -> list[Entry]:
        """The assignments that have sources, in order."""
        return read_registry(self.solutions)


def project_places(root: Path = ROOT) -> Places:
    """The places that nbgrader_config.py in `root` names."""
    return places_from(PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config(), root)


def places_from(config: Config, root: Path, db_url: str | None = None) -> Places:
    """Places of a course in `root`; `db_url` replaces the configured database (any URL nbgrader accepts)."""
    # nbgrader calls its database tool `alembic` by name: it must be found beside this interpreter.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = Config(config)
    course = config.CourseDirectory
    url = db_url or course.db_url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):  # SQLite's relative path: from the root
        url = f"sqlite:///{root / url.removeprefix('sqlite:///')}"
    course.update({"root": str(root), "db_url": url})
    return Places(
        solutions=root / SOLUTIONS.name,
        source=root / course.source_directory,
        submitted=root / course.submitted_directory,
        downloaded=root / config.ZipCollectApp.downloaded_directory,
        autograded=root / course.autograded_directory,
        feedback=root / course.feedback_directory,
        records=(root / course.submitted_directory).parent,
        db_url=url,
        config=config,
    )
