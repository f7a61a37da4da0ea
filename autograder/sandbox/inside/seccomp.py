"""A seccomp filter as classic BPF: calls that no notebook needs are refused, other instruction sets end the process.

Refused: everything that mounts, enters namespaces, traces other processes, loads code into the kernel, or opens a
socket that is not AF_UNIX (DataLoader workers need that one). Where the machine's files can be seen, AF_UNIX is refused
too: landlock does not keep a process from the sockets of the machine's services.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import NEW_NAMESPACES, PR_SET_SECCOMP, _checked, _libc

# name: (x86_64, aarch64), from the kernel's unistd headers; None where the processor has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "syslog": (103, 116),
    "personality": (135, 92),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "memfd_secret": (447, 447),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
}
_MACHINES = {  # audit's number of the instruction set; socket, clone, clone3, ioctl
    "x86_64": (0, 0xC000003E, 41, 56, 435, 16),
    "aarch64": (1, 0xC00000B7, 198, 220, 435, 29),
}
_X32 = 0x40000000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCH, _ARGUMENT0, _ARGUMENT1 = 0, 4, 16, 24  # offsets in struct seccomp_data
_SECCOMP_MODE_FILTER = 2


def known_machine() -> bool:
    """Is this processor's table of calls known here?"""
    return os.uname().machine in _MACHINES


def _program(machine: str, unix_sockets: bool) -> bytes:
    column, arch, socket, clone, clone3, ioctl = _MACHINES[machine]
    code: list[tuple[int, int, int, int]] = []

    def refuse(error: int) -> tuple[int, int, int, int]:
        return (_RETURN, 0, 0, _ERRNO | error)

    code += [(_LOAD, 0, 0, _ARCH), (_JUMP_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL_PROCESS), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        code += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL_PROCESS)]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            code += [(_JUMP_EQUAL, 0, 1, number), refuse(errno.EPERM)]
    # clone3 hides its flags behind a pointer; without it libc uses clone.
    code += [(_JUMP_EQUAL, 0, 1, clone3), refuse(errno.ENOSYS)]
    namespaces = sum(NEW_NAMESPACES.values()) | 0x02000000  # and cgroup
    code += [
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _ARGUMENT0),
        (_JUMP_BITS, 0, 9, namespaces),
        refuse(errno.EPERM),
        (_JUMP_EQUAL, 0, 3, socket),
        (_LOAD, 0, 0, _ARGUMENT0),
        (_JUMP_EQUAL, 5, 0, 1 if unix_sockets else 0xFFFF),  # AF_UNIX, or a family that does not exist
        refuse(errno.EAFNOSUPPORT),
        (_JUMP_EQUAL, 0, 5, ioctl),
        (_LOAD, 0, 0, _ARGUMENT1),
        (_JUMP_EQUAL, 2, 0, _TIOCSTI),
        (_JUMP_EQUAL, 1, 0, _TIOCLINUX),
        (_RETURN, 0, 0, _ALLOW),
        refuse(errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in code)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(unix_sockets: bool) -> None:
    """From here on this process and its children live under the filter; needs no_new_privs."""
    code = _program(os.uname().machine, unix_sockets)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    result = _libc.prctl(
        PR_SET_SECCOMP,
        ctypes.c_ulong(_SECCOMP_MODE_FILTER),
        ctypes.byref(program),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
    _checked(result, "seccomp")
