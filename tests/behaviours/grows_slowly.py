"""Memory that grows until the limit."""

# ends: the notebook used more than 300 MB of memory|finished
# limits: memory_mb=300, cell_cpu_s=4
# %%
import time

kept = []
while True:
    kept.append(bytearray(b'x') * 2**23)
    time.sleep(0.005)
