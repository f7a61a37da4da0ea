"""ptrace, and another process's memory."""

# ends: finished
# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
assert libc.ptrace(16, os.getppid(), 0, 0) == -1
for name in ('mem', 'environ', 'maps'):
    try:
        open(f'/proc/{{os.getppid()}}/{{name}}', 'rb').read(1)
        raise AssertionError(name)
    except OSError:
        pass
