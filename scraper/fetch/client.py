"""HTTP requests with limits, and the mapping of transport errors to :class:`~scraper.errors.FetchError`."""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from scraper.errors import BadAddress, BadCertificate, BadRedirect, ConnectionFailed, FetchError, TimedOut, TooLarge
from scraper.fetch.addresses import is_public, resolve_host
from scraper.fetch.exchange import Exchange, Header, Truncation
from scraper.provenance import utc_now
from scraper.sources.streams import too_large

_DEFAULT_HEADERS: Final = [
    (b"Accept", b"text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.1"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
]
ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""The errors that a request, or reading its response, can raise."""


class Getter(Protocol):
    """A function that makes a request, such as :meth:`Client.get`."""

    def __call__(self, url: str, *, headers: list[Header], only_public: bool = False, max_bytes: int | None = None) -> Exchange:
        """Request ``url`` and return the exchange."""


class Client:
    """An HTTP client that keeps connections open between requests. Any number of threads may use it.

    The environment sets proxies (``HTTPS_PROXY``, ``NO_PROXY`` …) and certificates (``SSL_CERT_FILE``, ``SSL_CERT_DIR``).

    Args:
        headers: the headers of each request, besides ``Host``, ``Accept`` and ``Accept-Encoding``.
        timeout: the most seconds for one request, from resolving the name to the last byte.
        max_bytes: the most bytes of a body, as received.
    """

    def __init__(self, *, headers: list[Header], timeout: float, max_bytes: int) -> None:
        names = {name.lower() for name, _ in headers}
        self._headers = httpx.Headers([*(pair for pair in _DEFAULT_HEADERS if pair[0].lower() not in names), *headers])
        self._timeout = timeout
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
        self._max_bytes = max_bytes
        self._bounds = _Bounds()
        self._context = httpx.create_ssl_context()
        self._proxies = getproxies()
        self._transports: dict[str | None, _Transport] = {}

    def get(self, url: str, *, headers: list[Header], only_public: bool = False, max_bytes: int | None = None) -> Exchange:
        """Request ``url`` and return the exchange. Redirects are not followed.

        Args:
            url: an address as returned by :func:`~scraper.fetch.addresses.prepare`.
            headers: headers of this request only.
            only_public: whether to refuse to connect to a private address.
            max_bytes: the most bytes of the body, if other than the client's.

        Raises:
            FetchError: if there is no response. An incomplete response is returned, with its ``error``.
        """
        proxy = self._proxy_of(url)
        limit = self._max_bytes if max_bytes is None else max_bytes
        self._bounds.deadline = time.monotonic() + self._timeout
        self._bounds.only_public = only_public and proxy is None
        all_headers = httpx.Headers([*self._headers.raw, *headers]) if headers else self._headers
        try:
            request = httpx.Request("GET", url, headers=all_headers, extensions=self._extensions)
            requested_at = utc_now()
            response = self._transport(proxy).handle_request(request)
        except ERRORS as error:
            raise self._mapped(error) from error
        except httpx.InvalidURL as error:
            raise BadAddress(f"it is not an address that can be requested ({error})") from error
        stream = response.extensions.get("network_stream") if proxy is None else None
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        body, truncated, body_error = self._read(response, limit)
        request_line = b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)
        return Exchange(
            url=url,
            requested_at=requested_at,
            ip=str(peer[0]) if peer else None,
            request_head=request_line + b"".join(b"%b: %b\r\n" % pair for pair in request.headers.raw) + b"\r\n",
            version=response.extensions.get("http_version", b"HTTP/1.1"),
            status=response.status_code,
            reason=response.extensions.get("reason_phrase", b""),
            headers=list(response.headers.raw),
            body=body,
            truncated=truncated,
            error=body_error,
        )

    def _read(self, response: httpx.Response, limit: int) -> tuple[bytes, Truncation | None, FetchError | TooLarge | None]:
        pieces: list[bytes] = []
        remaining = limit
        try:
            for piece in response.iter_raw():
                remaining -= len(piece)
                pieces.append(piece)
                if remaining < 0:
                    return b"".join(pieces)[:limit], "length", too_large("page", limit)
                if time.monotonic() > self._bounds.deadline:
                    raise httpcore.ReadTimeout("the deadline has passed")
        except ERRORS as error:
            mapped = self._mapped(error)
            return b"".join(pieces), "time" if isinstance(mapped, TimedOut) else "disconnect", mapped
        finally:
            response.close()
        return b"".join(pieces), None, None

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()

    def is_proxied(self, url: str) -> bool:
        """Return True if requests to ``url`` go through a proxy, which then resolves its name."""
        return self._proxy_of(url) is not None

    def _proxy_of(self, url: str) -> str | None:
        if not self._proxies:
            return None
        parts = urlsplit(url)
        proxy = self._proxies.get(parts.scheme) or self._proxies.get("all")
        return proxy if proxy and not proxy_bypass(parts.netloc) else None

    def _transport(self, proxy: str | None) -> "_Transport":
        transport = self._transports.get(proxy)
        if transport is None:
            address = proxy if proxy is None or "://" in proxy else f"http://{proxy}"
            try:
                transport = _Transport(self._context, _Network(self._bounds), address)
            except (ValueError, ImportError, httpx.InvalidURL) as error:
                raise ConnectionFailed(f"the proxy {address!r} of the environment cannot be used ({error})") from None
            transport = self._transports.setdefault(proxy, transport)
        return transport

    def _mapped(self, error: Exception) -> FetchError:
        """Return our error for one of httpcore's."""
        if isinstance(error, httpcore.TimeoutException):
            return TimedOut(f"it was not complete within {self._timeout:g} seconds; raise --timeout to wait longer")
        if isinstance(error, httpcore.UnsupportedProtocol | httpcore.LocalProtocolError):
            return BadAddress(f"it cannot be requested ({error})")
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            return BadCertificate(
                f"the host's certificate is not accepted ({cause.verify_message}); SSL_CERT_FILE names certificates of your own"
            )
        return ConnectionFailed(f"the connection failed ({str(error) or type(error).__name__})")


class _Transport(httpx.BaseTransport):
    """A pool of connections, to hosts or to a proxy, made by a network backend of ours.

    httpx limits each read, but not the whole request, so a server that sends a byte now and then is never done. httpx also resolves
    names itself, so a name can resolve to another address than the one that was checked. A network backend solves both. httpx's own
    transport takes none; httpcore, on which it is built, does (https://www.encode.io/httpcore/network-backends/).

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


class _Bounds(threading.local):
    """The limits of the request that the current thread is making."""

    deadline: float = float("inf")
    """When it must be complete, by ``time.monotonic()``."""
    only_public: bool = False
    """Whether it may connect only to public addresses."""

    def left(self, timeout: float | None) -> float:
        """Return the seconds that an operation may still take; never 0, which would mean a socket that does not block."""
        return max(0.001, min(timeout or float("inf"), self.deadline - time.monotonic()))


class _Network(httpcore.NetworkBackend):
    """A network backend for httpcore that keeps to :class:`_Bounds`."""

    def __init__(self, bounds: _Bounds) -> None:
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
    def __init__(self, inner: httpcore.NetworkStream, bounds: _Bounds, peer: tuple[str, int]) -> None:
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
