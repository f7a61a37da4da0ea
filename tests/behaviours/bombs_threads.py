"""Threads without end."""

# ends: finished|a cell used more than 0.8 s of CPU time|a cell ran for more than|the notebook's process
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import threading
import time

while True:
    threading.Thread(target=time.sleep, args=(100,)).start()
