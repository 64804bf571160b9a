"""Web archives: WARC and WET, plain or compressed.

FastWARC reads the records, and silently skips truncated data, records that are shorter or longer than they declare, and bytes
between records. This module finds such damage in the bytes that FastWARC has read.
"""

import re
import sys
from collections.abc import Generator, Iterator
from typing import Any, Final

from scraper.errors import BadRecord, DamagedInput, PageError, worker_died
from scraper.models import Page, is_page_type
from scraper.provenance import utc_time
from scraper.sources.block_pages import block_page_error
from scraper.sources.compression import decode_body
from scraper.sources.content_type import parse_content_type
from scraper.sources.items import ArchiveGuard, Guard, Item, Place, ReadOptions
from scraper.sources.recovery import REST, MemberStream, Window
from scraper.sources.streams import PIECE, ByteSource, too_large
from scraper.urls import is_absolute

_MAGIC: Final = b"WARC/"
_VERSION: Final = re.compile(rb"WARC/\d\.\d+\r\n")
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(r"0{0,20}[0-9]{1,15}")
"""A Content-Length below a petabyte, padded with zeros or not. Longer numbers are damage; ``int`` rejects over 4,300 digits."""
_MOST_HEADER: Final = 1 << 18
"""The most bytes of a record's header, and of the HTTP header in it. ``fetch --save`` writes HTTP headers as long as h11 accepts them,
some 100 KB plus one read, and addresses of up to 64 KB in record headers."""
HEADROOM: Final = 4 * _MOST_HEADER
"""Bytes in the window for the headers of a page."""

_SUCCESS: Final = range(200, 300)
_METADATA: Final = "metadata://"
"""The addresses under which wget stores data of its own run: its arguments, its log, a list of files."""
_ROBOTS: Final = re.compile(r"https?://[^/?#]*/robots\.txt", re.IGNORECASE)


def read_warc(source: ByteSource, compression: str | None, place: Place, options: ReadOptions, guard: Guard) -> Iterator[Item]:
    """Read the pages of an archive: responses and resources that are pages, and the texts of WET files.

    A piece is named by the offset of its record, as in an index (CDX). In a compressed archive that is the offset of the compressed
    record; if several records were compressed together, ``+`` and the offset among the decompressed bytes follow.

    Args:
        source: the archive.
        compression: ``gzip`` or ``zstd``, or None.
        place: where it comes from.
        options: the options of all inputs.
        guard: is asked before each record is read.
    """
    yield from WarcSlice(source, compression, place, options, start=0, end=sys.maxsize, is_exact=True, guard=guard)


class WarcSlice:
    """The pages of the records, or in a compressed archive of the runs of members, that begin in a range of its bytes.

    Args:
        source: the archive from ``start`` on.
        compression: ``gzip`` or ``zstd``, or None.
        place: where it comes from.
        options: the options of all inputs.
        start: the first byte of the range.
        end: the end of the range.
        is_exact: whether a record or run begins at ``start``; otherwise the first one is searched for.
        guard: is asked before each record or member is read.
    """

    def __init__(
        self,
        source: ByteSource,
        compression: str | None,
        place: Place,
        options: ReadOptions,
        *,
        start: int,
        end: int,
        is_exact: bool,
        guard: Guard,
    ) -> None:
        self._source = source
        self._compression = compression
        self._place = place
        self._options = options
        self._start = start
        self._end = end
        self._is_exact = is_exact
        self._guard = guard.open_archive()
        self.first: int | None = None
        """The offset of the first record or run that was found, or None. The preceding range may show that none begins there."""
        self.next: int | None = None
        """The offset of the first record or run after the range, or None."""

    def __iter__(self) -> Iterator[Item]:
        capacity = 2 * self._options.max_bytes + HEADROOM
        if self._compression is None:
            records = _RecordReader(self._source, capacity, self._place, self._options, self._guard, self._start, self._end)
            for item in records.items(is_exact=self._is_exact):
                self.first = records.first
                yield item
            self.first, self.next = records.first, records.next
        else:
            members = MemberStream(
                self._source, self._compression, _MAGIC, capacity, self._guard, self._start, is_exact=self._is_exact
            )
            yield from self._compressed(members, capacity)

    def _compressed(self, members: MemberStream, capacity: int) -> Iterator[Item]:
        while members.next_run():
            if self.first is None:
                self.first = members.start
            if members.start >= self._end:
                self.next = members.start
                return
            if not members.is_given_up:
                yield from _RecordReader(members, capacity, self._place, self._options, self._guard).items()
            if members.damage is not None:
                if members.is_given_up and members.damaged_at >= self._end:
                    self.next = members.damaged_at  # who reads from there on says so
                    return
                yield self._place.failed(members.damage, members.damaged_at)


class _RecordReader:
    """Successive uncompressed records that begin from ``start`` on and before ``end``."""

    def __init__(
        self,
        source: ByteSource,
        capacity: int,
        place: Place,
        options: ReadOptions,
        guard: ArchiveGuard,
        start: int = 0,
        end: int = sys.maxsize,
    ) -> None:
        self._members = source if isinstance(source, MemberStream) else None
        self._window = Window(source, capacity, start)
        self._place = place
        self._options = options
        self._start = start
        self._end = end
        self._guard = guard
        self.first: int | None = None
        self.next: int | None = None

    def _name(self, position: int) -> str:
        if self._members is None:
            return str(position)
        return f"{self._members.start}+{position}" if position else str(self._members.start)

    def _spot(self, position: int) -> tuple[int, int]:
        return (position, 0) if self._members is None else (self._members.start, position)

    def items(self, *, is_exact: bool = True) -> Iterator[Item]:
        """Yield an item for each record. After damage, continue at the next record that is found."""
        from fastwarc.warc import ArchiveIterator

        window = self._window
        found = self._start if is_exact else self._find(self._start)
        while found is not None:
            if self._guard.gives_up(*self._spot(found)):
                found = yield from self._give_up(found)
                continue
            position = found  # the end of the last valid record
            following: int | None = None  # where a record begins that is given up
            self._guard.note(*self._spot(position))
            error: PageError | None = None
            try:
                records: Any = ArchiveIterator(
                    window, parse_http=False, stream_detect=False, fsspec_args=False, max_header_len=_MOST_HEADER
                )
                for record in records:
                    start = record.stream_pos
                    if self.first is None:
                        self.first = start
                    if start >= self._end:
                        self.next = start
                        return
                    position = start
                    window.forget(start)
                    end = self._end_of(record, start)
                    yield self._item(record, start)
                    position = end
                    following = self._next_given_up(start, end)
                    if following is not None:
                        break
            except DamagedInput as damage:
                error = damage
            except OSError:
                error = DamagedInput("there is no WARC record here")
            if following is not None:
                found = following
                continue
            if error is None and not window.at(position, PIECE).strip():
                return
            if self._members is None or self._members.damage is None or self._members.is_given_up:
                position = self._after_breaks(position)
                yield self._place.failed(
                    error or DamagedInput("the archive is truncated in the middle of a record"), self._name(position)
                )
            found = self._find(position + 1)

    def _give_up(self, position: int) -> Generator[Item, None, int | None]:
        """Yield the failure of a record that is given up, and return where the next one begins; None for none."""
        if self._members is not None:
            yield self._place.failed(worker_died("read", REST), self._name(position))
            self._members.leave()
            return None
        self.first = position if self.first is None else self.first
        if position >= self._end:
            self.next = position
            return None
        yield self._place.failed(worker_died("read", ", and the next record was searched for after it"), self._name(position))
        return self._find(position + 1)

    def _next_given_up(self, start: int, end: int) -> int | None:
        """Note where the record after this one begins, and return it if it is given up.

        Two line breaks end a record. In a run, nothing is noted after the last record, or after one that is too large to be kept.
        """
        if not self._guard.is_noting:
            return None
        is_small = end - start < 2 * self._options.max_bytes  # as in _end_of
        position = self._after_breaks(end) if is_small else end + len(_HEAD_END)
        if self._members is not None and not (is_small and self._window.at(position, 1)):
            return None
        self._guard.note(*self._spot(position))
        return position if self._guard.gives_up(*self._spot(position)) else None

    def _after_breaks(self, position: int) -> int:
        while piece := self._window.at(position, len(_HEAD_END)):
            bare = piece.lstrip(b"\r\n")
            position += len(piece) - len(bare)
            if bare:
                break
        return position

    def _find(self, position: int) -> int | None:
        """Move to the next offset from ``position`` on where a record seems to begin, and return it."""
        found = self._window.find(_MAGIC, position)
        while found is not None and _VERSION.match(self._window.at(found, 12)) is None:
            found = self._window.find(_MAGIC, found + 1)
        return found

    def _end_of(self, record: Any, start: int) -> int:
        """Return the end of a record by its Content-Length, and check that it ends there.

        Raises:
            DamagedInput: if it does not.
        """
        window = self._window
        length = record.headers.get("Content-Length") or ""
        head = window.index(_HEAD_END, start)
        if head is None or _LENGTH.fullmatch(length) is None:
            raise DamagedInput("the header of this record is damaged")
        end = head + len(_HEAD_END) + int(length)
        if end - start < 2 * self._options.max_bytes:
            following = window.at(end, len(_MAGIC))
            if self._members is not None and not window.at(self._after_breaks(end), len(_MAGIC)).startswith(_MAGIC):
                window.at(end, PIECE)  # the checksum of the member, which follows, may show that its last bytes are damaged
            if self._members is not None and self._members.is_cut:
                raise DamagedInput("the compressed data of this record are damaged")
            if window.is_at_end and window.end < end:
                is_given_up = self._members is not None and self._members.is_given_up
                raise DamagedInput(
                    f"this record declares {length} bytes, and {'what follows was not read' if is_given_up else 'the archive ends before'}"
                )
            if following and not following.startswith((b"\r\n", _MAGIC)):
                raise DamagedInput(f"this record declares {length} bytes, and does not end there")
        return end

    def _item(self, record: Any, start: int) -> Item:
        place, name = self._place, self._name(start)
        try:
            self._guard.check(*self._spot(start))
            page = _page(record, place.at(name), self._options)
        except PageError as error:
            return place.failed(error, name)
        return place.skipped(page, name) if isinstance(page, str) else page


def _page(record: Any, input: str, options: ReadOptions) -> Page | str:  # noqa: PLR0911 - one for each reason
    """Return the page in a record, or why the record is skipped."""
    from fastwarc.warc import WarcRecordType

    kind = record.record_type
    if not kind & (WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion):
        return "other-record"
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    if url.startswith(_METADATA):
        return "other-record"
    if _ROBOTS.fullmatch(url):
        return "robots.txt"
    headers, transfer, content = record.headers, None, None
    if record.is_http:
        try:
            record.parse_http(auto_decode="none", max_header_len=_MOST_HEADER)
        except OSError as error:
            raise BadRecord(f"its HTTP header cannot be read ({error})") from None
        headers = record.http_headers
        status = headers.status_code
        if status is None or status not in _SUCCESS:
            return "http-status"
        transfer, content = headers.get("Transfer-Encoding"), headers.get("Content-Encoding")
    elif kind == WarcRecordType.response:
        return "other-record"
    media_type, charset = parse_content_type(headers.get_multiple("Content-Type"))
    if media_type is None:
        media_type = parse_content_type(record.headers.get_multiple("WARC-Identified-Payload-Type")).media_type
    if not is_page_type(media_type):
        return "media-type"
    if record.content_length > 2 * options.max_bytes:
        raise too_large("page", options.max_bytes)
    if record.headers.get("WARC-Truncated"):  # the writer declares that the page is incomplete
        return "truncated"
    data = decode_body(record.reader.read(), content, options.max_bytes, transfer=transfer, may_be_decoded=True)
    block = block_page_error(data)
    if block is not None:
        return block.code
    return Page(
        data=data,
        input=input,
        url=options.url or (url if is_absolute(url) else None),
        fetched_at=utc_time(record.headers.get("WARC-Date")),
        charset=charset,
        media_type=media_type,
        is_named=False,
    )
