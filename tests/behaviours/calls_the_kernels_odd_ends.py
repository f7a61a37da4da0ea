"""io_uring, bpf, perf, keyrings, userfaultfd."""

# ends: finished
# %%
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 321, 298, 250, 323, 248, 304):
    assert libc.syscall(number, 1, 0, 0, 0, 0) == -1 and ctypes.get_errno() == 1, number
