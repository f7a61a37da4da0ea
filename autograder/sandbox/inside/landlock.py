"""Landlock: which folders a process may read and which it may write, whatever its rights; no TCP, no signals out.

Kernel documentation: userspace-api/landlock. Versions of its interface (ABI) know more from one to the next; what a
kernel does not know is left out here, and `abi()` says what it knows.
"""

from __future__ import annotations

import ctypes
import os

from .syscalls import syscall

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_IOCTL = 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | _IOCTL
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_BIND_TCP, _CONNECT_TCP = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


class _Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's landlock version, 0 where it has none."""
    try:
        return syscall("landlock", _CREATE, 0, 0, 1)
    except OSError:
        return 0


def restrict(read: list[str], write: list[str], devices: list[str]) -> None:
    """Only `read` may be read, `write` written and read, `devices` read, written and controlled. Needs no_new_privs."""
    version = abi()
    every = _ALL_BY_ABI[max(known for known in _ALL_BY_ABI if known <= version)]
    rules = _Rules(
        every,
        _BIND_TCP | _CONNECT_TCP if version >= 4 else 0,
        _ABSTRACT_SOCKETS | _SIGNALS if version >= 6 else 0,
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = syscall("landlock", _CREATE, ctypes.byref(rules), size, 0)
    for paths, rights in (
        (read, _READ),
        (write, every & ~_IOCTL),
        (devices, every & (_READ_FILE | _WRITE_FILE | _IOCTL)),
    ):
        for path in paths:
            if os.path.exists(path):
                _allow(ruleset, path, rights if os.path.isdir(path) else rights & _FILE_RIGHTS)
    syscall("landlock", _RESTRICT, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        syscall("landlock", _ADD, ruleset, 1, ctypes.byref(_Beneath(rights, parent)), 0)
    finally:
        os.close(parent)
