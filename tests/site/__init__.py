"""A site of the project's own, on loopback: invented pages in the network's shape, and every fault that a server can have."""

from tests.site.server import Request, Site, Visit

__all__ = ["Request", "Site", "Visit"]
