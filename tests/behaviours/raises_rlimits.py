"""Asks for higher limits."""

# ends: finished
# %%
import resource

for kind in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2)
        raise AssertionError('raised')
    except (ValueError, OSError):
        pass
