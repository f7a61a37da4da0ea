"""Archives among the files handed in: opened within the limits of a submission, whatever they claim to hold."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from coursework.marking.messages import Note, say
from coursework.submission import is_clutter, normal, safe_path, shown

from .basket import MAX_ENTRIES, Basket, Full

MAX_HEADER = 16 << 10  # bytes of one long name or table in a tar archive, which tarfile reads whole
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".gz")
_EXTRA = {  # kinds of tar headers whose content is about the next member
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
}


def unpack(basket: Basket) -> None:
    """Open the archives among the files, and archives in archives once more, within the same limits."""
    for _ in range(2):
        packed = [name for name in basket.files if name.lower().endswith(ARCHIVES)]
        for name in packed:
            data = basket.files.pop(name)
            basket.total -= len(data)
            members = _zip_members if data[:2] == b"PK" else _tar_members
            try:
                for member, content in members(data, basket):
                    basket.take(member, content)
            except Full:
                raise
            except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
                basket.notes.append(Note("no_archive", {"name": shown(name), "error": str(error)}))
            except Exception as error:  # whatever the libraries make of a stranger's bytes
                why = f"{type(error).__name__}: {error}"
                basket.notes.append(Note("archive_fails", {"name": shown(name), "error": why}))


def _zip_members(data: bytes, basket: Basket) -> Iterator[tuple[str, bytes]]:
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - (1 << 16) - 22))
    if end < 0 or len(data) < end + 22:
        raise zipfile.BadZipFile(say("archive_without_end"))
    directory_size = struct.unpack_from("<L", data, end + 12)[0]
    if directory_size > MAX_ENTRIES * 512:  # before zipfile reads a directory of a million names
        raise Full(Note("too_many_packed", {"count": MAX_ENTRIES}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            basket.look()
            mode = member.external_attr >> 16
            if member.is_dir() or is_clutter(member.filename):
                continue
            if not safe_path(member.filename):
                basket.leave(member.filename, Note("not_plain_inside"))
            elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                basket.leave(member.filename, Note("not_regular"))
            elif member.flag_bits & 1:
                basket.leave(member.filename, Note("encrypted"))
            elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # zipfile unpacks the others without a limit: 4 KB of bzip2 may become gigabytes in one step
                basket.leave(member.filename, Note("compression"))
            else:
                with archive.open(member) as file:  # the size is what comes out, not what the archive claims
                    data = file.read(basket.room() + 1)
                basket.unpack(len(data))
                yield normal(member.filename), data


class _Capped(io.RawIOBase):
    """A gzip stream whose bytes count for the submission, and which ends: tarfile would skip on for ever."""

    def __init__(self, data: bytes, basket: Basket):
        self._stream, self._basket, self._empty = gzip.GzipFile(fileobj=io.BytesIO(data)), basket, 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._basket.unpack(len(piece))
        self._empty += not piece
        if self._empty > 8:  # an archive without its end, which is common, needs one or two
            raise tarfile.ReadError(say("archive_cut_off"))
        return piece


def _headers(basket: Basket) -> type[tarfile.TarInfo]:
    """How tarfile reads headers, within limits: it reads long names and tables whole, and believes any size."""

    class Header(tarfile.TarInfo):
        def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
            basket.look()
            if self.type in _EXTRA and self.size > MAX_HEADER:
                raise tarfile.ReadError(say("name_too_long", count=self.size))
            _possible(self.size, basket)
            return super()._proc_member(archive)  # type: ignore[misc]  # its stub leaves out what is private

        def _refuse(self, *_: object) -> None:
            raise tarfile.ReadError(say("sparse_file"))

        _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse

    return Header


def _possible(size: int, basket: Basket) -> None:
    """Raises before tarfile goes that far, or back."""
    if size < 0:
        raise tarfile.ReadError(say("impossible_size", count=size))
    basket.allow(size)


def _tar_members(data: bytes, basket: Basket) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=_Capped(data, basket), mode="r|", tarinfo=_headers(basket)) as archive:
        for member in archive:
            _possible(member.size, basket)  # an extended header may have changed it
            if member.isdir() or is_clutter(member.name):
                continue
            if not member.isreg():
                basket.leave(member.name, Note("not_regular"))
            elif not safe_path(member.name):
                basket.leave(member.name, Note("not_plain_inside"))
            else:
                file = archive.extractfile(member)
                assert file is not None, "a regular member has content"
                yield normal(member.name), file.read(basket.room() + 1)
