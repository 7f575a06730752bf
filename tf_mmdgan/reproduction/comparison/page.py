"""The page of results: all of it made from files of single runs."""

import io
import pathlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import files
from tf_mmdgan.reproduction.comparison import outputs
from tf_mmdgan.reproduction.comparison.cells import DATA
from tf_mmdgan.reproduction.comparison.results import (
    Result,
    number,
)
from tf_mmdgan.reproduction.comparison.stored import read_claims, read_results

RESULTS = "results"
CLAIMS_FILE = "claims.json"

# Processor seconds at which methods are compared.
_SECONDS = (600.0, 1800.0)
_INTRODUCTION = """\
# Results

Every number on this page comes from the files in `docs/results`, one for each
training run, and `tf-mmdgan compare --docs_dir=docs` writes the page from
them. A file names the run's flags, seed, threads, commit and date.

KID and FID are those of averaged generators against the held-out images, as
many generated ones as there are of these, on the features of a LeNet that was
trained on the same data (so they compare methods here, and no others). KID is
exact, over all pairs, and not scaled; it is unbiased, so that a perfect
generator has a value around 0. *Blank* is the share of images whose pixels
deviate by less than 12 of 255 levels, of the seed that has most. *Copies* says
for how many seeds samples are copies of training images by both tests of
[scoring](scoring.md), and how many of the real images nearest to samples were
trained on, of all seeds together. Time is that
of one processor core in training alone, scoring left out. What follows a +- is
the standard deviation over seeds.
"""


def write_page(docs_dir: pathlib.Path) -> None:
    """Writes results.md and the drawn curves from the results in a folder.

    Args:
      docs_dir: has results/DATA/METHOD/seed_N.json and results/claims.json, and
        gets the page beside them.
    """
    found = read_results(docs_dir / RESULTS)
    claims = docs_dir / RESULTS / CLAIMS_FILE
    decided = read_claims(claims) if claims.is_file() else {}
    files.write_bytes(
        docs_dir / "results.md", markdown(found, decided).encode()
    )
    for data, methods in _with_curves(found).items():
        files.write_bytes(docs_dir / _figure(data), draw(methods))


def write_claims(docs_dir: pathlib.Path, decided: Mapping[str, Any]) -> None:
    """Writes what `claims.decide` gave to where `write_page` finds it."""
    files.write_json(docs_dir / RESULTS / CLAIMS_FILE, decided)


def markdown(results: Sequence[Result], claims: Mapping[str, Any]) -> str:
    """The page's text.

    Args:
      results: of all runs, in any order.
      claims: as `claims.decide` gives them.
    """
    long = _with_curves(results)
    lines = [_INTRODUCTION]
    for data, methods in long.items():
        lines += [f"## {DATA[data]}", "", *_summary(methods), ""]
        lines += [f"![KID over steps and over time]({_figure(data)})", ""]
        lines += [f"![Samples of each method](results_{data}.png)", ""]
    claims = {k: v for k, v in claims.items() if v["seeds"]}
    if claims:
        lines += ["## What the sources say of two methods", ""]
        lines += [*_claims(claims), ""]
    short = [r for r in results if r.data in DATA and r.data not in long]
    if short:
        lines += outputs.markdown([], short, RESULTS).splitlines()[1:]
    return "\n".join(lines).rstrip() + "\n"


def _figure(data: str) -> str:
    return f"results_{data}_curves.png"


def _with_curves(
    results: Sequence[Result],
) -> dict[str, dict[str, list[Result]]]:
    """Runs that have curves, by data set and method, in the page's order."""
    found: dict[str, dict[str, list[Result]]] = {}
    for result in sorted(
        (r for r in results if r.data in DATA and r.curve), key=outputs.order
    ):
        methods = found.setdefault(result.data, {})
        methods.setdefault(result.method, []).append(result)
    return found


def _summary(methods: Mapping[str, Sequence[Result]]) -> list[str]:
    heads = ["method", "seeds", "steps", "KID"]
    heads += [f"KID at {s:,.0f} s" for s in _SECONDS]
    heads += ["FID", "precision", "recall", "blank", "copies", "CPU s"]
    rows = [_row(name, runs) for name, runs in methods.items()]
    runs = [run for of_method in methods.values() for run in of_method]
    before = _mean([run.curve[0]["kid"] for run in runs])
    commits = ", ".join(sorted({str(run.commit) for run in runs}))
    return [
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
        *rows,
        "",
        f"KID of the untrained generator {before}; {_hours(runs):.1f} hours of "
        f"one core in all, as far as they are known; commits {commits}.",
    ]


def _hours(runs: Sequence[Result]) -> float:
    return sum(run.curve[-1]["cpu_seconds"] or 0.0 for run in runs) / 3600.0


def _row(name: str, runs: Sequence[Result]) -> str:
    last = [run.curve[-1] for run in runs]
    scores = [run.scores for run in runs]
    cells = [
        name,
        ", ".join(str(run.seed) for run in runs),
        " / ".join(f"{s:,}" for s in sorted({p["step"] for p in last})),
        _mean([point["kid"] for point in last]),
        *(
            _mean([kid_at(run, seconds) for run in runs])
            for seconds in _SECONDS
        ),
        _mean([point["fid"] for point in last], 1),
        _mean([s["precision"] for s in scores]),
        _mean([s["recall"] for s in scores]),
        f"{100.0 * max(s['blank_share'] for s in scores):.1f} %",
        _copies(scores),
        _mean([point["cpu_seconds"] for point in last], 0),
    ]
    return f"| {' | '.join(cells)} |"


def _copies(scores: Sequence[Mapping[str, Any]]) -> str:
    """For how many seeds there are copies, and where samples are near."""
    if not all("copies" in found for found in scores):
        return "-"
    copied = sum(found["copies"] for found in scores)
    trained_on = sum(found["hits_in_training"] for found in scores)
    share = trained_on / max(1, sum(found["hits"] for found in scores))
    return f"{copied} of {len(scores)} ({100.0 * share:.1f} %)"


def kid_at(run: Result, seconds: float) -> float | None:
    """KID after so many processor seconds of training, between kept steps.

    Returns:
      None where the run was shorter, or its time is not known.
    """
    times = [point["cpu_seconds"] for point in run.curve]
    if None in times or seconds > times[-1]:
        return None
    return float(np.interp(seconds, times, [p["kid"] for p in run.curve]))


def _mean(values: Sequence[float | None], digits: int = 2) -> str:
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return "-"
    text = f"{statistics.mean(known):,.{digits}f}"
    if len(known) == 1:
        return text
    return f"{text} +- {statistics.stdev(known):.{digits}f}"


def _claims(claims: Mapping[str, Any]) -> list[str]:
    """A paragraph for each source, a sentence for each of its claims."""
    by_source: dict[str, list[str]] = {}
    for claim in claims.values():
        differences = "; ".join(
            f"{number(row['difference'])} (p {row['p_value']:.1g}) from seed "
            f"{row['seed']}"
            for row in claim["seeds"]
        )
        by_source.setdefault(claim["source"], []).append(
            f"*{claim['text'].removesuffix('.')}*: **{claim['verdict']}**, "
            f"{differences}."
        )
    lines = [
        "The numbers are KID of the method that is said to be better minus "
        "that of the other, and p of a three-sample test, two-sided. A claim "
        "holds, or fails, where three seeds agree, each with p < .01; what "
        "has fewer seeds so far, or a larger p, is undecided.",
    ]
    for source, sentences in by_source.items():
        lines += ["", f"**{source}.** {' '.join(sentences)}"]
    return lines


def frontier(runs: Sequence[Result]) -> tuple[np.ndarray, np.ndarray]:
    """The least KID that any of some runs has reached, over processor time.

    Returns:
      Times [n] > 0, rising, and KID [n] at them.
    """
    points = sorted(
        (point["cpu_seconds"], point["kid"])
        for run in runs
        for point in run.curve
        if point["cpu_seconds"]
    )
    times, kid = np.array(points, np.float64).reshape(-1, 2).T
    return times, np.minimum.accumulate(kid)


def draw(methods: Mapping[str, Sequence[Result]]) -> bytes:
    """KID over steps, and over processor time, of each method; a PNG file.

    A broad grey line along the second is the `frontier`.
    """
    # Imported here, for it takes a second to load.
    from matplotlib import figure, ticker

    sheet = figure.Figure(figsize=(11.0, 4.2), dpi=110, layout="constrained")
    by_step, by_time = sheet.subplots(1, 2, sharey=True)
    for index, (name, runs) in enumerate(methods.items()):
        style = {"color": f"C{index % 10}", "ls": ("-", "--")[index // 10 % 2]}
        _band(by_step, name, runs, lambda point: point["step"], style)
        if all(run.curve[-1]["cpu_seconds"] is not None for run in runs):
            _band(by_time, name, runs, lambda p: p["cpu_seconds"], style)
    by_step.set(xlabel="generator steps", ylabel="KID", yscale="log")
    by_step.yaxis.set_major_formatter(ticker.ScalarFormatter())
    by_step.yaxis.set_minor_formatter(ticker.ScalarFormatter())
    every = [run for runs in methods.values() for run in runs]
    by_time.step(
        *frontier(every), where="post", color="0.5", alpha=0.4, lw=5, zorder=0,
        label="least so far",
    )  # fmt: skip
    by_time.set(xlabel="processor seconds of training", xscale="log")
    by_time.legend(fontsize=7, ncols=2)
    buffer = io.BytesIO()
    sheet.savefig(buffer, format="png")
    return buffer.getvalue()


def _band(
    axes: Any,
    name: str,
    runs: Sequence[Result],
    along: Callable[[Mapping[str, float]], float],
    style: Mapping[str, Any],
) -> None:
    """The mean over seeds, and the band from the least to the largest."""
    shared = min(len(run.curve) for run in runs)
    kid = np.array([[p["kid"] for p in r.curve[:shared]] for r in runs])
    places = np.array([[along(p) for p in r.curve[:shared]] for r in runs])
    axes.plot(places.mean(0), kid.mean(0), label=name, lw=1.2, **style)
    if len(runs) > 1:
        axes.fill_between(
            places.mean(0), kid.min(0), kid.max(0), alpha=0.15,
            color=style["color"], lw=0,
        )  # fmt: skip
