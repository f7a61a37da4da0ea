"""An abstract unix socket of the machine."""

# ends: finished
# %%
import socket

with socket.socket(socket.AF_UNIX) as client:
    try:
        client.connect('\0{abstract}')
        client.sendall(b'hello')
    except OSError:
        pass
