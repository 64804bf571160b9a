"""A local web site: invented pages in the network's markup, and every fault that a server can have."""

from tests.site.network import SiteNetwork
from tests.site.replies import Reply, Request
from tests.site.server import LoggedRequest, Site

__all__ = ["LoggedRequest", "Reply", "Request", "Site", "SiteNetwork"]
