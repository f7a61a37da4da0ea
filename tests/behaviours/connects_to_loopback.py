"""Talks to a server of the machine."""

# ends: finished
# %%
import socket

try:
    with socket.create_connection(('127.0.0.1', {port}), timeout=1) as server:
        server.sendall(b'hello')
except OSError:
    pass
