"""Code that wants to run when the process ends."""

# ends: finished
# %%
import atexit
import time

atexit.register(time.sleep, 60)
