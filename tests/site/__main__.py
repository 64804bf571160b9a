"""Serve the site until Ctrl-C: ``python -m tests.site``."""

import argparse
import asyncio
import contextlib

from tests.site.faults import FAULTS
from tests.site.network import SiteNetwork
from tests.site.server import Site


async def serve(site: Site, minute: float) -> None:
    """Serve, with a new edition of the news each time that ``minute``, a number of seconds, is over."""

    async def publish() -> None:
        while True:
            await asyncio.sleep(minute)
            site.edition += 1

    publishing = asyncio.create_task(publish())
    await site.serve()
    publishing.cancel()


def run(site: Site, minute: float) -> None:
    """Serve until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(site, minute))


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.site", description="Serve invented news on loopback, and faults on demand."
    )
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument(
        "--minute", type=float, default=60, metavar="SECONDS", help="seconds from one edition of the news to the next one (60)"
    )
    parser.add_argument("--articles", type=int, metavar="N", help="serve a network of 12 newspapers with N articles on three hosts")
    asked = parser.parse_args()
    if asked.articles is not None:
        network = Site(asked.port, network=SiteNetwork(asked.articles))
        hosts = ", ".join(network.url("/", host) for host in range(len(network.addresses)))
        print(f"The hosts of the network are {hosts}. Ctrl-C ends it.", flush=True)
        run(network, asked.minute)
        return
    site = Site(asked.port, addresses=("127.0.0.1",))
    print(f"A front page is at {site.url('/')}, with five new headlines every {asked.minute:g} seconds.")
    print(f"Articles are at {site.url('/difaf/1')} and every number after it.")
    print(
        f"Faults are at {site.url('/fault/404')} and {', '.join(name for name in FAULTS if name != '404')}. Ctrl-C ends it.",
        flush=True,
    )
    run(site, asked.minute)


if __name__ == "__main__":
    main()
