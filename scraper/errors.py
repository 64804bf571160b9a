"""Every error that this program raises on purpose.

    ScraperError
    ├── LayoutError            a layout file is wrong            (exit 2)
    ├── OutputError            the output cannot be written      (exit 1)
    │   └── ReaderGone         whoever read the output has closed it (exit 141)
    ├── ResumeError            a run cannot go on where another stopped (exit 2)
    ├── StateError             the state cannot be used, or another run holds it (exit 1)
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
        ├── TooComplex         too-complex       more elements, levels or lines than can be read in linear time and memory
        ├── Unaccounted        unaccounted       the audit found a character missing or doubled (our mistake)
        ├── FetchError         a page of a site that could not be had; * marks what another try may have
        │   ├── BadAddress         bad-address         no http or https address
        │   ├── Disallowed         robots              the site's robots.txt asks not to fetch it
        │   ├── RobotsUnreachable  robots-unreachable  * whether that is allowed could not be learnt
        │   ├── UnknownHost        unknown-host        * the name does not resolve
        │   ├── ConnectionFailed   connection          * refused, reset, or ended in the middle of a page
        │   ├── TimedOut           timeout             * not complete within --timeout
        │   ├── BadCertificate     bad-certificate     whoever answers cannot show that it is this host
        │   ├── BadRedirect        redirect            in circles, to no page, or from a public to a private address
        │   ├── BadEncoding        bad-encoding        compressed in a way that is unknown or damaged
        │   ├── NotFound           not-found           404, 410, and pages that say so in words
        │   ├── Blocked            blocked             a challenge, a login page, 401, 403
        │   ├── RateLimited        rate-limited        * 429, or a wait asked for that is longer than a run should wait
        │   ├── ServerFailed       server-error        * 5xx
        │   └── BadStatus          http-status         any other status that is no page
        ├── NoHeadlines        no-headlines      --ticker-only, and the page has no ticker that could be read
        ├── WorkerDied         worker-died       the process that worked on the page was killed, or crashed
        └── InternalError      internal-error    anything else that went wrong with one page        (our mistake)

A message is one sentence: what is wrong, with the value, and the remedy. The place (the input's name) is added
by whoever knows it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
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


class ResumeError(ScraperError):
    """A run that was to do something else, or whose input cannot be read twice."""


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


class TooComplex(PageError):
    """More elements, levels, attributes or lines than a page can have and still be read in linear time and memory."""

    code = "too-complex"


class Unaccounted(PageError):
    """The audit does not add up: the record is withheld."""

    code = "unaccounted"


class WorkerDied(PageError):
    """The process that worked on the page ended without a word: out of memory, or a crash in a library."""

    code = "worker-died"


class InternalError(PageError):
    """Something that no other error foresees; the page is withheld, and the run goes on."""

    code = "internal-error"


class StateError(ScraperError):
    """A state that is no state of this program, that does not fit its files, or that another run holds."""


class FetchError(PageError):
    """A page of a site that could not be had."""

    is_passing: ClassVar[bool] = False
    """Whether it may be had at another time, so that trying again makes sense."""


class BadAddress(FetchError):
    """No http or https address."""

    code = "bad-address"


class Disallowed(FetchError):
    """The site's robots.txt asks programs not to fetch it."""

    code = "robots"


class RobotsUnreachable(FetchError):
    """The site's robots.txt could not be had, so nothing is allowed (RFC 9309, 2.3.1.4)."""

    code = "robots-unreachable"
    is_passing = True


class UnknownHost(FetchError):
    """The host's name does not resolve."""

    code = "unknown-host"
    is_passing = True


class ConnectionFailed(FetchError):
    """The connection could not be made, or broke before the answer was whole."""

    code = "connection"
    is_passing = True


class TimedOut(FetchError):
    """The answer was not whole within the time that the user allows."""

    code = "timeout"
    is_passing = True


class BadCertificate(FetchError):
    """Whoever answers cannot show that it is the host asked for."""

    code = "bad-certificate"


class BadRedirect(FetchError):
    """A redirect that is not followed."""

    code = "redirect"


class BadEncoding(FetchError):
    """A content-encoding that is unknown, or a body that is not encoded as it says."""

    code = "bad-encoding"


class NotFound(FetchError):
    """There is no such page, by status or by its words."""

    code = "not-found"


class Blocked(FetchError):
    """The site shows a challenge, a login page or a refusal instead of the page."""

    code = "blocked"


class RateLimited(FetchError):
    """The site asks to come back later."""

    code = "rate-limited"
    is_passing = True


class ServerFailed(FetchError):
    """The server says that it failed."""

    code = "server-error"
    is_passing = True


class BadStatus(FetchError):
    """A status that is neither a page nor any of the above."""

    code = "http-status"


class NoHeadlines(PageError):
    """Headlines were asked for, and the page has no ticker that could be read."""

    code = "no-headlines"


@contextmanager
def naming_mistakes(subject: str) -> Iterator[None]:
    """Let out of the block no error of a page but a :class:`PageError`: a mistake of ours, or of a library, costs one page and not the run.

    Args:
        subject: what to report it with, such as ``page``.

    Raises:
        InternalError: for whatever else goes wrong; errors that end the run go through.
    """
    try:
        yield
    except (PageError, OutputError, StateError):
        raise
    except Exception as error:
        raise InternalError(f"a mistake of the program, please report the {subject} ({type(error).__name__}: {error})") from error
