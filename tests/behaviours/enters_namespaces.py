"""unshare, setns and clone with new namespaces."""

# ends: finished
# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x10000000) == -1
assert libc.setns(os.open('/proc/self/ns/net', os.O_RDONLY), 0) == -1
assert libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) == -1
