"""DNS and a connection to the outside."""

# ends: finished
# %%
import socket

for ask in (lambda: socket.getaddrinfo('example.org', 80), lambda: socket.create_connection(('192.0.2.1', 80), 1)):
    try:
        ask()
        raise AssertionError('reached something')
    except OSError:
        pass
