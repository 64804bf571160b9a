"""A run that goes on where another stopped.

It does not matter how many processes either has: the units are the same, and a position lies behind some of them, and behind some
of the readings of the next one.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Final, Protocol

from scraper.errors import ResumeError
from scraper.output.journal import Position
from scraper.run.chunks import Files, Members, Read, Unit, plan
from scraper.run.jobs import Job, Sink, do, finish, layouts_of
from scraper.run.pool import Pool
from scraper.sources import Reading
from scraper.sources.files import Meter

_OTHER: Final = (
    "its inputs have changed since it stopped; write to another output, or remove the journal beside this one to start anew"
)


class Course(Protocol):
    """Knows where a run begins, and notes where it comes by."""

    @property
    def start(self) -> Position:
        """Where the run begins."""

    def reach(self, position: Position, /) -> None:
        """Learn that all before a position was given to the sink."""


class _Road:
    """The units from a position on, with their numbers."""

    def __init__(self, units: Iterable[Unit], start: Position, meter: Meter | None) -> None:
        self._units = units
        self._start = start
        self._meter = meter
        self._digests = {0: ""}
        """Of all units before one, by its number."""

    def __iter__(self) -> Iterator[tuple[int, Unit]]:
        start, digest, number = self._start, hashlib.sha256(), 0
        last = start.units + bool(start.readings)  # the unit behind all that the position knows
        for number, unit in enumerate(self._units, 1):
            if isinstance(unit, Files) and unit.is_local:
                raise ResumeError(f"{unit.place.input}: it cannot be read again; write it to a file, and name that")
            digest.update(repr(_identity(unit)).encode())
            self._digests[number] = digest.hexdigest()
            if number == last:
                self._compare(number)
            if number > start.units:
                yield number - 1, unit
            elif self._meter is not None:
                self._meter(unit.size)
        if number < last:
            raise ResumeError(_OTHER)

    def _compare(self, number: int) -> None:
        if self._digests[number] != self._start.digest:
            raise ResumeError(_OTHER)

    def position(self, units: int, readings: int, expected: int | None) -> Position:
        """Return a position on the road; none before it will be asked for."""
        for number in [number for number in self._digests if number < units]:
            del self._digests[number]
        return Position(units, readings, expected, self._digests[units + bool(readings)])


def _identity(unit: Unit) -> object:
    """Return by what a unit is known again: what is read, and the sizes and times of the files."""
    if not isinstance(unit, Files):
        return unit, _state(unit.path)
    return [
        (entry.input, str(entry.error), entry.left_out) if isinstance(entry, Reading) else (entry, _state(entry.name))
        for entry in unit.entries
    ]


def _state(path: str) -> tuple[int, int] | None:
    with suppress(OSError):
        status = os.stat(path)
        return status.st_size, status.st_mtime_ns
    return None


def go_on(job: Job, inputs: Iterable[str], sink: Sink, course: Course, *, processes: int, meter: Meter | None = None) -> None:
    """Do a job on all inputs behind a position; as ``run_job``, for the rest.

    Raises:
        ResumeError: if an input before the position has changed, or one cannot be read twice.
    """
    layouts_of(job.layouts)
    start = course.start
    road = _Road(plan(inputs, job.request, job.skip), start, meter)
    units = iter(road)
    first = list(islice(units, 2))
    is_alone = processes == 1 or not first[1:]  # a single large file is resumable only where its readings can be counted
    here = len(first) if is_alone else int(start.readings > 0)
    expected, skip = start.expected, start.readings
    for number, unit in chain(first[:here], units if is_alone else ()):
        for position in _here(job, number, unit, sink, road, expected, skip, meter):
            course.reach(position)
            expected = position.expected
        skip = 0
    if is_alone:
        return
    with Pool(job, processes, expected) as pool:
        for number, unit, done in pool.do(chain(first[here:], units)):
            assert done is not None  # noqa: S101 - the road refuses what has to be done here
            done.hand_on(sink)
            if meter is not None:
                meter(unit.size)
            course.reach(road.position(number + 1, 0, pool.expected))


def _here(
    job: Job, number: int, unit: Unit, sink: Sink, road: _Road, expected: int | None, skip: int, meter: Meter | None
) -> Iterator[Position]:
    """Do a unit, but for its first readings, and yield the positions that are reached by that."""
    is_archive = isinstance(unit, Members)
    known = unit.beginning_at(expected) if isinstance(unit, Members) and not unit.is_exact else unit
    if known is None:
        return
    read = Read(known, job.request, meter)
    for count, reading in enumerate(read, 1):
        if count > skip:
            do(job, reading, sink)
            yield road.position(number, count, expected)
    finish(job, sink)
    yield road.position(number + 1, 0, read.ends[1] if is_archive else expected)
