"""signal.alarm without a handler ends the process."""

# ends: the notebook's process was ended by a signal \(SIGALRM\)
# limits: cell_cpu_s=1
# %%
import signal
import time

signal.alarm(1)
time.sleep(1.5)
