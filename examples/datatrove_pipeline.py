"""Clean a directory of web archives with datatrove, on two cores of this machine."""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import JsonlWriter

from scraper import Filters
from scraper.scale.datatrove import CleanPages

if __name__ == "__main__":
    source, target = sys.argv[1:]
    step = CleanPages(
        archive="warc",
        unknown="skip",
        filters=Filters(langs=frozenset(["ar", "fr"])),
        exclusion_writer=JsonlWriter(f"{target}/dropped", compression=None),
    )
    LocalPipelineExecutor(
        pipeline=[WarcReader(source), step, JsonlWriter(f"{target}/clean", compression=None, expand_metadata=True)],
        tasks=2,
        workers=2,
        logging_dir=f"{target}/logs",
    ).run()
