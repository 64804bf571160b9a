"""A local web site: invented pages in the network's markup, and every fault that a server can have."""

from tests.site.server import Request, Site, Visit

__all__ = ["Request", "Site", "Visit"]
