"""Web archives: WARC and WET, plain or compressed, record by record.

FastWARC reads the records. What it passes over in silence is watched here, on the bytes that it reads: data that break off, a
record that is shorter or longer than it says, and whatever stands between records.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from scraper.errors import BadRecord, DamagedInput, PageError, TooLarge
from scraper.models import Page, is_page_type
from scraper.sources.block_pages import block_page_error
from scraper.sources.content_coding import decode_body
from scraper.sources.items import Item, Place, ReadOptions
from scraper.sources.members import MemberStream
from scraper.sources.streams import PIECE, ByteSource
from scraper.sources.timestamps import utc_time
from scraper.sources.window import Window
from scraper.urls import is_absolute

_BEGINS: Final = b"WARC/"
_VERSION: Final = re.compile(rb"WARC/\d\.\d+\r\n")
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(r"0{0,20}[0-9]{1,15}")
"""A Content-Length below a petabyte, padded with zeros or not. Longer numbers are damage; ``int`` refuses those of over 4,300 digits."""
_MOST_HEADER: Final = 1 << 18
"""The most bytes of a record's header, and of the HTTP header in it. ``fetch --save`` writes HTTP headers as long as h11 accepts them,
some 100 KB plus one read, and addresses of up to 64 KB in record headers."""
_HEADROOM: Final = 4 * _MOST_HEADER
"""Room in the window for the headers of a page."""

_SUCCESS: Final = range(200, 300)
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([^\s"';,]+)""", re.IGNORECASE)
_ROBOTS: Final = re.compile(r"https?://[^/?#]*/robots\.txt", re.IGNORECASE)


def read_warc(source: ByteSource, compression: str | None, place: Place, request: ReadOptions) -> Iterator[Item]:
    """Read the pages of an archive: responses and resources that are pages, and the texts of WET files.

    The piece's name is the offset of the record as an index (CDX) has it: where the archive is compressed record by record, the
    offset of the compressed record. A record that is not the first in what was compressed as one has ``+`` and its offset in that.
    """
    yield from Stretch(source, compression, place, request, start=0, end=sys.maxsize, is_exact=True)


class Stretch:
    """The pages of an archive in those records, or where it is compressed those runs of members, that begin in a stretch of it.

    Args:
        source: the archive from ``start`` on.
        compression: ``gzip`` or ``zstd``, or None.
        place: where it lies.
        request: what the user said of all inputs.
        start: where the stretch begins.
        end: where it ends.
        is_exact: whether a record or run begins at ``start``; otherwise the first one is searched for.
    """

    def __init__(
        self,
        source: ByteSource,
        compression: str | None,
        place: Place,
        request: ReadOptions,
        *,
        start: int,
        end: int,
        is_exact: bool,
    ) -> None:
        self._source = source
        self._compression = compression
        self._place = place
        self._request = request
        self._start = start
        self._end = end
        self._is_exact = is_exact
        self.first: int | None = None
        """Where the first record or run begins that was found, or None; who read the stretch before knows better."""
        self.next: int | None = None
        """Where the first one behind the stretch begins, or None."""

    def __iter__(self) -> Iterator[Item]:
        most = 2 * self._request.max_bytes + _HEADROOM
        if self._compression is None:
            run = _Run(self._source, most, self._place, self._request, self._start, self._end)
            yield from run.readings(is_exact=self._is_exact)
            self.first, self.next = run.first, run.next
        else:
            yield from self._compressed(MemberStream(self._source, self._compression, _BEGINS, most, self._start), most)

    def _compressed(self, members: MemberStream, most: int) -> Iterator[Item]:
        if not self._is_exact:
            members.search()
        while members.next_run():
            if self.first is None:
                self.first = members.start
            if members.start >= self._end:
                self.next = members.start
                return
            yield from _Run(members, most, self._place, self._request).readings()
            if members.damage is not None:
                yield self._place.failed(members.damage, members.damaged_at)


class _Run:
    """Records that follow one another in uncompressed bytes, of which the first is at ``start``; those from ``end`` on are another's."""

    def __init__(
        self, source: ByteSource, most: int, place: Place, request: ReadOptions, start: int = 0, end: int = sys.maxsize
    ) -> None:
        self._members = source if isinstance(source, MemberStream) else None
        self._window = Window(source, most, start)
        self._place = place
        self._request = request
        self._start = start
        self._end = end
        self.first: int | None = None
        self.next: int | None = None

    def _name(self, position: int) -> str:
        if self._members is None:
            return str(position)
        return f"{self._members.start}+{position}" if position else str(self._members.start)

    def readings(self, *, is_exact: bool = True) -> Iterator[Item]:
        """Yield what the records are; after damage, go on with the next record that can be found."""
        from fastwarc.warc import ArchiveIterator

        window = self._window
        begin = self._start if is_exact else self._find(self._start)
        if begin is None:
            return
        last = begin  # the end of what is understood
        while True:
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
                    last = start
                    window.forget(start)
                    end = self._end_of(record, start)
                    yield self._reading(record, start)
                    last = end
            except DamagedInput as damage:
                error = damage
            except OSError:
                error = DamagedInput("what stands here is no WARC record")
            if error is None and not window.at(last, PIECE).strip():
                return
            if self._members is None or self._members.damage is None:
                while window.at(last, 2) == b"\r\n":
                    last += 2
                yield self._place.failed(
                    error or DamagedInput("the archive breaks off in the middle of a record"), self._name(last)
                )
            found = self._find(last + 1)
            if found is None:
                return
            last = found

    def _find(self, position: int) -> int | None:
        """Go to the next place from ``position`` on where a record seems to begin."""
        found = self._window.find(_BEGINS, position)
        while found is not None and _VERSION.match(self._window.at(found, 12)) is None:
            found = self._window.find(_BEGINS, found + 1)
        return found

    def _end_of(self, record: Any, start: int) -> int:
        """Return where a record ends, by what it says, which is checked.

        Raises:
            DamagedInput: if it ends elsewhere.
        """
        window = self._window
        length = record.headers.get("Content-Length") or ""
        head = window.index(_HEAD_END, start)
        if head is None or _LENGTH.fullmatch(length) is None:
            raise DamagedInput("the header of this record is broken")
        end = head + len(_HEAD_END) + int(length)
        if end - start < 2 * self._request.max_bytes:
            behind = window.at(end, 5)
            if self._members is not None and self._members.is_cut:
                raise DamagedInput("the compressed data of this record are broken")
            if window.is_at_end and window.end < end:
                raise DamagedInput(f"this record says that it has {length} bytes, and the archive ends before")
            if behind and not behind.startswith((b"\r\n", _BEGINS)):
                raise DamagedInput(f"this record says that it has {length} bytes, and does not end there")
        return end

    def _reading(self, record: Any, start: int) -> Item:
        place, name = self._place, self._name(start)
        try:
            found = _page(record, place.at(name), self._request)
        except PageError as error:
            return place.failed(error, name)
        return place.passed_over(found, name) if isinstance(found, str) else Item(place.at(name), found, None, False)


def _page(record: Any, input: str, request: ReadOptions) -> Page | str:  # noqa: PLR0911 - one for each reason
    """Return the page that a record holds, or why it is left out."""
    from fastwarc.warc import WarcRecordType

    kind = record.record_type
    if not kind & (WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion):
        return "other-record"
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    if _ROBOTS.fullmatch(url):
        return "robots.txt"
    content_type, transfer, content = record.headers.get("Content-Type"), None, None
    if record.is_http:
        try:
            record.parse_http(auto_decode="none", max_header_len=_MOST_HEADER)
        except OSError as error:
            raise BadRecord(f"its HTTP header cannot be read ({error})") from None
        headers = record.http_headers
        status = headers.status_code
        if status is None or status not in _SUCCESS:
            return "http-status"
        content_type, transfer, content = (headers.get(name) for name in ("Content-Type", "Transfer-Encoding", "Content-Encoding"))
    elif kind == WarcRecordType.response:
        return "other-record"
    media_type = (content_type or record.headers.get("WARC-Identified-Payload-Type") or "").split(";")[0].strip().lower()
    if not is_page_type(media_type or None):
        return "media-type"
    if record.content_length > 2 * request.max_bytes:
        raise TooLarge(f"the page has more than {request.max_bytes} bytes; raise --max-bytes to read it")
    if record.headers.get("WARC-Truncated"):  # whoever wrote it says that the page is not whole
        return "truncated"
    charset = _CHARSET.search(content_type or "")
    data = decode_body(record.reader.read(), content, request.max_bytes, transfer=transfer, may_be_decoded=True)
    block = block_page_error(data)
    if block is not None:
        return block.code
    return Page(
        data=data,
        input=input,
        url=request.url or (url if is_absolute(url) else None),
        fetched_at=utc_time(record.headers.get("WARC-Date")),
        charset=charset[1] if charset else None,
        media_type=media_type or None,
    )
