"""Well-formed answers of a check that does not run, without end, into every socket it finds."""

# ends: the notebook damaged its connection to the grader \(more messages than a notebook may send\)
# limits: cell_cpu_s=20
# %%
import os

assert os.path.isdir("/grader"), "only ever inside the sandbox"
import json, socket, struct

head = json.dumps({"check": "none", "outcomes": []}).encode()
for number in range(3, 200):
    try:
        found = socket.socket(fileno=number)
        while True:
            found.sendall((struct.pack(">II", len(head), 0) + head) * 10_000)
    except OSError:
        continue
