"""rm -rf of the course, of the system and of its own folder."""

# ends: finished
# limits: cell_cpu_s=6
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import shutil

for place in ('{course}', '/grader', '/usr/share', '/etc', '/srv', '/home/student'):
    shutil.rmtree(place, ignore_errors=True)
