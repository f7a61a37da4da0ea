"""Pseudonyms: a short code per student, so that a class report can be shown around."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets
from collections.abc import Iterable
from pathlib import Path

from autograder.course.places import Places
from coursework.files import write_whole


def pseudonyms(places: Places, students: Iterable[str]) -> dict[str, str]:
    """A short code per student, the same in every report of this course; the key is kept beside the log.

    pseudonyms.csv says whose each is, of all that were ever asked for.
    """
    key, path = places.records / "pseudonyms.key", places.records / "pseudonyms.csv"
    if not key.exists() or not key.read_bytes():  # an empty key, of a disk that was full, would hide nobody
        write_whole(key, secrets.token_hex(16), mode=0o600)
    secret = key.read_bytes()
    codes = _known(path, secret)
    taken = set(codes.values())
    wanted = sorted(set(students))
    for student in wanted:
        if student not in codes:
            digest = _digest(secret, student)
            size = next(n for n in range(4, 65) if "S-" + digest[:n] not in taken)
            codes[student] = "S-" + digest[:size]
            taken.add(codes[student])
    table = io.StringIO(newline="")
    csv.writer(table).writerows([("pseudonym", "student"), *sorted((code, name) for name, code in codes.items())])
    write_whole(path, table.getvalue(), mode=0o600)
    return {student: codes[student] for student in wanted}


def _digest(secret: bytes, student: str) -> str:
    return hmac.new(secret, student.encode(), hashlib.sha256).hexdigest().upper()


def _known(path: Path, secret: bytes) -> dict[str, str]:
    """The codes of the table, as far as this key made them."""
    if not path.exists():
        return {}
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8", errors="replace"), newline=""))
    pairs = (row for row in rows if len(row) == 2 and len(row[0]) >= 6)
    return {student: code for code, student in pairs if f"S-{_digest(secret, student)}".startswith(code)}
