"""Anonymous shared memory, which RLIMIT_DATA does not count."""

# ends: the notebook used more than 300 MB of memory
# limits: memory_mb=300, cell_cpu_s=4
# %%
import mmap

kept = []
while True:
    kept.append(mmap.mmap(-1, 2**24))
    kept[-1].write(b'x' * 2**24)
