"""An httpx transport whose sockets are made by a network backend of the caller."""

import ssl
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

import httpcore
import httpx

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
