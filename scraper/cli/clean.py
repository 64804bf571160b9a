"""The command ``clean``."""

from typing import Annotated

from scraper.cli.options import RUNS, DedupOption, Options, ResumeOption, SpansOption, option, sharing


@sharing(Options)
def clean(
    options: Options,
    spans: SpansOption = None,
    dedup: DedupOption = False,
    resume: ResumeOption = False,
    dask: Annotated[
        str | None,
        option(
            RUNS,
            metavar="ADDRESS",
            help="Clean on the Dask cluster of this scheduler, or 'local', and write parts to the directory -o.",
        ),
    ] = None,
) -> None:
    """Turn saved pages into JSON Lines, one record per page.

    Examples:
        scraper clean saved/ -o pages.jsonl
        scraper clean dump.jsonl.gz -o '{site}/{year}.parquet'
        scraper clean - --url https://a.example/1 < page.html
    """
    from scraper.cli.runs import run_on_files

    if dask is not None:
        from scraper.cli.dask_run import run_on_dask

        run_on_dask(options, spans, dask, dedup=dedup, resume=resume)
    else:
        run_on_files(options, "page", spans, dedup=dedup, resume=resume)
