"""The invented network is what the tests of a crawl take it for."""

from scraper import Page, clean
from tests.site import Network
from tests.site.replies import Request

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def test_each_article_of_the_network_is_read_as_one() -> None:
    """Each address that the network calls an article's gives a page that is an article of that newspaper."""
    network = Network(120)
    articles = network.articles()
    assert {article.shown_in for article in articles.values()} == {"list"} | (
        {"feed", "sitemap", "ticker"} if len(articles) > 60 else set()
    )
    for (host, path), article in articles.items():
        reply = network.reply(host, Request(HOSTS[host], path, {}, {"host": HOSTS[host]}, path), 0)
        record = clean(Page(data=reply.body, url=f"http://{HOSTS[host]}{path}")).record
        assert (reply.status, record.kind, record.newspaper_slug) == (200, "article", article.slug)
