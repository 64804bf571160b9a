"""Have a server of :mod:`tests.fork_server` run the command with this process's streams, environment and directory; end as it ends.

A script, run without site-packages and importing little, so that it starts at once.
"""

import marshal
import os
import signal
import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    request = marshal.dumps([sys.argv[2:], dict(os.environ), os.getcwd()])
    socket.send_fds(connection, [len(request).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(request)
    status = int(connection.makefile().readline())
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
sys.exit(status)
