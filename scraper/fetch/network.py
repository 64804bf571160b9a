"""Connections with a deadline, and to public addresses only if a request demands that.

httpx limits each read, but not the whole request, so that a server that sends a byte now and then is never done. It also resolves
names itself, so that a name can resolve to another address than the one that was checked. A network backend solves both.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from scraper.errors import BadRedirect
from scraper.fetch.addresses import is_public, resolve_host


class Bounds(threading.local):
    """The limits of the request that the current thread is making."""

    deadline: float = float("inf")
    """When it must be complete, by ``time.monotonic()``."""
    only_public: bool = False
    """Whether it may connect only to public addresses."""

    def left(self, timeout: float | None) -> float:
        """Return the seconds that an operation may still take; never 0, which would mean a socket that does not block."""
        return max(0.001, min(timeout or float("inf"), self.deadline - time.monotonic()))


class Network(httpcore.NetworkBackend):
    """A network backend for httpcore that keeps to :class:`Bounds`."""

    def __init__(self, bounds: Bounds) -> None:
        self._inner = httpcore.SyncBackend()
        self._bounds = bounds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that accepts a connection.

        Raises:
            UnknownHost: if the name does not resolve.
            TimedOut: if the name does not resolve in time.
            BadRedirect: if an address is private and only public ones are allowed.
        """
        last_error: Exception | None = None
        for ip in resolve_host(host, port, self._bounds.left(timeout)):
            if self._bounds.only_public and not is_public(ip):
                raise BadRedirect(
                    f"a public page redirects to {host} at the private address {ip}; if you trust it, fetch it by its own address"
                )
            try:
                stream = self._inner.connect_tcp(ip, port, self._bounds.left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last_error = error
                continue
            return _SocketStream(stream, self._bounds, (ip, port))
        raise last_error or httpcore.ConnectError("the host has no address")


class _SocketStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, bounds: Bounds, peer: tuple[str, int]) -> None:
        self._inner = inner
        self._bounds = bounds
        self._peer = peer

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() >= self._bounds.deadline:
            raise httpcore.ReadTimeout("the deadline has passed")
        return self._inner.read(max_bytes, self._bounds.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._bounds.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _SocketStream(
            self._inner.start_tls(ssl_context, server_hostname, self._bounds.left(timeout)), self._bounds, self._peer
        )

    def get_extra_info(self, info: str) -> Any:
        # Asking the socket fails if the server has closed the connection.
        return self._peer if info == "server_addr" else self._inner.get_extra_info(info)
