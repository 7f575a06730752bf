"""A report as a web page: numbers, settings, samples and their neighbours."""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan.evaluation import alike, memorized
from tf_mmdgan.evaluation.charts import charts_html
from tf_mmdgan.evaluation.history import RunHistory
from tf_mmdgan.evaluation.main_scores import (
    MAIN_SCORES,
    Scores,
    number,
    rounded,
)
from tf_mmdgan.evaluation.markup import (
    columns_table,
    document,
    folded,
    picture,
    table,
    wide,
)

# What is not listed with the settings.
_OWN_PLACE = (
    "scores", "unavailable", "classes", "notes", "versions", "settings",
    "preprocessing", "baseline", "steps", "memorization", "spread",
)  # fmt: skip
_NEIGHBOURS = (
    "Each row: a generated image, then the real images it is scored against "
    "whose features are nearest to its own, the nearest first."
)
_TRAINING = (
    "Each row: a generated image, then the training images whose features are "
    "nearest to its own, the nearest first. A copy of a training image shows "
    "here."
)
_COPIES = (
    "Two tests ask whether generated images come nearer to the training images "
    "than held-out ones do, which the generator has never seen: where nothing "
    "is copied, share_nearer is about .5, c_t about 0, and of the real images "
    "nearest to generated ones (hits) as many were trained on as chance makes.",
    "A low p-value says that chance would hardly bring generated images so "
    "near; where both are below .001, hits_p_value of single pictures and "
    "c_t_p_value of whole regions, and not one alone, the generator copies: "
    "train for fewer steps, on more pictures, or with augmentation.",
)
_CLASS_ROWS = "Images of one column are of the same latents."
BASELINE = (
    "Training images: real images that the generator was trained on, scored in "
    "the same way. A generator of the same distribution would have their "
    "numbers."
)
_DIRECTIONS = (
    '<p class="quiet">Lower is better of KID, FID, MMD and energy distances, '
    "higher of precision, recall, density, coverage, accuracies and the "
    "Inception Score.</p>"
)
_ARROWS = {"lower": "&darr;", "higher": "&uarr;"}


def render_page(
    report: Mapping[str, Any],
    samples: np.ndarray | None,
    neighbours: np.ndarray | None = None,
    history: RunHistory | None = None,
    training: np.ndarray | None = None,
) -> str:
    """The page as HTML, which holds its pictures itself.

    The numbers and pictures that are looked for first come first; all others
    are folded.

    Args:
      report: as `Report.to_dict` returns it.
      samples: generated images, uint8 [n, h, w, c]; 64 are a good number.
        None where there are none to be shown.
      neighbours: uint8 [rows, columns, h, w, c]; each row is a generated image
        and the real images that are nearest to it.
      history: of the run that is scored; None: no run is.
      training: like `neighbours`, with training images.
    """
    sides = (report["fake"], report["real"])
    title = " against ".join(side for side in sides if side is not None)
    baseline = report.get("baseline") or {}
    history = history or RunHistory()
    kid = baseline.get("kid_exact", {}).get("kid")
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        *_warnings(report),
        main_table({"generated": report["scores"]} | _named_baseline(baseline)),
        *_counted(report),
        f'<p class="quiet">{BASELINE}</p>' if baseline else "",
        charts_html(history.charts(kid)),
        *_pictures(samples, training, neighbours),
        *_class_rows(history),
        *_classes(report["classes"], history.class_names),
        *_changed(history),
        *_steps(report.get("steps")),
        folded("All numbers", _DIRECTIONS + _scores(report["scores"])),
        *_memorization(report.get("memorization")),
        *_unavailable(report.get("unavailable", {})),
        folded("All settings", table(_settings(report, history))),
        folded("Notes", _listed(report["notes"])),
    ]
    return document(title, parts)


def _counted(report: Mapping[str, Any]) -> list[str]:
    """How many images the numbers are of, where both numbers are known."""
    fake, real = report.get("num_fake"), report.get("num_real")
    if fake is None or real is None:
        return []
    return [f'<p class="quiet">{fake:,} against {real:,} real ones.</p>']


def _named_baseline(baseline: Scores) -> dict[str, Scores]:
    return {"training images": baseline} if baseline else {}


def main_table(columns: Mapping[str, Scores]) -> str:
    """The few numbers that matter, with an arrow to what is better.

    Args:
      columns: scores by the head of their column; a metric that none of them
        has is left out.
    """
    heads = "".join(
        f'<th class="number">{html.escape(head)}</th>' for head in columns
    )
    rows = [
        f"<tr><td>{words} {_ARROWS[better]}</td>{''.join(cells)}</tr>"
        for metric, name, words, better in MAIN_SCORES
        if any(name in scores.get(metric, {}) for scores in columns.values())
        for cells in [
            [
                _main_cell(scores.get(metric, {}), name)
                for scores in columns.values()
            ]
        ]
    ]
    return wide(f"<table><tr><th></th>{heads}</tr>{''.join(rows)}</table>")


def _main_cell(numbers: Mapping[str, float | None], name: str) -> str:
    shown = number(numbers, name, 4) if name in numbers else ""
    return f'<td class="number">{shown}</td>'


def _pictures(
    samples: np.ndarray | None,
    training: np.ndarray | None,
    neighbours: np.ndarray | None,
) -> Iterator[str]:
    if samples is not None:
        yield "<h2>Samples</h2>"
        yield picture(samples, "generated images")
    if training is not None:
        yield from _rows("Nearest training images", training, _TRAINING)
    if neighbours is not None:
        yield from _rows("Nearest real images", neighbours, _NEIGHBOURS)


def _rows(title: str, images: np.ndarray, text: str) -> Iterator[str]:
    rows, columns, *shape = images.shape
    flat = images.reshape(rows * columns, *shape)
    yield f'<h2>{title}</h2><p class="quiet">{text}</p>'
    yield picture(flat, "generated images and their neighbours", columns)


def _class_rows(history: RunHistory) -> Iterator[str]:
    """Samples of each class beside its name, which text of a page can show."""
    names, rows = history.class_names, history.class_rows
    if not names or rows is None:
        return
    yield f'<h2>Samples by class</h2><p class="quiet">{_CLASS_ROWS}'
    if len(names) > len(rows):
        yield f" The first {len(rows)} of {len(names):,} classes."
    yield '</p><div class="wide"><table>'
    for name, row in zip(names, rows, strict=False):
        shown = picture(row, "samples of this class", len(row))
        yield f"<tr><td>{html.escape(name)}</td><td>{shown}</td></tr>"
    yield "</table></div>"


def _warnings(report: Mapping[str, Any]) -> list[str]:
    """What is told at the head of the page: of copies, of equal samples."""
    every = (
        memorized.warning(report.get("memorization")),
        alike.warning(report.get("spread"), report.get("step") is not None),
    )
    return [
        f'<p class="warning">{html.escape(told)}</p>' for told in every if told
    ]


def _settings(report: Mapping[str, Any], history: RunHistory) -> dict[str, Any]:
    """Everything that the numbers depend on; that of the run comes last."""
    shown = {
        name: value for name, value in report.items() if name not in _OWN_PLACE
    }
    shown |= {
        f"preprocessing of {name}": told
        for name, told in report.get("preprocessing", {}).items()
    }
    shown |= dict(report["settings"]) | dict(report["versions"])
    if history.class_names:
        shown["class names"] = ", ".join(history.class_names)
    return shown | {
        f"run: {name}": value for name, value in history.in_force.items()
    }


def _changed(history: RunHistory) -> list[str]:
    if not history.changed:
        return []
    rows = {k: [_shown(v) for v in pair] for k, pair in history.changed.items()}
    recipe = history.recipe
    other = f"recipe {html.escape(recipe)}" if recipe else "defaults"
    return [
        f"<h2>Settings that differ from the {other}</h2>",
        columns_table(["", "this run", other], rows),
    ]


def _shown(value: Any) -> str:
    return "by default" if value is None else str(value)


def _listed(texts: Sequence[str]) -> str:
    items = (f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>{''.join(items)}</ul>"


def _classes(
    classes: Mapping[str, Mapping[str, float]] | None,
    names: Sequence[str] | None,
) -> list[str]:
    if not classes:
        return []
    known = dict(enumerate(names or ()))
    named = {
        f"{key}: {known[int(key)]}"
        if key.isdecimal() and int(key) in known
        else key: numbers
        for key, numbers in classes.items()
    }
    return ["<h2>Classes</h2>", _scores(named, "class")]


def _steps(steps: Mapping[str, Scores] | None) -> list[str]:
    """The numbers of the kept steps that matter most, a row for each."""
    if not steps:
        return []
    rows = {
        step: [
            rounded(scores[metric][name]) if metric in scores else ""
            for metric, name, *_ in MAIN_SCORES
        ]
        for step, scores in steps.items()
    }
    heads = ["step", *(name for _, name, *_ in MAIN_SCORES)]
    return ["<h2>Kept steps</h2>", columns_table(heads, rows)]


def _memorization(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    told = "".join(f'<p class="quiet">{sentence}</p>' for sentence in _COPIES)
    shown = {
        k: f"{v:.5g}" if isinstance(v, float) else v
        for k, v in found.items()
        if k != "nearest"
    }
    return [folded("Copies of training images", told + table(shown))]


def _unavailable(reasons: Mapping[str, str]) -> list[str]:
    return [folded("Not to be had", table(reasons))] if reasons else []


def _scores(scores: Scores, what: str = "metric") -> str:
    rows = [
        f"<tr><td>{html.escape(metric) if first else ''}</td>"
        f"<td>{html.escape(name)}</td>"
        f'<td class="number">{rounded(value)}</td></tr>'
        for metric, numbers in scores.items()
        for first, (name, value) in _firsts(numbers)
    ]
    head = f"<tr><th>{what}</th><th>number</th><th></th></tr>"
    return wide(f"<table>{head}{''.join(rows)}</table>")


def _firsts(
    numbers: Mapping[str, float | None],
) -> Iterator[tuple[bool, tuple[str, float | None]]]:
    """Each name and number, and whether it is the first."""
    return ((index == 0, item) for index, item in enumerate(numbers.items()))
