"""Intake of archives: bombs, claims and damage cost no more than the limits, and end as a note."""

import gzip
import io
import lzma
import tarfile
import time
import zipfile

import pytest

from autograder.intake import basket
from autograder.intake.collect import collect
from tests.archives import A, folder, header, tarred, zipped


def test_a_zip_bomb_costs_no_more_than_the_limit(tmp_path):
    big = bytes(basket.MAX_FILE + 1)
    (folder(tmp_path) / "a.zip").write_bytes(zipped({f"{i}.bin": big for i in range(5)} | {"z.ipynb": b"{}"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {"z.ipynb": b"{}"} and len(got.notes) == 5


def test_a_gzip_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(basket, "MAX_UNPACKED", 1 << 20)
    for student, count, data in (("ada", 1, bytes(3 << 20)), ("bob", 5, bytes(300 << 10))):
        members = [tarfile.TarInfo(f"__MACOSX/{number}") for number in range(count)]
        (folder(tmp_path, student) / "a.tar.gz").write_bytes(tarred(members, data))
        got = collect(tmp_path, student, A)
        assert got.files == {} and "archives that unpack to more than 1 MB" in str(got.notes[0])


def test_all_archives_of_a_submission_share_one_budget_taken_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(basket, "MAX_UNPACKED", 7 << 20)
    monkeypatch.setattr(basket, "MAX_FILE", 1 << 20)
    path, big = folder(tmp_path), bytes(3 << 20)  # of each, 1 MB + 1 byte is unpacked and not taken
    for archive in "abcd":
        (path / f"{archive}.zip").write_bytes(zipped({f"{archive}{i}": big for i in range(2)}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and sum("larger than 1 MB" in str(note) for note in got.notes) == 6
    assert str(got.notes[-1]) == "not everything was read: archives that unpack to more than 7 MB"


NO_END = {
    "clutter_of_an_exabyte": header("__MACOSX/x", 2**60),
    "unknown_kind_of_an_exabyte": header("x", 2**60, b"Z"),
    "negative": header("x", -512),
    "cut_off": header("__MACOSX/x", 200 << 20),
}


@pytest.mark.parametrize("data", NO_END.values(), ids=NO_END)
def test_a_tar_archive_that_claims_more_than_it_holds_ends_at_once(tmp_path, data):
    (folder(tmp_path) / "a.tar.gz").write_bytes(data)
    start = time.process_time()
    got = collect(tmp_path, "ada", A)
    assert time.process_time() - start < 1 and got.files == {}
    assert len(got.notes) == 1 and str(got.notes[0]).startswith(
        ("'a.tar.gz' is not a readable archive", "not everything was read: archives that unpack to more than 256 MB")
    )


def test_a_name_longer_than_any_path_is_not_read(tmp_path):
    long = tarfile.TarInfo("a" * (1 << 20))
    (folder(tmp_path) / "a.tar.gz").write_bytes(gzip.compress(long.tobuf(tarfile.GNU_FORMAT)))
    assert "a name of 1048577 bytes" in str(collect(tmp_path, "ada", A).notes[0])  # with the zero at its end


def test_a_map_of_holes_without_an_end_is_not_read(tmp_path):
    member = tarfile.TarInfo("x")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    member.size = 512
    count = b"999999999999\n".ljust(512, b"0")  # so many numbers follow, and there are none
    data = gzip.compress(member.tobuf(tarfile.PAX_FORMAT) + count)
    (folder(tmp_path) / "a.tar.gz").write_bytes(data)
    assert "sparse" in str(collect(tmp_path, "ada", A).notes[0])


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unpack_without_a_limit_are_not_opened(tmp_path, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr("big", bytes(1 << 20))
    (folder(tmp_path) / "a.zip").write_bytes(buffer.getvalue())
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and "its compression is not read" in str(got.notes[0])


def test_an_unpacker_that_fails_in_its_own_way_is_a_note_and_the_next_archive_is_read(tmp_path, monkeypatch):
    read = zipfile.ZipExtFile.read

    def fails(self, size=-1):
        if self.name == "broken":
            raise lzma.LZMAError("Corrupt input data")  # no OSError, no ValueError
        return read(self, size)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", fails)
    path = folder(tmp_path)
    (path / "a.zip").write_bytes(zipped({"broken": b""}))
    (path / "b.zip").write_bytes(zipped({"q.ipynb": b"{}"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"{}"}
    assert list(map(str, got.notes)) == ["'a.zip' cannot be unpacked (LZMAError: Corrupt input data)"]


def test_an_archive_directory_of_a_million_names_is_not_parsed(tmp_path):
    data = bytearray(zipped({"q.ipynb": b"{}"}))
    data[-22 + 12 : -22 + 16] = (60_000_000).to_bytes(4, "little")
    (folder(tmp_path) / "a.zip").write_bytes(data)
    assert "names" in str(collect(tmp_path, "ada", A).notes[0])


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04rubbish", b"\x1f\x8b" + bytes(50), b"no archive"])
def test_a_broken_archive_is_reported(tmp_path, data):
    for ending in (".zip", ".tar.gz"):
        (tmp_path / ending[1:] / A).mkdir(parents=True)
        (tmp_path / ending[1:] / A / f"a{ending}").write_bytes(data)
        got = collect(tmp_path, ending[1:], A)
        assert got.files == {} and "archive" in str(got.notes[0])


def test_an_encrypted_archive_is_reported(tmp_path):
    data = bytearray(zipped({"q.ipynb": b"{}"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    (folder(tmp_path) / "a.zip").write_bytes(data)
    assert "encrypted" in str(collect(tmp_path, "ada", A).notes[0])
