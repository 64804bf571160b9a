"""Addresses: parse them, resolve relative ones, and name their site."""

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

_FORBIDDEN: Final = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that no address contains, not even one that browsers repair."""
_ALLOWED: Final = f"^{_FORBIDDEN.pattern[1:-1]}"
_ORDINARY: Final = re.compile(rf"https?://(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?P<path>/[{_ALLOWED}?#]*)?(?:[?#][{_ALLOWED}]*)?")
"""An absolute address without user, port, capitals or foreign letters in its host. Nearly all addresses are, and this
pattern reads them faster than ``urlsplit``."""


def is_absolute(address: str) -> bool:
    """Return True if ``address`` is an http or https address with a host."""
    if _ORDINARY.fullmatch(address) is not None:
        return True
    if address[:4].lower() != "http":  # most links are relative
        return False
    try:
        parts = urlsplit(address)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_port and _FORBIDDEN.search(address) is None


def resolve(address: str, base: str | None) -> str | None:
    """Resolve ``address`` against ``base``; return None if it leads to no page (``javascript:``, ``mailto:``) or needs a base."""
    address = address.strip()
    try:
        joined = address if is_absolute(address) else urljoin(base or "", address)
    except ValueError:
        return None
    return joined if is_absolute(joined) else None


def needs_base(address: str) -> bool:
    """Return True if ``address`` has no scheme, so that it cannot be resolved without a base."""
    try:
        return not urlsplit(address.strip()).scheme
    except ValueError:
        return False


def site_of(url: str) -> str | None:
    """Return the host of ``url`` without ``www.``."""
    ordinary = _ORDINARY.fullmatch(url)
    host = ordinary["host"] if ordinary is not None else urlsplit(url).hostname
    return host.removeprefix("www.") if host else None


def origin_of(url: str) -> str:
    """Return the scheme, host and port of ``url``, as they are written."""
    if (ordinary := _ORDINARY.fullmatch(url)) is not None:
        return url[: ordinary.end("host")]
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def path_of(url: str) -> str:
    """Return the path of ``url``."""
    ordinary = _ORDINARY.fullmatch(url)
    return ordinary["path"] or "" if ordinary is not None else urlsplit(url).path
