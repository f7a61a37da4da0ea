"""Pseudonyms: a short code per student, so that a class report can be shown around."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets

from autograder.course.places import Places
from coursework.files import write_whole


def pseudonyms(places: Places, students: list[str]) -> dict[str, str]:
    """A short code per student, the same in every report of this course; the key is kept beside the log."""
    key = places.records / "pseudonyms.key"
    if not key.exists() or not key.read_bytes():  # an empty key, of a disk that was full, would hide nobody
        write_whole(key, secrets.token_hex(16), mode=0o600)
    secret = key.read_bytes()
    codes: dict[str, str] = {}
    for student in sorted(set(students)):
        digest = hmac.new(secret, student.encode(), hashlib.sha256).hexdigest().upper()
        size = next(n for n in range(4, 65) if "S-" + digest[:n] not in codes.values())
        codes[student] = "S-" + digest[:size]
    table = io.StringIO(newline="")
    csv.writer(table).writerows([("pseudonym", "student"), *sorted((code, name) for name, code in codes.items())])
    write_whole(places.records / "pseudonyms.csv", table.getvalue(), mode=0o600)
    return codes
