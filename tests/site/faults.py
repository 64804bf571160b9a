"""Faulty answers, by the name under which they are requested: ``/fault/<name>``."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from email.utils import formatdate
from functools import cache

from tests.site.content import article
from tests.site.replies import Reply, Request, page
from tests.site.server import Fault, Site

_HTML = {"Content-Type": "text/html; charset=utf-8"}
CHALLENGE = b"""<!DOCTYPE html><html><head><title>Just a moment...</title><script>window._cf_chl_opt={cType:'managed'};</script></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>"""
LOGIN = """<html><head><title>مغرس : تسجيل الدخول</title></head><body><form><input name="user"><input type="password"></form></body></html>"""
GONE = "<html><head><title>مغرس : الصفحة غير موجودة</title></head><body><p>الصفحة غير موجودة، عد إلى الصفحة الرئيسية.</p></body></html>"


def _status(status: int, **headers: str) -> Fault:
    async def fault(_site: Site, _request: Request, _writer: asyncio.StreamWriter) -> Reply:
        return Reply(status, b"<p>no page here</p>", _HTML | {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def _body(body: bytes, **headers: str) -> Fault:
    async def fault(_site: Site, _request: Request, _writer: asyncio.StreamWriter) -> Reply:
        return Reply(200, body, _HTML | {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def _redirect(target: str) -> Fault:
    async def fault(site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
        return Reply(302, b"", {"Location": request.query.get("to", target).replace("{port}", str(site.port))})

    return fault


def _compressed(compress: Callable[[], bytes], encoding: str) -> Fault:
    """Compress when it is first requested: it takes time, and the site starts without the packages that do it."""
    body = cache(compress)

    async def fault(_site: Site, _request: Request, _writer: asyncio.StreamWriter) -> Reply:
        return Reply(200, body(), _HTML | {"Content-Encoding": encoding})

    return fault


def _brotli(data: bytes, quality: int = 11) -> bytes:
    import brotli

    compressed: bytes = brotli.compress(data, quality=quality)
    return compressed


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.compress(data)


async def burst(site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Fail ``times`` times with ``status``, then send the page; ``after`` is Retry-After, in seconds or as ``date+N``."""
    if site.asked[request.host, request.target] > int(request.query.get("times", "2")):
        return page(article(request.path), request)
    headers = {}
    after = request.query.get("after")
    if after is not None:
        headers["Retry-After"] = formatdate(time.time() + float(after[5:]), usegmt=True) if after.startswith("date ") else after
    return Reply(int(request.query.get("status", "500")), b"busy", headers)


async def reset(site: Site, request: Request, writer: asyncio.StreamWriter) -> Reply | None:
    """Break off in the middle of the page, ``times`` times."""
    if site.asked[request.host, request.target] > int(request.query.get("times", "99")):
        return page(article(request.path), request)
    body = article(request.path)
    writer.write(Reply(200, body, _HTML).raw()[: len(body) // 2])
    await writer.drain()
    writer.transport.abort()
    return None


async def too_short(_site: Site, request: Request, writer: asyncio.StreamWriter) -> None:
    """Declare a Content-Length that is larger than the body."""
    body = article(request.path)
    writer.write(Reply(200, body, _HTML | {"Content-Length": str(len(body) + 100)}).raw())
    await writer.drain()


async def too_long(_site: Site, request: Request, writer: asyncio.StreamWriter) -> None:
    """Declare a Content-Length that is smaller than the body."""
    body = article(request.path)
    writer.write(Reply(200, body, _HTML | {"Content-Length": str(len(body) - 100)}).raw())
    await writer.drain()


async def drip(_site: Site, request: Request, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then; ``where=head`` begins with the headers."""
    raw = Reply(200, article(request.path), _HTML).raw()
    if request.query.get("where") != "head":
        writer.write(raw[:1000])
        raw = raw[1000:]
    for byte in raw:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def hang(_site: Site, _request: Request, _writer: asyncio.StreamWriter) -> None:
    """Send nothing at all."""
    await asyncio.sleep(600)


async def endless(_site: Site, _request: Request, writer: asyncio.StreamWriter) -> None:
    """Never end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>")
    while True:
        writer.write(b"and so on " * 6000)
        await writer.drain()


async def chunked(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> None:
    """Send the page in chunks."""
    _writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = article(request.path)
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        _writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    _writer.write(b"0\r\n\r\n")


async def no_http(_site: Site, _request: Request, writer: asyncio.StreamWriter) -> None:
    """Answer in another protocol than HTTP."""
    writer.write(b"220 mail.example ESMTP\r\n")


async def close(_site: Site, _request: Request, _writer: asyncio.StreamWriter) -> None:
    """Close the connection without an answer."""


async def circle(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Redirect from a to b and back."""
    other = "b" if request.path.endswith("a") else "a"
    return Reply(301, b"", {"Location": f"/fault/circle/{other}"})


async def chain(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Redirect again and again, ``n`` times."""
    left = int(request.query.get("n", "100"))
    return Reply(302, b"", {"Location": f"/fault/chain?n={left - 1}" if left > 1 else "/difaf/1"})


async def cached(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Answer 304 if the client has the page."""
    etag, changed = '"v1"', "Tue, 01 Jul 2025 10:00:00 GMT"
    if request.headers.get("if-none-match") == etag or request.headers.get("if-modified-since") == changed:
        return Reply(304, b"", {"ETag": etag})
    validators = {"Last-Modified": changed} if request.query.get("by") == "date" else {"ETag": etag}
    return page(article(request.path), request, **validators)


async def long_headers(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Send the page with as many kilobytes of headers as the query asks for."""
    headers = {f"X-Policy-{n}": "x" * 1000 for n in range(int(request.query["kilobytes"]))}
    return Reply(200, article(request.path), _HTML | headers)


async def encoded(_site: Site, request: Request, _writer: asyncio.StreamWriter) -> Reply:
    """Send the page in the content encoding that the path names."""
    name = request.path.split("/")[-1]
    encoders: dict[str, Callable[[bytes], bytes]] = {
        "br": _brotli,
        "zstd": _zstd,
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "raw-deflate": lambda data: zlib.compress(data)[2:-4],
        "gzip, br": lambda data: _brotli(gzip.compress(data)),
    }
    body = encoders[name.replace("%20", " ")](article("/difaf/1"))
    return Reply(200, body, _HTML | {"Content-Encoding": name.replace("raw-", "").replace("%20", " ")})


FAULTS: dict[str, Fault] = {
    "401": _status(401, WWW_Authenticate="Basic realm=x"),
    "403": _status(403),
    "404": _status(404),
    "410": _status(410),
    "408": _status(408),
    "418": _status(418),
    "425": _status(425),
    "204": _body(b""),
    "500": _status(500),
    "503-later": _status(503, Retry_After="86400"),
    "429-later": _status(429, Retry_After="7200"),
    "challenge-503": _status(503, cf_mitigated="challenge"),
    "burst": burst,
    "reset": reset,
    "too-short": too_short,
    "too-long": too_long,
    "drip": drip,
    "hang": hang,
    "endless": endless,
    "chunked": chunked,
    "no-http": no_http,
    "close": close,
    "circle": circle,
    "chain": chain,
    "to": _redirect("/difaf/1"),
    "to-file": _redirect("file:///etc/passwd"),
    "to-ftp": _redirect("ftp://127.0.0.1/x"),
    "to-nowhere": _redirect("http://"),
    "to-front": _redirect("/"),
    "to-login": _redirect("/login?next=/difaf/1"),
    "no-location": _status(302),
    "cached": cached,
    "long-headers": long_headers,
    "encoded": encoded,
    "encoding-unknown": _body(b"xyz", Content_Encoding="lzma9"),
    "encoding-damaged": _body(b"\x1f\x8b\x08 and no gzip", Content_Encoding="gzip"),
    "encoding-cut": _body(gzip.compress(article("/difaf/1"))[:2000], Content_Encoding="gzip"),
    "bomb-gzip": _compressed(lambda: gzip.compress(bytes(200_000_000), 9), "gzip"),
    "bomb-br": _compressed(lambda: _brotli(bytes(200_000_000), quality=5), "br"),
    "bomb-zstd": _compressed(lambda: _zstd(bytes(200_000_000)), "zstd"),
    "wrong-charset": _body(article("/difaf/1"), Content_Type="text/html; charset=iso-8859-1"),
    "picture": _body(b"\x89PNG\r\n\x1a\n" + bytes(1000), Content_Type="image/png"),
    "picture-as-page": _body(b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "json": _body(b'{"a": 1}', Content_Type="application/json"),
    "blank": _body(b"<html><body><script>render()</script></body></html>"),
    "challenge": _body(CHALLENGE),
    "login": _body(LOGIN.encode()),
    "soft-404": _body(GONE.encode()),
    "no-ticker": _body("<p>صفحة بلا شريط أخبار.</p>".encode()),
}
