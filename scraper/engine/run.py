"""Clean many inputs from Python, as ``scraper clean`` does."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from scraper.defaults import PAGE_TIMEOUT
from scraper.engine.counts import Counts
from scraper.engine.jobs import Filters, Job, Unknown, page_lines
from scraper.engine.loop import run_job
from scraper.engine.resumable import ResumableRun, run_digest
from scraper.engine.sinks import FileSink
from scraper.errors import OutputError
from scraper.output.files import Output
from scraper.output.formats import table_of
from scraper.records import Keys, PageRecord, columns_of
from scraper.remote import Uploads
from scraper.sources import ReadOptions

_READ_OPTIONS: Final = ReadOptions()
_ALL: Final = Filters()


def run(
    inputs: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    options: ReadOptions = _READ_OPTIONS,
    filters: Filters = _ALL,
    unknown: Unknown = "keep",
    keys: Keys = (),
    layouts: Path | None = None,
    failures: str | Path | None = None,
    processes: int = 1,
    resume: bool = False,
    report: Callable[[str], object] = print,
) -> Counts:
    """Clean inputs, and write the record of each page to a file, which appears when it is complete.

    Args:
        inputs: files and directories: pages, web archives, dumps, tables, zip archives.
        output: the file; its name decides on the format and the compression, as :mod:`scraper.output.formats` says.
        options: how inputs are read, such as the names of a dump's fields.
        filters: which records are written.
        unknown: what is done with a page of no known layout.
        keys: the keys of a line, each with the attribute of the record; all, if empty.
        layouts: a directory of layout files to use as well.
        failures: a file for the pages that fail.
        processes: the number of processes.
        resume: whether to go on where an earlier, interrupted run with the same arguments stopped.
        report: is given a sentence for each page that fails, and if the output is complete already.

    Returns:
        What happened, in numbers.

    Raises:
        LayoutError: if a layout file cannot be used.
        OutputError: if a file cannot be written, or a table should be resumed.
        ResumeError: if an interrupted run had other inputs or arguments.
    """
    names = [str(name) for name in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    table = table_of(Path(output), columns_of(PageRecord, keys))
    if table is not None and resume:
        raise OutputError(f"{output}: a {table.format.name} file cannot be appended to, and a run that writes it not resumed")
    uploads = Uploads()
    target, failed = uploads.local(Path(output)), uploads.local(Path(failures) if failures is not None else None)
    if resume and uploads.are_needed:
        raise OutputError(f"{output}: remote files are written at the end, and a run that writes them cannot be resumed")
    files = [Output(target, is_kept=resume, table=table, needs_lines=True)]
    if failed is not None:
        files.append(Output(failed, is_kept=resume))
    counts, skip = Counts(), set[tuple[int, int]]()
    sink = FileSink(counts, report, output=files[0], failures=files[1] if failures is not None else None)
    lines = partial(page_lines, keys=keys)
    job = Job(options, unknown, lines, skip, layouts, filters=filters, page_timeout=PAGE_TIMEOUT)
    with ExitStack() as opened:
        checkpoint = None
        if resume:
            digest = run_digest(job, names, keys, str(output), str(failures))
            checkpoint = opened.enter_context(ResumableRun(Path(output), digest, files, counts, report=report))
            skip.update(checkpoint.identities())
        else:
            opened.enter_context(uploads)
            for file in files:
                opened.enter_context(file)
        skip.update(*(file.identities() for file in files))
        if checkpoint is not None and checkpoint.is_complete:
            checkpoint.compare(names, options, skip)
            report(f"{output}: already complete; delete it to run again")
        elif checkpoint is None or not checkpoint.is_read:
            run_job(job, names, sink, processes=processes, checkpoint=checkpoint)
    return counts
