"""Sleeps for ever, using nothing."""

# ends: a cell ran for more than
# limits: cell_cpu_s=0.4, wall_factor=5
# %%
import time

time.sleep(10**6)
