"""mount, and remounting what is read-only."""

# ends: finished
# %%
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) == -1
assert libc.mount(None, b'/grader', None, 32, None) == -1
assert libc.umount2(b'/proc', 2) == -1
