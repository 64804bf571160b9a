"""The evidence for each layout on a page: why one was chosen, and what the others lack."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scraper.extract.cleaning import Outcome
from scraper.extract.detection import ENOUGH, HOST, Detection, weigh
from scraper.layouts import Layout
from scraper.layouts.schema import Evidence


class Sign(NamedTuple):
    """A piece of evidence: a rule that matches the page, the strength of the evidence, and the reason."""

    rule: str
    strength: Evidence
    because: str


class Verdict(NamedTuple):
    """The evidence for a layout on a page, in a sentence and by rule."""

    layout: str
    is_chosen: bool
    sentence: str
    signs: Sequence[Sign]


def verdicts(outcome: Outcome, layouts: Sequence[Layout]) -> list[Verdict]:
    """Return the verdict on each layout: the chosen one first, then those with the most evidence, then by name.

    Cleaning a page keeps none of this, so the evidence is weighed again.
    """
    form = outcome.document.form
    found = []
    for detection in weigh(outcome.document, outcome.record.url, layouts):
        is_chosen = outcome.layout is not None and detection.layout.name == outcome.layout.name
        found.append(
            Verdict(detection.layout.name, is_chosen, _sentence(detection, form, is_chosen=is_chosen), list(_signs(detection)))
        )
    strong = {verdict.layout: sum(sign.strength == "strong" for sign in verdict.signs) for verdict in found}
    return sorted(found, key=lambda verdict: (not verdict.is_chosen, -strong[verdict.layout], -len(verdict.signs), verdict.layout))


def _sentence(detection: Detection, form: str, *, is_chosen: bool) -> str:
    page = "an HTML page" if form == "html" else "a text"
    needed = f"{page} needs {ENOUGH[form]}, and one of them strong" if ENOUGH[form] > 1 else f"{page} needs a strong one"
    count = len(detection.evidence)
    if is_chosen:
        return f"it fits by {count} sign{'' if count == 1 else 's'}; {needed}"
    if not count:
        return f"no sign of it; {needed}"
    return (
        f"nearly fits, by {count} sign{'' if count == 1 else 's'}{'' if detection.is_strong else ', none of them strong'}; {needed}"
    )


def _signs(detection: Detection) -> Iterator[Sign]:
    file = detection.layout.file
    reasons = {rule.id: rule.because for rule in file.rules}
    reasons[file.ticker.id] = file.ticker.because
    reasons[HOST] = f"The page's address is of a host of this layout: {', '.join(file.hosts)}."
    for rule, strength in detection.evidence.items():
        yield Sign(rule, strength, reasons[rule])
