"""The server: HTTP/1.1 by hand, since no library would send most of its faults."""

import asyncio
import ssl
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from tests.site.content import article, front_page
from tests.site.network import SiteNetwork
from tests.site.replies import Reply, Request, page

ROBOTS = "User-agent: *\nDisallow: /private/\n"


@dataclass
class LoggedRequest:
    """A request as the log keeps it."""

    host: str
    target: str
    headers: dict[str, str]
    began: float
    ended: float = 0.0


Fault = Callable[["Site", Request, asyncio.StreamWriter], Awaitable[Reply | None]]
"""Returns an answer, or writes anything and returns None; the connection is then closed."""


class Site:
    """The site. As a context manager it serves from a thread; ``log`` has its requests.

    It is also a proxy that answers requests for any host itself, so that real host names can be tried without a network.

    Args:
        port: where to listen; 0 for any free port.
        addresses: the addresses to listen at; each is a host of its own.
        tls: the certificate for https; as a proxy, it is used after CONNECT.
        speaks_tls: whether the site itself speaks https.
        network: what to serve instead of the front page and the endless articles; its hosts are the addresses.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        addresses: Sequence[str] = ("127.0.0.1", "127.0.0.2", "127.0.0.3"),
        tls: ssl.SSLContext | None = None,
        speaks_tls: bool = False,
        network: SiteNetwork | None = None,
    ) -> None:
        self.port = port
        self.addresses = addresses
        self.robots: dict[str, Reply] = {}
        """The answers to /robots.txt, by host name without port."""
        self.edition = 0
        self.pause = 0.0
        """The delay of each answer, in seconds."""
        self.log: list[LoggedRequest] = []
        self.asked: Counter[tuple[str, str]] = Counter()
        self.network = network
        self._tls = tls
        self._speaks_tls = speaks_tls
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()

    def url(self, path: str, host: int = 0) -> str:
        """Return an address of the site."""
        return f"http{'s' if self._speaks_tls else ''}://{self.addresses[host]}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self.serve(),))
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop.close()

    async def serve(self) -> None:
        """Answer until the site is stopped."""
        servers: list[asyncio.Server] = []
        for address in self.addresses:  # the first finds a free port, and the others use the same
            made = await asyncio.start_server(
                self._connected, address, self.port, ssl=self._tls if self._speaks_tls else None, limit=1 << 20
            )
            servers.append(made)
            self.port = made.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        for made in servers:
            made.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort() if not writer.is_closing() else None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.split("\r\n")
        method, target, _ = line.split(" ", 2)
        if method == "CONNECT":
            assert self._tls is not None
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
            return True
        headers = dict(pair.split(": ", 1) for pair in lines if ": " in pair)
        parts = urlsplit(target)
        bare = target if target.startswith("/") else target.split("/", 3)[3].join(("/", ""))
        host = (parts.hostname or urlsplit(f"//{headers.get('Host', '')}").hostname or "").lower()
        request = Request(host, parts.path, dict(parse_qsl(parts.query)), {k.lower(): v for k, v in headers.items()}, bare)
        visit = LoggedRequest(host, bare, request.headers, time.monotonic())
        self.log.append(visit)
        self.asked[host, bare] += 1
        try:
            if self.pause:
                await asyncio.sleep(self.pause)
            reply = await self.reply(request, writer)
            if reply is not None:
                visit.ended = time.monotonic()  # before the client can have it, however busy the machine is
                writer.write(reply.raw())
            await writer.drain()
        finally:
            visit.ended = visit.ended or time.monotonic()
        if reply is None or reply.headers.get("Connection") == "close":
            writer.close()
            await writer.wait_closed()
            return False
        return True

    async def reply(self, request: Request, writer: asyncio.StreamWriter) -> Reply | None:
        """Return the answer to a request."""
        from tests.site.faults import FAULTS

        path = request.path
        if path == "/robots.txt" and (self.network is None or request.host in self.robots):
            return self.robots.get(request.host, Reply(200, ROBOTS.encode(), {"Content-Type": "text/plain"}))
        if path.startswith("/fault/"):
            fault = FAULTS.get(path.split("/")[2])
            return await fault(self, request, writer) if fault is not None else Reply(404)
        if self.network is not None:
            return self.network.reply(self.addresses.index(request.host), request, self.edition)
        return page(front_page(self.edition) if path == "/" else article(path), request)
