"""Make HTTP requests with limits. The errors of httpx and httpcore are mapped to ours here and nowhere else."""

import ssl
import time
from typing import Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from scraper.errors import BadAddress, BadCertificate, ConnectionFailed, FetchError, TimedOut, TooLarge
from scraper.fetch.exchange import Exchange, Header, Truncation
from scraper.fetch.transport import ERRORS, Bounds, Network, Transport
from scraper.sources.streams import too_large

_DEFAULT_HEADERS: Final = [
    (b"Accept", b"text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.1"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
]


class Getter(Protocol):
    """A function that makes a request: :meth:`Client.get`, or a function of a test."""

    def __call__(self, url: str, *, headers: list[Header], only_public: bool = False, max_bytes: int | None = None) -> Exchange:
        """Request ``url`` and return the exchange."""


class Client:
    """An HTTP client that keeps connections open between requests. Any number of threads may use it.

    The environment sets proxies (``HTTPS_PROXY``, ``NO_PROXY`` …) and certificates (``SSL_CERT_FILE``, ``SSL_CERT_DIR``).

    Args:
        headers: the headers of each request, beside ``Host``, ``Accept`` and ``Accept-Encoding``.
        timeout: the most seconds for one request, from resolving the name to the last byte.
        max_bytes: the most bytes of a body, as received.
    """

    def __init__(self, *, headers: list[Header], timeout: float, max_bytes: int) -> None:
        names = {name.lower() for name, _ in headers}
        self._headers = httpx.Headers([*(pair for pair in _DEFAULT_HEADERS if pair[0].lower() not in names), *headers])
        self._timeout = timeout
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
        self._max_bytes = max_bytes
        self._bounds = Bounds()
        self._context = httpx.create_ssl_context()
        self._proxies = getproxies()
        self._transports: dict[str | None, Transport] = {}

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
            requested_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
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

    def _transport(self, proxy: str | None) -> Transport:
        transport = self._transports.get(proxy)
        if transport is None:
            address = proxy if proxy is None or "://" in proxy else f"http://{proxy}"
            try:
                transport = Transport(self._context, Network(self._bounds), address)
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
