"""Waits for a lock that it holds."""

# ends: a cell ran for more than
# limits: cell_cpu_s=0.4, wall_factor=5
# %%
import threading

lock = threading.Lock()
lock.acquire()
lock.acquire()
