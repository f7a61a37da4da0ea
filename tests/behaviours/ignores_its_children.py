"""Children of whose end it wants to know nothing do the work, one after the other: 3 s of it, each 0.3 s."""

# ends: a cell used more than 0.8 s of CPU time
# needs: a cgroup
# %%
import os

assert os.path.isdir("/grader"), "only ever inside the sandbox"
import signal, time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel adds their time to nobody's
for _ in range(10):
    if os.fork() == 0:
        while time.process_time() < 0.3:
            pass
        os._exit(0)
    try:
        os.wait()
    except ChildProcessError:  # all have ended
        pass
