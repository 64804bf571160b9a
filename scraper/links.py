"""Addresses: which are absolute, of which site, and where a relative one leads."""

from urllib.parse import urljoin, urlsplit


def is_absolute(address: str) -> bool:
    """Tell whether ``address`` is an http or https address with a host."""
    try:
        parts = urlsplit(address.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def resolve(address: str, base: str | None) -> str | None:
    """Return where ``address`` leads from ``base``, or None where that is unknown or no page (``javascript:``, ``mailto:``)."""
    address = address.strip()
    try:
        joined = address if is_absolute(address) else urljoin(base or "", address)
    except ValueError:
        return None
    return joined if is_absolute(joined) else None


def needs_base(address: str) -> bool:
    """Tell whether ``address`` says nothing without a base: it names no scheme."""
    try:
        return not urlsplit(address.strip()).scheme
    except ValueError:
        return False


def site_of(url: str) -> str | None:
    """Return the host of ``url`` without ``www.``."""
    host = urlsplit(url).hostname
    return host.removeprefix("www.") if host else None


def path_of(url: str) -> str:
    """Return the path of ``url``."""
    return urlsplit(url).path
