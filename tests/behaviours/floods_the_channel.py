"""Bytes without end into every socket it finds."""

# ends: the notebook damaged its connection
# limits: cell_cpu_s=20
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import socket

for number in range(3, 200):
    try:
        found = socket.socket(fileno=number)
        while True:
            found.send(b'\x00\x00\x00\x02\x00\x00\x00\x00{}' * 10_000)
    except OSError:
        continue
