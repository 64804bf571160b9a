"""The errors that this program raises on purpose, with the codes of failed pages.

    ScraperError
    ├── ConfigError                exit status 2
    ├── LayoutError                exit status 2
    ├── OutputError                exit status 1
    │   └── ReaderGone             exit status 141
    ├── ResumeError                exit status 2
    ├── StateError                 exit status 1
    │   └── StateInUse             exit status 1
    ├── TooManyFailures            exit status 1
    ├── ClaimError                 a bug in this program
    └── PageError                  the run goes on; exit status 1
        ├── MissingInput           missing
        ├── UnreadableInput        unreadable
        ├── EmptyInput             empty
        ├── NotText                not-text
        ├── TooLarge               too-large
        ├── DamagedInput           damaged
        ├── BadRecord              bad-record
        │   └── MissingField       bad-record
        ├── UnknownLayout          unknown-layout
        ├── AmbiguousLayout        ambiguous-layout
        ├── TooComplex             too-complex
        ├── Unaccounted            unaccounted, a bug in this program
        ├── FetchError             * is transient: another try may succeed
        │   ├── BadAddress         bad-address
        │   ├── Disallowed         robots
        │   ├── RobotsUnreachable  robots-unreachable *
        │   ├── UnknownHost        unknown-host *
        │   ├── ConnectionFailed   connection *
        │   ├── TimedOut           timeout *
        │   ├── BadCertificate     bad-certificate
        │   ├── BadRedirect        redirect
        │   ├── BadEncoding        bad-encoding
        │   ├── NotFound           not-found
        │   ├── Blocked            blocked
        │   ├── RateLimited        rate-limited *
        │   ├── ServerFailed       server-error *
        │   └── BadStatus          http-status
        ├── NoHeadlines            no-headlines
        ├── BadFeed                bad-feed
        ├── PageTimeout            page-timeout
        ├── OutOfMemory            out-of-memory
        ├── WorkerDied             worker-died
        └── InternalError          internal-error, a bug in this program

A message is one sentence: the problem, the value and the remedy. The caller that knows the name of the input adds it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final, Literal

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143
READER_GONE: Final = 141


class ScraperError(Exception):
    """Base class of all errors of this program."""

    exit_status: ClassVar[int] = FAILED
    """That of a command which the error ends."""


class ConfigError(ScraperError):
    """The configuration file cannot be used.

    Args:
        place: the file.
        faults: all faults, each of which names its key; the message has a line for each.
    """

    exit_status = USAGE

    def __init__(self, place: str, *faults: str) -> None:
        super().__init__("\n".join(f"{place}: {fault}" for fault in faults))
        self.place = place
        self.faults = faults


class LayoutError(ScraperError):
    """A layout file cannot be used. The message names the file and the place in it.

    Args:
        place: the layout file, or the directory where layout files should be.
        faults: all faults; the message contains the first.
    """

    exit_status = USAGE

    def __init__(self, place: str, *faults: str) -> None:
        more = f" (and {len(faults) - 1} more, which `scraper layouts check` lists)" if len(faults) > 1 else ""
        super().__init__(f"{place}: {faults[0]}{more}")
        self.place = place
        self.faults = faults


class OutputError(ScraperError):
    """The output cannot be opened, written or renamed."""


class ReaderGone(OutputError):
    """The output is a pipe that its reader has closed."""

    exit_status = READER_GONE


class ResumeError(ScraperError):
    """A run cannot be resumed: it differs from the one that stopped, or its input cannot be read twice."""

    exit_status = USAGE


class StateError(ScraperError):
    """The fetch state cannot be used: it is not a database of this program, or it is damaged."""


class StateInUse(StateError):
    """Another run holds the fetch state."""


class TooManyFailures(ScraperError):
    """A run ended because nothing but failures came first."""


class ClaimError(ScraperError):
    """A rule claimed an empty span, a span outside the text, or text that is already claimed: a bug in its code."""


class PageError(ScraperError):
    """One page gave no record. ``code`` is stable, for scripts; the message is for people."""

    code: ClassVar[str]


class MissingInput(PageError):
    """There is no such file or directory."""

    code = "missing"


class UnreadableInput(PageError):
    """The input exists, but the system refuses to read it."""

    code = "unreadable"


class EmptyInput(PageError):
    """The input has no visible character, or is a directory or an archive without files."""

    code = "empty"


class NotText(PageError):
    """The bytes are not text in any encoding: a picture, an archive, a program."""

    code = "not-text"


class TooLarge(PageError):
    """The page has more bytes than ``--max-bytes`` allows."""

    code = "too-large"


class DamagedInput(PageError):
    """A compressed file or a container is truncated or corrupt."""

    code = "damaged"


class BadRecord(PageError):
    """A line, row or record of a container does not hold a page in the agreed form."""

    code = "bad-record"


class MissingField(BadRecord):
    """A record of a dump does not have the field that should hold its page."""


class UnknownLayout(PageError):
    """No layout fits the page, and pages of unknown layout are not kept."""

    code = "unknown-layout"


class AmbiguousLayout(PageError):
    """More than one layout fits the page."""

    code = "ambiguous-layout"


class TooComplex(PageError):
    """The page has too many elements, levels, attributes or lines to be read in linear time and memory."""

    code = "too-complex"


class Unaccounted(PageError):
    """The audit found a character missing or counted twice, so the record is withheld."""

    code = "unaccounted"


class FetchError(PageError):
    """A page could not be fetched."""

    is_transient: ClassVar[bool] = False
    """Whether the error is transient, so that another try makes sense."""


class BadAddress(FetchError):
    """The address is not an http or https address."""

    code = "bad-address"


class Disallowed(FetchError):
    """The site's robots.txt asks not to fetch the page."""

    code = "robots"


class RobotsUnreachable(FetchError):
    """The site's robots.txt could not be fetched, so nothing is allowed (RFC 9309, 2.3.1.4)."""

    code = "robots-unreachable"
    is_transient = True


class UnknownHost(FetchError):
    """The host name does not resolve."""

    code = "unknown-host"
    is_transient = True


class ConnectionFailed(FetchError):
    """The connection was refused or reset, or closed before the response was complete."""

    code = "connection"
    is_transient = True


class TimedOut(FetchError):
    """The response was not complete within ``--timeout``."""

    code = "timeout"
    is_transient = True


class BadCertificate(FetchError):
    """The server's certificate does not prove that it is this host."""

    code = "bad-certificate"


class BadRedirect(FetchError):
    """A redirect leads in circles, to something that is not a page, or from a public to a private address."""

    code = "redirect"


class BadEncoding(FetchError):
    """The content-encoding is unknown, or the body does not match it."""

    code = "bad-encoding"


class NotFound(FetchError):
    """There is no such page: status 404 or 410, or a page that says so."""

    code = "not-found"


class Blocked(FetchError):
    """The site answers with a challenge, a login page, 401 or 403."""

    code = "blocked"


class RateLimited(FetchError):
    """The site answers with 429, or asks for a longer wait than a run should make."""

    code = "rate-limited"
    is_transient = True


class ServerFailed(FetchError):
    """The server answers with 5xx, 408 or 425, also when asked again."""

    code = "server-error"
    is_transient = True


class BadStatus(FetchError):
    """The server answers with any other status that brings no page."""

    code = "http-status"


class NoHeadlines(PageError):
    """``--ticker-only`` was given, and the page has no ticker that can be read."""

    code = "no-headlines"


class BadFeed(PageError):
    """A feed or sitemap cannot be read, or is neither."""

    code = "bad-feed"


class PageTimeout(PageError):
    """Cleaning the page took longer than --page-timeout allows."""

    code = "page-timeout"


class OutOfMemory(PageError):
    """The page needs more memory than the system gives."""

    code = "out-of-memory"


class WorkerDied(PageError):
    """The process that worked on the page crashed, hung or was killed."""

    code = "worker-died"


class InternalError(PageError):
    """Any other error while a page was processed, which only a bug in this program or a library can raise."""

    code = "internal-error"


def worker_died(work: Literal["read", "cleaned"], rest: str = "", remedy: str = "try it alone") -> WorkerDied:
    """Return the error of a page that processes died while they read or cleaned.

    Args:
        work: what they did with it.
        rest: what else was not read, as a clause.
        remedy: what the user can do.
    """
    return WorkerDied(f"the process that {work} it crashed, hung or was killed{rest}; {remedy}, perhaps with more memory")


def not_installed(subject: str, extra: str) -> str:
    """Return the message for a library that is not installed.

    Args:
        subject: the beginning of the sentence, such as ``reading Parquet needs pyarrow, which``.
        extra: the extra of this program that installs the library.
    """
    return f"{subject} is not installed; install it with: pip install 'press-scraper[{extra}]'"


@contextmanager
def map_unexpected_errors(subject: str) -> Iterator[None]:
    """Convert unexpected errors of one page to :class:`InternalError`, so that a bug costs one page and not the run.

    Args:
        subject: what the user should report with the bug, such as ``page``.

    Raises:
        OutOfMemory: instead of a MemoryError.
        InternalError: instead of any other unexpected error.
    """
    try:
        yield
    except (PageError, OutputError, StateError, TooManyFailures):
        raise
    except MemoryError:
        raise OutOfMemory(f"there is not enough memory for the {subject}; use a machine with more, or split it") from None
    except Exception as error:
        raise InternalError(
            f"this is a bug in the program, please report the {subject} ({type(error).__name__}: {error})"
        ) from error
