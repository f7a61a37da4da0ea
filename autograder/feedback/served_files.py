"""How a Jupyter server hands out students' files: as downloads, and never with the rights of its own pages.

Whatever runs in a page of the server may set marks and open a terminal. nbgrader sends files of a submission as such
pages, and `/formgrader?path=...` runs a configuration that it finds in any folder, a student's too. Importing this
module, which only a server does, puts our headers behind those of the handlers; `guard` says which folders count.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable
from pathlib import Path

from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.nbconvert.handlers import NbconvertFileHandler
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.server_extensions.formgrader.handlers import FormgraderHandler, SubmissionFilesHandler
from tornado.web import HTTPError, StaticFileHandler
from traitlets.config import Config

from autograder.gradebook.harmless import PICTURES

_CONFINED = "sandbox; frame-ancestors 'self'"  # no script, no form, no origin
_folders: set[Path] = set()


def guard(config: Config, root: Path) -> None:
    """From now on, all that lies in this course's folders of submissions and feedback is a stranger's."""
    course = config.CourseDirectory
    _folders.update(
        root / folder
        for folder in (
            course.submitted_directory,
            course.autograded_directory,
            course.feedback_directory,
            config.ZipCollectApp.downloaded_directory,
        )
    )


def _is_strangers(path: str) -> bool:
    """Is it in one of these folders, or one of them, as it is written or behind links? Folders are known by inode."""
    folders = {_inode(folder) for folder in _folders} - {None}
    written = Path(os.path.abspath(path))
    return any(_inode(place) in folders for start in (written, written.resolve()) for place in (start, *start.parents))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _confine(handler: StaticFileHandler) -> None:
    handler.set_header("Content-Security-Policy", _CONFINED)
    name = Path(handler.absolute_path).name
    if Path(name).suffix.lower() not in PICTURES:
        handler.set_attachment_header(name)


_submission_headers, _file_headers = SubmissionFilesHandler.set_headers, AuthenticatedFileHandler.set_headers
_open_course, _convert = FormgraderHandler.get, NbconvertFileHandler.get


def _set_submission_headers(self: SubmissionFilesHandler) -> None:
    _submission_headers(self)
    _confine(self)


def _set_file_headers(self: AuthenticatedFileHandler) -> None:
    _file_headers(self)
    if _is_strangers(self.absolute_path):
        _confine(self)


def _open_own_course(self: FormgraderHandler) -> None:
    path = self.get_argument("path", "")
    if path and _is_strangers(path):
        raise HTTPError(403, f"no course is among submissions: {path}")
    return _open_course(self)


def _convert_confined(self: NbconvertFileHandler, format: str, path: str) -> Awaitable[None]:
    if _is_strangers(os.path.join(self.contents_manager.root_dir, path.strip("/"))):
        self.set_header("Content-Security-Policy", _CONFINED)
    return _convert(self, format, path)


def _exporter(self: BaseHandler) -> HTMLExporter:
    """nbgrader's, which writes the pages of a course that `?path=` opened as the one before it was configured."""
    return HTMLExporter(config=self.settings["nbgrader_formgrader"].config)


BaseHandler.exporter = property(_exporter)
SubmissionFilesHandler.set_headers = _set_submission_headers
AuthenticatedFileHandler.set_headers = _set_file_headers
FormgraderHandler.get = _open_own_course
NbconvertFileHandler.get = _convert_confined
