"""A file is written whole or not at all, whatever happens in between."""

import os
import signal
import stat
import zipfile

import pytest

from coursework.files import whole, write_whole


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("old")
    with whole(path) as file:
        file.write(b"new, all of it")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new, all of it" and os.listdir(tmp_path) == ["marks.csv"]


def test_a_failure_in_between_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left"), whole(path) as file:
        file.write(b"half")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["marks.csv"]


def test_a_process_that_is_killed_in_between_leaves_the_old_file(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("old")
    child = os.fork()
    if child == 0:
        with whole(path) as file:
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = (name for name in os.listdir(tmp_path) if name != path.name)
    assert left.startswith(".") and left.endswith(".new")


def test_a_zip_can_be_written_so(tmp_path):
    path = tmp_path / "a.zip"
    with whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"1")
    with zipfile.ZipFile(path) as archive:
        assert archive.read("a") == b"1"


@pytest.mark.parametrize(("mode", "rights"), [(0o666, 0o644), (0o600, 0o600)])
def test_a_secret_is_never_readable_by_others(tmp_path, mode, rights):
    before = os.umask(0o022)
    try:
        with whole(tmp_path / "key", mode):
            (beside,) = tmp_path.iterdir()
            assert stat.S_IMODE(beside.stat().st_mode) == rights
        write_whole(tmp_path / "key", "a", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == rights
