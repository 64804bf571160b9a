"""Statistics as JSON."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from scraper.records import Kind
from scraper.stats.counting import Measure, Newspaper, Statistics, quantile

_QUANTILES: Final = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


def to_json(statistics: Statistics) -> bytes:
    """Return all counts as a JSON object with a line end."""
    summary = {
        "pages": statistics.pages,
        "failures": statistics.failures,
        "words": statistics.total("words"),
        "characters": statistics.total("characters"),
        "without": {
            "language": statistics.languages[None],
            "site": statistics.sites[None],
            "newspaper": statistics.nameless,
            "date": statistics.undated,
            "text": statistics.textless,
            "removed": statistics.untold,
        },
        "kinds": _sorted(statistics.kinds),
        "languages": _sorted(statistics.languages),
        "sites": _sorted(statistics.sites),
        "newspapers": list(map(_newspaper, statistics.newspapers)),
        "months": {f"{year:04}-{month:02}": count for (year, month), count in sorted(statistics.months.items())},
        "with_warnings": statistics.warned,
        "warnings": _sorted(statistics.warnings),
        "lengths": _lengths(statistics),
        "kept": statistics.kept_by_field,
        "removed": statistics.removed_by_rule,
    }
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def _sorted(counts: Mapping[str, int] | Mapping[str | None, int]) -> dict[str, int]:
    return {name: count for name, count in Counter(counts).most_common() if name is not None}


def _newspaper(newspaper: Newspaper) -> dict[str, Any]:
    days = newspaper.days
    return {
        "site": newspaper.site,
        "slug": newspaper.slug,
        "name": newspaper.name,
        "pages": newspaper.pages,
        "days": len(days),
        "first_day": days.first if len(days) else None,
        "last_day": days.last if len(days) else None,
        "gaps": [{"first": gap.first, "days": gap.days} for gap in days.gaps()],
    }


def _lengths(statistics: Statistics) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "of": measure,
            "pages": lengths.total(),
            "shortest": min(lengths),
            **{name: quantile(lengths, part) for name, part in _QUANTILES.items()},
            "longest": max(lengths),
        }
        for kind in get_args(Kind)
        for measure in get_args(Measure)
        if (lengths := statistics.lengths.get((kind, measure)))
    ]
