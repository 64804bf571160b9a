"""An httpx transport whose connections have a deadline, and lead to public addresses only if a request demands that.

httpx limits each read, but not the whole request, so that a server that sends a byte now and then is never done. It also resolves
names itself, so that a name can resolve to another address than the one that was checked. A network backend solves both.
"""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any, Final

import httpcore
import httpx

from scraper.errors import BadRedirect
from scraper.fetch.addresses import is_public, resolve_host

ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""The errors that a request, or reading its response, can raise."""


class Transport(httpx.BaseTransport):
    """A pool of connections, to hosts or to a proxy.

    httpx's own transport takes no network backend; httpcore, on which it is built, does
    (https://www.encode.io/httpcore/network-backends/).

    Args:
        context: the certificates to trust.
        backend: makes the connections.
        proxy: the address of a proxy, or None.

    Raises:
        ValueError: if the scheme of the proxy is unknown.
        ImportError: if the proxy needs a package that is not installed.
        httpx.InvalidURL: if the address of the proxy is malformed.
    """

    def __init__(self, context: ssl.SSLContext, backend: httpcore.NetworkBackend, proxy: str | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            proxy=_proxy(proxy) if proxy is not None else None,
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=30,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response, whose body is still to be read.

        Raises:
            Exception: one of :data:`ERRORS`, or what the network backend raises; so does reading the body.
        """
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                _url(request.url),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=dict(response.extensions)
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _proxy(address: str) -> httpcore.Proxy:
    proxy = httpx.Proxy(address)
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ImportError("SOCKS needs a package: pip install 'httpx[socks]'")
    return httpcore.Proxy(_url(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw)


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
