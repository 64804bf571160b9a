"""Addresses as they are requested: their normal form, the host they belong to, and whether that host is public."""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from w3lib.url import canonicalize_url, url_query_cleaner

from scraper.errors import BadAddress, TimedOut, UnknownHost
from scraper.urls import is_absolute, site_of

_NOT_PUBLIC: Final = (
    ipaddress.ip_network("192.0.0.0/24"),  # IETF protocol assignments, RFC 6890, 2.2.2
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relay anycast, withdrawn by RFC 7526
    ipaddress.ip_network("2001::/32"),  # Teredo, RFC 4380: a tunnel to an IPv4 address behind a NAT
    ipaddress.ip_network("3fff::/20"),  # documentation, RFC 9637
)
"""Networks that not every supported Python knows to be special."""
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses that IANA assigns to the internet (RFC 4291, 2.4).

Outside it are site-local addresses (``fec0::/10``, RFC 3879), the IPv4-compatible (``::/96``, RFC 4291, 2.5.5.1) and IPv4-translated
ones (``::ffff:0:0:0/96``, RFC 2765, 2.1), and NAT64 for local use (``64:ff9b:1::/48``, RFC 8215).
"""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as IPv6-only networks write them (RFC 6052, 2.1)."""


_HOST: Final = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]+(?::\d{1,5})?(?:[/?#]|$)")
"""The host, with a dot in it, at the beginning of an address without a scheme."""
_TRACKING: Final = re.compile(
    # Analytics, mailings, advertisers and social networks: the parameters that AdGuard strips on every site and that links to news
    # have (https://github.com/AdguardTeam/AdguardFilters/blob/master/TrackParamFilter/sections/general_url.txt has the origins),
    # and a few more that courlan strips (courlan/clean.py).
    r"(?:(?:utm|mtm|pk|itm|hsa|mc|ga|vero|oly|fb_action|cx|guce)_[\w-]+|fb_ref|fb_source|_ga|_gl|__hs\w+|_hsenc|_hsmi|hsctatracking|_openstat"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|twclid|ttclid|yclid|ysclid|igshid|igsh|srsltid|usqp|mkt_tok|s_cid|wt_mc|xtor|cmpid"
    r"|ml_subscriber(?:_hash)?|_branch_match_id|guccounter|wickedid"
    # Sessions that Heritrix strips (https://github.com/internetarchive/heritrix3, StripSessionIDs and StripSessionCFIDs).
    r"|jsessionid|phpsessid|aspsessionid\w*|cfid|cftoken|session_?id)(?:=.*)?"
    # In PHP-Nuke, ``sid`` is the number of a story; only a value as long as a session id is one.
    r"|sid=[0-9a-z]{26,}",
    re.IGNORECASE,
)
"""Parameters of a query that identify the visitor or the referring page, not the page itself."""
_SESSION_IN_PATH: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*|/\((?:[A-Z]\([0-9a-z]{24}\))+\)(?=/)", re.IGNORECASE)
"""Session ids in paths, for readers without cookies, as servlets (Jakarta Servlet 6.0, 7.1.3), JSF and ASP.NET write them."""
_ORIGIN: Final = re.compile(r"https?://(?:www\.(?=[^/?#:.]))*([^/?#]*?)(?::(?:80|443)?)?(?=[/?#]|$)")


@lru_cache(maxsize=1 << 13)  # an address is prepared when it is found, requested and stored
def prepare(address: str) -> str:
    """Return an address in the form in which it is sent: percent-encoded, host in lower case, without fragment.

    An address that begins with a host gets ``https://`` in front.

    >>> prepare("Maghress.com/difaf/1?a=é#top")
    'https://maghress.com/difaf/1?a=%C3%A9'

    Raises:
        BadAddress: if it is not an http or https address.
    """
    address = address.strip()
    if _HOST.match(address):
        address = f"https://{address}"
    if not is_absolute(address):
        raise BadAddress(f"{address[:200]!r} is not an http or https address; write it with https:// in front")
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise BadAddress(f"{address[:200]!r} is not an address that can be requested ({error})") from None
    if b"\\" in url.raw_host:
        raise BadAddress(f"{address[:200]!r} has a backslash in its host; write a slash")
    if url.userinfo:
        raise BadAddress("the address has a user name or a password in it; send credentials with --header")
    path = url.raw_path.decode("ascii")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"


def without_session(address: str) -> str:
    """Return an address without session ids, tracking parameters and fragment, none of which identify the page."""
    address = _SESSION_IN_PATH.sub("", address.partition("#")[0])
    _, mark, query = address.partition("?")
    tracking = [pair.partition("=")[0] for pair in query.split("&") if _TRACKING.fullmatch(pair)] if mark else []
    return url_query_cleaner(address, tracking, remove=True, unique=False) if tracking else address


@lru_cache(maxsize=1 << 13)
def fold(address: str) -> str:
    """Return the key under which a crawl knows an address: one for all addresses that differ only in how they are written.

    It has no ``https``, ``www.``, default port, fragment, trailing slash, session id or tracking parameter; its query is sorted,
    and its percent-encoding is normalised. The key is an address whose own key is itself; it does not always lead to the page.

    >>> fold("https://www.maghress.com:443/difaf/1/?utm_source=x&b=2&a=1#top")
    'http://maghress.com/difaf/1?a=1&b=2'

    Args:
        address: any address; one that cannot be requested is its own key.
    """
    try:
        url = canonicalize_url(address)
        while (shorter := _without_ending(without_session(url))) != url:
            url = canonicalize_url(shorter)
    except ValueError:
        return address
    origin = _ORIGIN.match(url)
    return f"http://{origin[1]}{url[origin.end() :]}" if origin is not None else address


def _without_ending(url: str) -> str:
    """Return a canonical address without slashes and empty parameters at the end of its path, unless the path is a single slash."""
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/;') if path.count('/') > 3 else path}{mark}{query}"


def host_of(url: str) -> str:
    """Return the host by which requests are throttled: without ``www.`` and port."""
    return site_of(url) or ""


def is_public(ip: str) -> bool:
    """Return True if an IP address belongs to the public internet.

    An IPv6 address that contains an IPv4 address (mapped, 6to4, NAT64) is public if the IPv4 address is.
    """
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        ipv4 = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            ipv4 = ipaddress.IPv4Address(address.packed[-4:])
        if ipv4 is not None:
            return is_public(str(ipv4))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def resolve_host(host: str, port: int, timeout: float) -> Iterator[str]:
    """Yield the IP addresses of a host, in the order in which the system would try them.

    Args:
        host: a name or an IP address.
        port: the port.
        timeout: how long to wait, in seconds.

    Raises:
        UnknownHost: if there is none.
        TimedOut: if the name does not resolve in time.
    """
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised again in the waiting thread
            answer.set_exception(error)

    # getaddrinfo takes no deadline, and a thread that is blocked in it cannot be stopped.
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
    """Return True if any address of the host of ``url`` is not public.

    Args:
        url: an address with a host.
        timeout: how long to wait for the name to resolve, in seconds.

    Raises:
        UnknownHost: if its name does not resolve.
        TimedOut: if the name does not resolve in time.
    """
    parts = urlsplit(url)
    return any(not is_public(ip) for ip in resolve_host(parts.hostname or "", parts.port or 0, timeout))
