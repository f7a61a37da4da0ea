"""A process that leaves its session and wants to survive."""

# ends: finished
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
