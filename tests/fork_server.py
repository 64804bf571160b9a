"""Start the command quickly: fork it from a process that has loaded its modules.

A start takes a quarter of a second, nearly all of it for imports, and the tests start the command two thousand times. What is forked
runs ``python -m scraper`` with the arguments, environment, directory and streams of the one who asks, and ends as any process ends.
Tests that send signals, look at memory, or change how Python starts use :data:`~tests.test_cli.COMMAND` instead.
"""

import gc
import io
import marshal
import os
import pkgutil
import runpy
import selectors
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

_SERVERS: list[object] = []
"""A server ends when this process does, which holds the other end of its stdin."""


@cache
def quick_command() -> list[str]:
    """Return the beginning of a command line that does what ``python -m scraper`` does. The first call starts a server."""
    path = Path(tempfile.mkdtemp(prefix="scraper-"), "socket")
    command = [sys.executable, "-m", __name__, str(path)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
    assert server.stdout is not None
    server.stdout.readline()  # it listens
    _SERVERS.append(server)
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("fork_client.py")), str(path)]


class _Server:
    """Forks a process for each request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._selector = selectors.DefaultSelector()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._clients: dict[int, socket.socket] = {}
        """By process."""

    def serve(self) -> list[str]:
        """Return in each forked process, with the arguments of the command. End when the process ends that has started this one."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._path.unlink()
                    self._path.parent.rmdir()
                    sys.exit()
                if key.data is not None:
                    self._selector.unregister(key.fileobj)
                    os.close(key.fd)
                    self._report(key.data)
                elif (arguments := self._fork()) is not None:
                    return arguments

    def _fork(self) -> list[str] | None:
        """Accept a request and fork a process. Return the arguments in this process, None in the server."""
        client, _ = self._listening.accept()
        size, streams, *_ = socket.recv_fds(client, 8, 3)
        with client.makefile("rb") as file:
            arguments, environment, directory = marshal.loads(file.read(int.from_bytes(size, "big")))  # noqa: S302 - of tests.fork_client
        process = os.fork()
        if process == 0:
            for stream, descriptor in zip(streams, range(3), strict=True):
                os.dup2(stream, descriptor)
            for each in (self._listening, client, *self._clients.values()):
                each.close()
        for stream in streams:
            os.close(stream)
        if process == 0:
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(directory)
            return list(arguments)
        self._clients[process] = client
        self._selector.register(os.pidfd_open(process), selectors.EVENT_READ, process)
        return None

    def _report(self, process: int) -> None:
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        with self._clients.pop(process) as client:
            client.sendall(b"%d\n" % status)


def main() -> None:
    """Be a server and, after each fork, the command."""
    import typer._adapters  # noqa: F401 - typer imports it late

    import scraper

    for module in pkgutil.walk_packages(scraper.__path__, "scraper."):
        if not module.name.startswith(("scraper.scale", "scraper.__main__")):
            __import__(module.name)
    gc.collect()
    gc.freeze()
    server = _Server(Path(sys.argv[1]))
    print("listening", flush=True)
    sys.argv[1:] = server.serve()
    sys.path[0] = os.getcwd()
    # As Python makes them when it starts.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the interpreter closes it
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    binary = open(2, "wb", closefd=False)  # noqa: SIM115
    sys.stderr = io.TextIOWrapper(binary, errors="backslashreplace", line_buffering=True)
    runpy.run_module("scraper", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
