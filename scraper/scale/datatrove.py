"""A step of a datatrove pipeline that turns the documents of its readers into clean ones."""

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from scraper.defaults import MAX_BYTES, PAGE_TIMEOUT
from scraper.engine.jobs import Filters, ItemResult, RunOptions, Unknown, clean_item, failed, layouts_of, page_lines, time_limit_of
from scraper.errors import PageError, not_installed
from scraper.sources import Failed, ReadOptions
from scraper.sources.block_pages import block_page_error
from scraper.sources.fields import page_of

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.writers.disk_base import DiskWriter
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise ImportError(not_installed(f"this step needs {error.name}, which", "datatrove")) from None

Archive = Literal["warc", "wet"]

_TEXT: Final = "text"
_MEDIA_TYPES: Final[dict[Archive | None, str | None]] = {"warc": "text/html", "wet": "text/plain", None: None}
_ALL: Final = Filters()


class CleanPages(PipelineStep):  # type: ignore[misc]  # datatrove brings no types
    """Turns each document into the record that ``scraper clean`` makes from the page.

    The text becomes that of the article, and the metadata become the other fields of the record, ``id`` included. All metadata of the
    reader are replaced; its ``file_path`` and the document's id are in ``input``.

    Args:
        archive: ``warc`` for HTML from a web archive, ``wet`` for its text, as WarcReader reads them; None for a dump. From archives,
            block pages are dropped, as ``scraper clean`` drops them.
        filters: the filters of records.
        unknown: how to treat a page of no known layout.
        layouts: a directory of layout files to use as well; every worker must have it.
        url_field: the metadata with the address of the page.
        date_field: the metadata with the time of the fetch; None if there is none.
        max_bytes: the most bytes of a page.
        page_timeout: seconds that cleaning a page may take.
        exclusion_writer: takes the documents that are dropped, unchanged but for the metadata ``filter_reason`` and, for failures,
            ``filter_message``.

    Raises:
        LayoutError: if a layout file cannot be used.
    """

    type = "🧹 - CLEANER"
    name = "scraper"

    def __init__(
        self,
        *,
        archive: Archive | None = None,
        filters: Filters = _ALL,
        unknown: Unknown = "keep",
        layouts: Path | None = None,
        url_field: str = "url",
        date_field: str | None = "date",
        max_bytes: int = MAX_BYTES,
        page_timeout: float | None = PAGE_TIMEOUT,
        exclusion_writer: DiskWriter | None = None,
    ) -> None:
        super().__init__()
        layouts_of(layouts)
        self.exclusion_writer = exclusion_writer
        self._archive = archive
        self._options = ReadOptions(max_bytes=max_bytes, text_field=_TEXT, url_field=url_field, date_field=date_field)
        chosen = RunOptions(self._options, filters, unknown, layouts=layouts, page_timeout=page_timeout)
        self._job = chosen.job(page_lines, counts_characters=False)

    def run(self, data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Yield the clean document of each page.

        Args:
            data: the documents of a reader.
            rank: the number of the task.
            world_size: how many tasks there are.
        """
        with ExitStack() as at_end:
            at_end.callback(time_limit_of(self._job.page_timeout).restore)
            writer = at_end.enter_context(self.exclusion_writer or nullcontext())
            for document in data:
                self.stat_update(StatHints.total)
                with self.track_time():
                    result = self._cleaned(document)
                    fields = msgspec.json.decode(result.lines) if result.lines else None
                if fields is not None:
                    yield self._forward(fields)
                    continue
                self._drop(document, result)
                if writer is not None:
                    writer.write(document, rank)

    def _cleaned(self, document: Document) -> ItemResult:
        metadata = document.metadata
        name = f"{metadata['file_path']}#{document.id}" if "file_path" in metadata else document.id
        try:
            page = page_of({**metadata, _TEXT: document.text}, name, self._options)
        except PageError as error:
            return failed(Failed(name, error, False), error)
        if self._archive is not None and (block := block_page_error(page.octets)) is not None:
            return ItemResult(left_out=block.code)
        page = msgspec.structs.replace(page, media_type=_MEDIA_TYPES[self._archive])
        return clean_item(self._job, page)

    def _forward(self, fields: dict[str, Any]) -> Document:
        self.stat_update(StatHints.forwarded, f"kind_{fields['kind']}", *(f"warning_{name}" for name in fields["warnings"]))
        clean = Document(text=fields.pop("text"), id=fields["id"], metadata=fields)
        self.update_doc_stats(clean)
        return clean

    def _drop(self, document: Document, result: ItemResult) -> None:
        failure = result.failure
        reason = failure.code if failure is not None else result.left_out
        document.metadata["filter_reason"] = reason
        if failure is not None:
            document.metadata["filter_message"] = failure.message
        self.stat_update(StatHints.dropped, f"dropped_{reason}")
