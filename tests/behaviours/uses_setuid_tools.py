"""su, mount and friends."""

# ends: finished
# %%
import subprocess

for tool in (['su', '-c', 'id'], ['mount', '-t', 'tmpfs', 'x', '/tmp'], ['unshare', '-r', 'true']):
    assert subprocess.run(tool, capture_output=True, input=b'').returncode != 0
