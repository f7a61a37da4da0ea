"""Intake: whatever a student hands in, only plain files within limits come through, and nothing is fatal."""

import gzip
import io
import lzma
import os
import socket
import stat
import tarfile
import time
import zipfile

import pytest

from autograder import intake
from autograder.intake import collect, students

A = "01_a"


def folder(root, student="ada"):
    path = root / student / A
    path.mkdir(parents=True)
    return path


def zipped(members: dict) -> bytes:
    """A zip file; a value is bytes, or (bytes, unix mode)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            data, mode = content if isinstance(content, tuple) else (content, stat.S_IFREG | 0o644)
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def tarred(members: list[tarfile.TarInfo], data: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return buffer.getvalue()


def test_a_folder_gives_its_files_and_its_date(tmp_path):
    path = folder(tmp_path)
    (path / "q.ipynb").write_bytes(b"{}")
    (path / "pictures").mkdir()
    (path / "pictures" / "me.png").write_bytes(b"png")
    (path / "timestamp.txt").write_text("2026-11-20 09:00:00 UTC")
    (path / ".ipynb_checkpoints").mkdir()
    (path / ".ipynb_checkpoints" / "q-checkpoint.ipynb").write_bytes(b"old")
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"{}", "pictures/me.png": b"png"}
    assert got.timestamp.isoformat() == "2026-11-20T09:00:00" and got.notes == []


def test_everyone_who_handed_in_something_is_found(tmp_path):
    folder(tmp_path, "ada")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / f"{A}.zip").write_bytes(b"")
    (tmp_path / "carl" / "02_b").mkdir(parents=True)
    (tmp_path / ".hidden" / A).mkdir(parents=True)
    assert students(tmp_path, A) == ["ada", "bob"]
    assert students(tmp_path / "nowhere", A) == []


def test_a_folder_whose_name_can_be_nobodys_is_said(tmp_path):
    folder(tmp_path, "ada")
    folder(tmp_path, "ev\x1bil")
    folder(tmp_path, "c:drive")
    assert students(tmp_path, A) == ["ada"]
    assert intake.unfit(tmp_path) == ["'c:drive'", "'ev\\x1bil'"] and intake.unfit(tmp_path / "nowhere") == []


@pytest.mark.parametrize("inside", [True, False], ids=["in_the_folder", "in_its_place"])
@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_archives_are_opened(tmp_path, inside, ending):
    if ending == ".zip":
        data = zipped({"hand in/q.ipynb": b"{}", "hand in/__MACOSX/._q.ipynb": b"junk", "hand in/me.png": b"png"})
    else:
        data = tarred([tarfile.TarInfo("./hand in/q.ipynb")], b"{}")
    path = folder(tmp_path) / f"mine{ending}" if inside else tmp_path / "ada" / f"{A}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    got = collect(tmp_path, "ada", A)
    assert got.files["q.ipynb"] == b"{}" and not any("MACOSX" in name for name in got.files)


def test_an_archive_in_an_archive_is_opened_once_more(tmp_path):
    (folder(tmp_path) / "a.zip").write_bytes(zipped({"b.zip": zipped({"q.ipynb": b"{}"})}))
    assert collect(tmp_path, "ada", A).files == {"q.ipynb": b"{}"}


HOSTILE = {
    "climbs_out": "../../evil.ipynb",
    "absolute": "/etc/evil",
    "backslash": "..\\evil",
    "drive": "C:evil",
    "control_character": "ev\x1bil",
    "too_deep": "a/" * 9 + "q",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_play_tricks_are_left_out(tmp_path, name, kind):
    data = zipped({name: b"evil", "q.ipynb": b"{}"})
    if kind == "tar":
        data = tarred([tarfile.TarInfo(name), tarfile.TarInfo("q.ipynb")], b"{}")
    (folder(tmp_path) / ("a.zip" if kind == "zip" else "a.tar.gz")).write_bytes(data)
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"{}"} and len(got.notes) == 1 and got.notes[0].isprintable()


def test_links_pipes_sockets_and_devices_are_left_out(tmp_path):
    path = folder(tmp_path)
    os.symlink("/etc/passwd", path / "link.ipynb")
    os.symlink("/etc", path / "linked_folder")
    os.mkfifo(path / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path / "s"))
    if os.geteuid() == 0:
        os.mknod(path / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and len(got.notes) == len(os.listdir(path))
    assert all("regular file" in note for note in got.notes)


def test_links_inside_archives_are_left_out(tmp_path):
    link = tarfile.TarInfo("l.ipynb")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    (folder(tmp_path) / "a.tar.gz").write_bytes(tarred([link]))
    (tmp_path / "ada" / A / "b.zip").write_bytes(zipped({"l.ipynb": (b"/etc/passwd", stat.S_IFLNK | 0o777)}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and len(got.notes) == 2


def test_a_submission_that_is_itself_a_link_or_a_pipe_is_reported(tmp_path):
    for student, make in (("ada", lambda path: os.symlink("/etc", path)), ("bob", os.mkfifo)):
        (tmp_path / student).mkdir()
        make(tmp_path / student / A)
        got = collect(tmp_path, student, A)
        assert got.files == {} and "only regular files are read" in got.notes[0]
    assert students(tmp_path, A) == ["ada", "bob"]


def test_names_that_differ_in_case_only_do_not_overwrite_each_other(tmp_path):
    (folder(tmp_path) / "a.zip").write_bytes(zipped({"q.ipynb": b"1", "Q.IPYNB": b"2"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"1"} and "another file has this name" in got.notes[0]


def test_the_same_name_twice_in_an_archive_is_reported(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("q.ipynb", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("q.ipynb", b"2")
    (folder(tmp_path) / "a.zip").write_bytes(buffer.getvalue())
    got = collect(tmp_path, "ada", A)
    assert list(got.files) == ["q.ipynb"] and "another file has this name" in got.notes[0]


def test_a_zip_bomb_costs_no_more_than_the_limit(tmp_path):
    big = bytes(intake.MAX_FILE + 1)
    (folder(tmp_path) / "a.zip").write_bytes(zipped({f"{i}.bin": big for i in range(5)} | {"z.ipynb": b"{}"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {"z.ipynb": b"{}"} and len(got.notes) == 5


def test_a_gzip_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MAX_UNPACKED", 1 << 20)
    for student, count, data in (("ada", 1, bytes(3 << 20)), ("bob", 5, bytes(300 << 10))):
        members = [tarfile.TarInfo(f"__MACOSX/{number}") for number in range(count)]
        (folder(tmp_path, student) / "a.tar.gz").write_bytes(tarred(members, data))
        got = collect(tmp_path, student, A)
        assert got.files == {} and "archives that unpack to more than 1 MB" in got.notes[0]


def test_all_archives_of_a_submission_share_one_budget_taken_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MAX_UNPACKED", 7 << 20)
    monkeypatch.setattr(intake, "MAX_FILE", 1 << 20)
    path, big = folder(tmp_path), bytes(3 << 20)  # of each, 1 MB + 1 byte is unpacked and not taken
    for archive in "abcd":
        (path / f"{archive}.zip").write_bytes(zipped({f"{archive}{i}": big for i in range(2)}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and sum("larger than 1 MB" in note for note in got.notes) == 6
    assert got.notes[-1] == "not everything was read: archives that unpack to more than 7 MB"


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A gzip of one tar header that claims so many bytes, and nothing more."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT))


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
    assert len(got.notes) == 1 and got.notes[0].startswith(
        ("'a.tar.gz' is not a readable archive", "not everything was read: archives that unpack to more than 256 MB")
    )


def test_a_name_longer_than_any_path_is_not_read(tmp_path):
    long = tarfile.TarInfo("a" * (1 << 20))
    (folder(tmp_path) / "a.tar.gz").write_bytes(gzip.compress(long.tobuf(tarfile.GNU_FORMAT)))
    assert "a name of 1048577 bytes" in collect(tmp_path, "ada", A).notes[0]  # with the zero at its end


def test_a_map_of_holes_without_an_end_is_not_read(tmp_path):
    member = tarfile.TarInfo("x")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    member.size = 512
    count = b"999999999999\n".ljust(512, b"0")  # so many numbers follow, and there are none
    data = gzip.compress(member.tobuf(tarfile.PAX_FORMAT) + count)
    (folder(tmp_path) / "a.tar.gz").write_bytes(data)
    assert "sparse" in collect(tmp_path, "ada", A).notes[0]


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unpack_without_a_limit_are_not_opened(tmp_path, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr("big", bytes(1 << 20))
    (folder(tmp_path) / "a.zip").write_bytes(buffer.getvalue())
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and "its compression is not read" in got.notes[0]


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
    assert got.notes == ["'a.zip' cannot be unpacked (LZMAError: Corrupt input data)"]


@pytest.mark.parametrize("names", [("a", "a/b"), ("A/b", "a"), ("x/a", "./x//A/b/c")])
def test_a_file_and_a_folder_of_one_name_cannot_both_be_kept(tmp_path, names):
    (folder(tmp_path) / "z.zip").write_bytes(zipped({**dict.fromkeys(names, b"1"), "q.ipynb": b"{}"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {names[0]: b"1", "q.ipynb": b"{}"}
    assert len(got.notes) == 1 and "a file cannot have the name of a folder" in got.notes[0]


def test_very_many_files_end_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MAX_FILES", 7)
    path = folder(tmp_path)
    for i in range(30):
        (path / f"{i:02}.txt").write_bytes(b"")
    (path / "z.ipynb").write_bytes(b"{}")
    got = collect(tmp_path, "ada", A)
    assert len(got.files) == 7 and "z.ipynb" in got.files and "not everything was read" in got.notes[0]
    monkeypatch.setattr(intake, "MAX_ENTRIES", 5)
    assert "more than 5 names" in collect(tmp_path, "ada", A).notes[0]


def test_an_archive_directory_of_a_million_names_is_not_parsed(tmp_path):
    data = bytearray(zipped({"q.ipynb": b"{}"}))
    data[-22 + 12 : -22 + 16] = (60_000_000).to_bytes(4, "little")
    (folder(tmp_path) / "a.zip").write_bytes(data)
    assert "names" in collect(tmp_path, "ada", A).notes[0]


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04rubbish", b"\x1f\x8b" + bytes(50), b"no archive"])
def test_a_broken_archive_is_reported(tmp_path, data):
    for ending in (".zip", ".tar.gz"):
        (tmp_path / ending[1:] / A).mkdir(parents=True)
        (tmp_path / ending[1:] / A / f"a{ending}").write_bytes(data)
        got = collect(tmp_path, ending[1:], A)
        assert got.files == {} and "archive" in got.notes[0]


@pytest.mark.parametrize("name", ["[a]", "  x", "x ", "a]b"])
def test_a_student_whom_nbgrader_would_not_find_again_is_said(tmp_path, name):
    folder(tmp_path, name)
    (folder(tmp_path, "ada") / "q[1] .ipynb").write_bytes(b"{}")  # a file may be called so
    assert students(tmp_path, A) == ["ada"] and intake.unfit(tmp_path) == [repr(name)]
    assert list(collect(tmp_path, "ada", A).files) == ["q[1] .ipynb"]


def test_an_encrypted_archive_is_reported(tmp_path):
    data = bytearray(zipped({"q.ipynb": b"{}"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    (folder(tmp_path) / "a.zip").write_bytes(data)
    assert "encrypted" in collect(tmp_path, "ada", A).notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday-ish",
        "\x00",
        "9" * 5000,
        "2026 01 ../../etc/passwd",
        "2026-11-20 09:00:00 ../../etc/passwd",
        "2026-11-20 09:00:00 ABCDE",
        "2026-02-30 09:00:00",
        "0001-01-01 00:00:00+01:00",
        "12",
        "2026-11-20 09:00:00 UTC" + " " * 100,
    ],
)
def test_a_date_that_is_none_is_reported(tmp_path, text):
    (folder(tmp_path) / "timestamp.txt").write_text(text)
    got = collect(tmp_path, "ada", A)
    assert got.timestamp is None and "not a date" in got.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20 09:00:00 UTC",
        "2026-11-20 09:00:00.000000 UTC\n",
        "2026-11-20 10:00:00.000000 CET",
        "2026-11-20T09:00Z",
        "2026-11-20 07:30:00 -0130",
        "2026-11-20T11:00:00+02:00",
        "2026-11-20 09:00:00",
    ],
)
def test_nine_o_clock_in_utc_may_be_written_so(tmp_path, text):
    (folder(tmp_path) / "timestamp.txt").write_text(text)
    got = collect(tmp_path, "ada", A)
    assert got.timestamp.isoformat() == "2026-11-20T09:00:00" and got.notes == []


def test_an_empty_folder_and_no_folder_are_not_fatal(tmp_path):
    folder(tmp_path)
    assert collect(tmp_path, "ada", A).files == {}
    assert collect(tmp_path, "nobody", A).notes == ["nothing was handed in"]
