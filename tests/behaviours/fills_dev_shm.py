"""Fills /dev/shm."""

# ends: finished|the notebook used more than 300 MB of memory
# limits: memory_mb=300, cell_cpu_s=4
# %%
with open('/dev/shm/full', 'wb') as file:
    for _ in range(10_000):
        file.write(bytes(2**20))
