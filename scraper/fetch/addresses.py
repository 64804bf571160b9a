"""Addresses as they are asked for: which are fetched at all, whose turn they take, and which hosts are nobody else's business."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import httpx

from scraper.errors import BadAddress, TimedOut, UnknownHost
from scraper.urls import is_absolute, site_of


def prepare(address: str) -> str:
    """Return an address in the form in which it is sent: percent-encoded, host in lower case, without fragment.

    Raises:
        BadAddress: if it is no http or https address.
    """
    address = address.strip()
    if not is_absolute(address):
        raise BadAddress(f"{address[:200]!r} is no http or https address; write it with https:// in front")
    try:
        url = parsed(address)
    except httpx.InvalidURL as error:
        raise BadAddress(f"{address[:200]!r} is no address that can be asked for ({error})") from None
    if url.userinfo:
        raise BadAddress("the address holds a user name or a password; send such things with --header")
    path = url.raw_path.decode("ascii")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"


def parsed(address: str) -> httpx.URL:
    """Return an address, taken apart; what goes wrong with it is httpx's to say."""
    return httpx.URL(address)


def host_of(url: str) -> str:
    """Return the host whose turn a request takes: ``www.`` and the bare name are one, whatever the port."""
    return site_of(url) or ""


def is_public(ip: str) -> bool:
    """Tell whether an IP address is one of the open internet."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (mapped is None or mapped.is_global)


def resolve_host(host: str, port: int, timeout: float) -> Iterator[str]:
    """Yield the IP addresses of a host, in the order in which the system would try them.

    Raises:
        UnknownHost: if there is none.
        TimedOut: if they are not known within so many seconds.
    """
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where the answer is waited for
            answer.set_exception(error)

    # The system's resolver takes no deadline, and a thread that waits for it can only be left behind.
    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.result(timeout)
    except TimeoutError:
        raise TimedOut(f"the name {host!r} did not resolve within {timeout:.3g} seconds; raise --timeout to wait longer") from None
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"the name {host!r} does not resolve ({error}); check its spelling, or the network") from None
    for *_, place in found:
        yield str(place[0])


def is_private_host(url: str, timeout: float) -> bool:
    """Tell whether the host of ``url`` has any address that is none of the open internet.

    Raises:
        UnknownHost: if its name does not resolve.
        TimedOut: if it does not within so many seconds.
    """
    parts = urlsplit(url)
    return any(not is_public(ip) for ip in resolve_host(parts.hostname or "", parts.port or 0, timeout))
