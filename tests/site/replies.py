"""Requests and answers of the site."""

import gzip
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True)
class Request:
    """A request as the handlers get it."""

    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    target: str
    """Path and query, as they were sent."""


@dataclass
class Reply:
    """An answer; its Content-Length is added."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        """Return the bytes to send."""
        headers = {"Content-Length": str(len(self.body))} | self.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Reason')}\r\n{head}\r\n".encode("latin-1") + self.body


def page(body: bytes, request: Request, **headers: str) -> Reply:
    """Return a page, gzipped if the client accepts that."""
    given = {"Content-Type": "text/html; charset=utf-8", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if "gzip" in request.headers.get("accept-encoding", "") and "Content-Encoding" not in given:
        return Reply(200, _gzipped(body), {**given, "Content-Encoding": "gzip"})
    return Reply(200, body, given)


@lru_cache(maxsize=4096)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    403: "Forbidden",
    404: "Not Found",
    410: "Gone",
} | {
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
