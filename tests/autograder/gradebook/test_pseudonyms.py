"""Pseudonyms: one code per student, the same for ever, behind a key that nobody else may read."""

from pathlib import Path

import pytest

from autograder.gradebook.pseudonyms import pseudonyms
from tests.small_course import graded_course


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


def test_every_student_has_a_code_of_ones_own_that_stays(places):
    many = [f"s{number}" for number in range(2000)]  # of 65,536 short codes some are met twice: those get longer
    codes = pseudonyms(places, many)
    assert len(set(codes.values())) == 2000 and max(map(len, codes.values())) > len("S-1234")
    assert pseudonyms(places, many) == codes
    (places.records / "pseudonyms.key").unlink()
    assert pseudonyms(places, many) != codes


def test_the_table_holds_all_that_were_ever_asked_for_and_codes_stay_theirs(places):
    rows = lambda: set((places.records / "pseudonyms.csv").read_text().split()[1:])  # noqa: E731
    first = pseudonyms(places, ["ada", "bob"])
    second = pseudonyms(places, ["cleo"])
    assert set(second) == {"cleo"}
    assert rows() == {f"{code},{student}" for student, code in {**first, **second}.items()}
    late = [f"s{number}" for number in range(1000, 2000)]
    given = pseudonyms(places, late)
    pseudonyms(places, [f"s{number}" for number in range(1000)])  # who sorts before them takes no code of theirs
    assert pseudonyms(places, late) == given and len(rows()) == 2003
    (places.records / "pseudonyms.csv").unlink()  # as after `forget`
    pseudonyms(places, ["ada"])
    assert rows() == {f"{first['ada']},ada"}


def test_a_key_that_a_full_disk_left_empty_is_made_anew(places, monkeypatch):
    key = places.records / "pseudonyms.key"
    pseudonyms(places, ["ada"])
    key.write_bytes(b"")
    pseudonyms(places, ["ada"])
    assert len(key.read_bytes()) == 32 and key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        pseudonyms(places, ["ada"])
    assert not key.exists() and not list(places.records.glob(".pseudonyms*"))
