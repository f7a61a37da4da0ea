"""nbgrader's gradebook of one command: opened once, when it is first wanted, and closed at the end."""

from __future__ import annotations

import re
from pathlib import Path

import nbgrader.api
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.places import Places
from autograder.errors import GradeError


class Book:
    """A context manager; `open` and `if_there` give the same Gradebook each time they are called."""

    def __init__(self, places: Places):
        self._places = places
        self._opened: Gradebook | None = None

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def open(self) -> Gradebook:
        """The gradebook, made where there is none; raises GradeError where the database cannot be used."""
        if self._opened is None:
            url = self._places.db_url
            if url.startswith("sqlite:///"):
                Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            try:
                self._opened = Gradebook(patient(url), self._places.course_id)
            except (SQLAlchemyError, ImportError, ValueError) as error:
                raise GradeError(f"the gradebook {shown_url(url)} cannot be opened: {first_line(error)}") from error
        return self._opened

    def if_there(self) -> Gradebook | None:
        """The gradebook, for who only reads in it: None where there is none yet."""
        return self.open() if self._places.has_gradebook() else None


def _alembic_version() -> str | None:
    """The newest revision of nbgrader's tables; nbgrader starts a process to ask, which costs seconds."""
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


nbgrader.api.get_alembic_version = _alembic_version


def patient(url: str) -> str:
    """SQLite waits up to a minute while a person saves a mark in formgrader, not five seconds."""
    return f"{url}?timeout=60" if url.startswith("sqlite:///") and "?" not in url else url


def shown_url(url: str) -> str:
    """A database URL without its password."""
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)


def first_line(error: BaseException) -> str:
    """What a database says first; the rest is its statement."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0] if str(error).strip() else repr(error)
