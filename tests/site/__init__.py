"""A local web site: invented pages in the network's markup, and every fault that a server can have."""

from tests.site.network import Network
from tests.site.replies import Reply, Request
from tests.site.server import Site, Visit

__all__ = ["Network", "Reply", "Request", "Site", "Visit"]
