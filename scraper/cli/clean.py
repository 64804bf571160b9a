"""``scraper clean``."""

from typing import TYPE_CHECKING

from scraper.cli.options import MAX_BYTES, Inputs, Layouts, MaxBytes, Out, Quiet, Spans, Unknown, Url

if TYPE_CHECKING:
    from scraper.cleaning import Outcome
    from scraper.writing import Output


def clean(
    inputs: Inputs = None,
    out: Out = None,
    spans: Spans = None,
    unknown: Unknown = "keep",
    url: Url = None,
    layouts: Layouts = None,
    max_bytes: MaxBytes = MAX_BYTES,
    quiet: Quiet = False,
) -> None:
    """Turn saved pages into JSON Lines, one record a page.

    Example: scraper clean saved/ -o pages.jsonl
    """
    from contextlib import nullcontext

    from scraper.cli.runs import check_inputs, check_layouts, finishing, outcomes
    from scraper.records import to_json_line
    from scraper.tally import Tally
    from scraper.writing import Output

    sources, chosen, output, tally = check_inputs(inputs, url, out, spans), check_layouts(layouts), Output(out), Tally()
    beside = [Output(spans)] if spans is not None else []
    with finishing(output, tally, quiet=quiet, beside=beside), beside[0] if beside else nullcontext():
        for outcome in outcomes(
            sources, layouts=chosen, url=url, max_bytes=max_bytes, unknown=unknown, output=output, tally=tally, beside=beside
        ):
            for file in beside:
                _write_spans(file, outcome)
            output.write(to_json_line(outcome.record))


def _write_spans(file: "Output", outcome: "Outcome") -> None:
    from scraper.explaining import pieces_of, to_line

    for piece in pieces_of(outcome, keyed=True):
        file.write(to_line(piece))
