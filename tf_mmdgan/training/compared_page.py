"""Finished runs side by side, as a web page."""

import dataclasses
import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan.evaluation import RunHistory, markup, page
from tf_mmdgan.evaluation.charts import Chart, Line, charts_html
from tf_mmdgan.evaluation.history import KID_TITLE
from tf_mmdgan.training import history

UNEQUAL = (
    "FID grows as the number of images falls, and other scores follow their "
    "settings: compare what was scored alike."
)
_COLUMNS = 8  # of pictures
_TESTS = (
    "Alike: a permutation test of whether the images of both runs have the "
    "same distribution; a low p says that they have not. Nearer: a "
    "three-sample test of which run's images are nearer to the held-out ones. "
    "Both are by KID over all pairs, on {num_samples:,} images of each run; "
    "the p-values are those of single tests."
)


def charts(histories: Mapping[str, RunHistory]) -> list[Chart]:
    """KID and FID over steps, and over time as far as the logs tell it.

    FID of other numbers of images is said to be so.
    """
    counts = {h.in_force.get("evaluation_samples") for h in histories.values()}
    unequal = " (of unequal numbers of images)" if len(counts) > 1 else ""
    made = []
    for title, key, error in (
        (KID_TITLE, "kid", "kid_standard_error"),
        (f"FID{unequal}", "fid", ""),
    ):
        lines = [
            Line.of_log(found.log, key, name, error)
            for name, found in histories.items()
        ]
        timed = [
            _over_time(line, found.log)
            for line, found in zip(lines, histories.values(), strict=True)
        ]
        made.append(Chart(f"{title}, over steps", lines))
        minutes = "minutes of training and scoring"
        made.append(Chart(f"{title}, over time", timed, minutes))
    return made


def _over_time(line: Line, log: Sequence[Mapping[str, Any]]) -> Line:
    """The line over minutes; empty where the log does not have all of them."""
    seconds = [
        history.seconds_spent(log, "seconds_per_step", step) for step in line.x
    ]
    if None in seconds:
        return Line.of_log([], line.name)
    minutes = np.array(seconds, np.float64) / 60.0
    return dataclasses.replace(line, x=minutes)


def render(
    outcome: Mapping[str, Any],
    baseline: Mapping[str, Any] | None,
    charts: Sequence[Chart],
    images: Mapping[str, np.ndarray],
) -> str:
    """The page as HTML, which holds its pictures itself.

    Args:
      outcome: as `RunComparison.to_dict` returns it.
      baseline: scores of training images, if they are known.
      charts: the curves.
      images: some of each run that makes images, by its name: uint8
        [n, h, w, c].
    """
    runs = outcome["runs"]
    columns = {name: run["scores"] for name, run in runs.items()}
    if baseline:
        columns["training images"] = baseline
    title = f"{', '.join(runs)}: compared"
    return markup.document(
        title,
        [
            f"<h1>{html.escape(title)}</h1>",
            page.main_table(columns),
            f'<p class="quiet">{page.BASELINE}</p>' if baseline else "",
            f'<p class="quiet">{html.escape(_scored(outcome))}</p>',
            charts_html(charts),
            *_tests(outcome["tests"]),
            *_scoring(outcome),
            *_settings(outcome),
            *_samples(images),
            markup.folded("All scores", markup.columns_table(*_scores(runs))),
        ],
    )


def verdict(test: Mapping[str, Any]) -> str:
    """What the tests of two runs have found, in a sentence."""
    apart = "are told apart" if test["rejected"] else "are not told apart"
    return (
        f"{test['x']} and {test['y']} {apart} (p = {test['p_value']:.3g}); "
        f"nearer to the held-out images is {test['nearer'] or 'neither'} "
        f"(p = {test['nearer_p_value']:.3g})."
    )


def _scored(outcome: Mapping[str, Any]) -> str:
    steps = ", ".join(
        f"{name} after {run['step']} steps"
        for name, run in outcome["runs"].items()
    )
    return (
        f"Against {outcome['real']}, on features of {outcome['features']}: "
        f"{steps}."
    )


def _tests(tests: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = {
        f"{test['x']}, {test['y']}": [
            f"{'no' if test['rejected'] else 'no difference found'}, "
            f"p = {test['p_value']:.3g}",
            f"{test['nearer'] or 'neither'}, p = {test['nearer_p_value']:.3g}",
        ]
        for test in tests
    }
    told = _TESTS.format_map(tests[0])
    return [
        "<h2>Tests</h2>",
        markup.columns_table(["runs", "alike", "nearer"], rows),
        f'<p class="quiet">{told}</p>',
    ]


def _scoring(outcome: Mapping[str, Any]) -> list[str]:
    """What differs in how runs were scored; nothing where they were alike."""
    if not outcome["differing_scoring"]:
        return []
    return [
        "<h2>Not scored alike</h2>",
        f"<p>{UNEQUAL}</p>",
        _table(outcome, "differing_scoring"),
    ]


def _settings(outcome: Mapping[str, Any]) -> list[str]:
    table = _table(outcome, "differing_settings")
    return [
        "<h2>Settings that differ</h2>",
        table if outcome["differing_settings"] else "<p>None.</p>",
    ]


def _table(outcome: Mapping[str, Any], name: str) -> str:
    """Values of each run that differ, by their names."""
    rows = {
        key: ["-" if value is None else str(value) for value in values]
        for key, values in outcome[name].items()
    }
    return markup.columns_table(["", *outcome["runs"]], rows)


def _samples(images: Mapping[str, np.ndarray]) -> list[str]:
    parts = ["<h2>Samples</h2>"] * bool(images)
    for name, drawn in images.items():
        parts.append(f"<h3>{html.escape(name)}</h3>")
        text = html.escape(f"images of {name}")
        parts.append(markup.picture(drawn, text, _COLUMNS))
    return parts


def _scores(
    runs: Mapping[str, Any],
) -> tuple[list[str], dict[str, list[str]]]:
    """Heads and rows of all scores."""
    every = [run["scores"] for run in runs.values()]
    names = dict.fromkeys(
        (metric, name)
        for scores in every
        for metric, numbers in scores.items()
        for name in numbers
    )
    rows = {
        f"{metric}: {name}": [
            _number(scores.get(metric, {}).get(name)) for scores in every
        ]
        for metric, name in names
    }
    return ["", *runs], rows


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"
