"""Every error that this program raises on purpose.

    ScraperError
    ├── LayoutError            a layout file is wrong            (exit 2)
    ├── OutputError            the output cannot be written      (exit 1)
    │   └── ReaderGone         whoever read the output has closed it (exit 141)
    ├── ClaimError             two rules claimed the same text   (our mistake)
    └── PageError              one page failed; the run goes on  (exit 1)
        ├── MissingInput       missing           no such file or directory
        ├── UnreadableInput    unreadable        it is there, but cannot be read
        ├── EmptyInput         empty             not one readable character, or a directory of nothing
        ├── NotText            not-text          a picture, an archive, a program
        ├── TooLarge           too-large         more bytes than --max-bytes
        ├── DamagedInput       damaged           a container or a compressed file that is broken off or broken
        ├── BadRecord          bad-record        a line, row or archive record that holds no page in the agreed form
        ├── UnknownLayout      unknown-layout    no layout fits, and the user asked to fail then
        ├── AmbiguousLayout    ambiguous-layout  two layouts fit
        ├── ParserLostText     parser-lost-text  the HTML parser dropped the end of the page
        ├── Unaccounted        unaccounted       the audit found a character missing or doubled (our mistake)
        └── InternalError      internal-error    anything else that went wrong with one page        (our mistake)

A message is one sentence: what is wrong, with the value, and the remedy. The place (the input's name) is added
by whoever knows it.
"""

from typing import ClassVar


class ScraperError(Exception):
    """The root of the tree above."""


class LayoutError(ScraperError):
    """A layout file that cannot be used; the message names the file and the place in it.

    Args:
        place: the file, or the directory where layout files should be.
        faults: all that is wrong; the message tells the first.
    """

    def __init__(self, place: str, *faults: str) -> None:
        more = f" (and {len(faults) - 1} more, which `scraper layouts check` lists)" if len(faults) > 1 else ""
        super().__init__(f"{place}: {faults[0]}{more}")
        self.place = place
        self.faults = faults


class OutputError(ScraperError):
    """An output that cannot be opened, written or renamed."""


class ReaderGone(OutputError):
    """The reader of a pipe has closed it: it has seen enough."""


class ClaimError(ScraperError):
    """A claim outside the text, of nothing, or of text that is already claimed: a mistake in a rule's code."""


class PageError(ScraperError):
    """One page that gives no record. ``code`` is stable, for scripts; the message is for people."""

    code: ClassVar[str]


class MissingInput(PageError):
    """There is no such file or directory."""

    code = "missing"


class UnreadableInput(PageError):
    """It exists, but the system refuses to read it."""

    code = "unreadable"


class EmptyInput(PageError):
    """Nothing that a reader could see."""

    code = "empty"


class NotText(PageError):
    """Bytes that are no text in any encoding."""

    code = "not-text"


class TooLarge(PageError):
    """More bytes than the user allows for one page."""

    code = "too-large"


class DamagedInput(PageError):
    """Compressed data, or a container of many pages, that is broken off or broken at some place."""

    code = "damaged"


class BadRecord(PageError):
    """One line, row or record of a container that does not hold a page in the form that was agreed on."""

    code = "bad-record"


class UnknownLayout(PageError):
    """No layout fits the page, and ``--unknown fail`` was asked for."""

    code = "unknown-layout"


class AmbiguousLayout(PageError):
    """More than one layout fits the page."""

    code = "ambiguous-layout"


class ParserLostText(PageError):
    """The parser did not reach the end of the page, even after mending."""

    code = "parser-lost-text"


class Unaccounted(PageError):
    """The audit does not add up: the record is withheld."""

    code = "unaccounted"


class InternalError(PageError):
    """Something that no other error foresees; the page is withheld, and the run goes on."""

    code = "internal-error"
