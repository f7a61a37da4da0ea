"""Four processes, each below the limit, together above it."""

# ends: the notebook used more than 300 MB of memory
# limits: memory_mb=300, cell_cpu_s=4
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import time

for _ in range(4):
    if os.fork() == 0:
        kept = bytearray(b'x') * (200 * 2**20)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
