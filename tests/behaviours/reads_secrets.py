"""Reads the machine's users, hidden tests and other people's work."""

# ends: finished
# %%
import pathlib

found = []
for path in ('/etc/shadow', '{course}/hidden.txt', '{course}/other/small.ipynb', '/etc/gshadow', '/proc/1/environ'):
    try:
        found.append(pathlib.Path(path).read_text())
    except OSError:
        pass
assert found == [], found
