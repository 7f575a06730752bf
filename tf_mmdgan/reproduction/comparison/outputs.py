"""The table of a comparison and its sheets of samples."""

import collections
import dataclasses
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

from tf_mmdgan import errors, files
from tf_mmdgan.reproduction import pictures, ring
from tf_mmdgan.reproduction.comparison import cells
from tf_mmdgan.reproduction.comparison.cells import DATA, Cell
from tf_mmdgan.reproduction.comparison.methods import ENTRIES
from tf_mmdgan.reproduction.comparison.results import (
    Result,
    number,
    write_result,
)
from tf_mmdgan.reproduction.comparison.stored import read_results, read_rows

_MEASURES = {ring.NAME: "modes of 8 / high quality"}
_MEASURE = "KID (s.e.)"
_LONGEST_REASON = 60
_NOTES = (
    "Ring: modes that at least a fifth of a fair share of 10,000 samples "
    "reaches; share of samples within three standard deviations of a mode, "
    "0.989 for the ring itself. KID is raw, of the features of a LeNet, "
    "against held-out images; it is unbiased, so a good one can be negative. "
    "s.e.: standard error."
)


def write_outputs(
    output_dir: pathlib.Path,
    planned: Sequence[Cell],
    docs_dir: pathlib.Path | None = None,
    only_data: Collection[str] = tuple(DATA),
) -> None:
    """Writes results.json, results.md and samples_DATA.png.

    They show all results in the folder, planned now or earlier, except those
    on data sets that are not in `DATA` any more.

    Args:
      output_dir: folder of the comparison.
      planned: cells that have a place in the table, whether run or not.
      docs_dir: a folder for the results of single runs, in results/, for the
        pictures, results_DATA.png, and for the page, see `page.write_page`.
      only_data: data sets whose pictures are drawn.
    """
    found = [r for r in read_results(output_dir) if r.data in DATA]
    results = sorted(found, key=order)
    content = {"results": [dataclasses.asdict(r) for r in results]}
    files.write_json(output_dir / "results.json", content)
    sheets = {
        data: _sheet(output_dir, data, drawn)
        for data in only_data
        if (drawn := _drawn(data, results))
    }
    for data, sheet in sheets.items():
        files.write_bytes(output_dir / f"samples_{data}.png", sheet)
    text = markdown(planned, results, "samples")
    files.write_bytes(output_dir / "results.md", text.encode())
    if docs_dir is None:
        return
    for data, sheet in sheets.items():
        files.write_bytes(docs_dir / f"results_{data}.png", sheet)
    for result in results:
        if result.status != "failed":
            folder = cells.run_folder(docs_dir / "results", *result.key)
            write_result(folder.with_name(f"{folder.name}.json"), result)


def order(entry: Result | Cell) -> tuple[int, int, int]:
    """Key to sort by column, then row; methods not listed come last."""
    columns, rows = list(DATA), list(ENTRIES)
    rank = rows.index(entry.method) if entry.method in ENTRIES else len(rows)
    return columns.index(entry.data), rank, entry.seed


def _drawn(data: str, results: Sequence[Result]) -> list[Result]:
    """The first finished run of each method on a data set."""
    first: dict[str, Result] = {}
    for result in results:
        if result.data == data and result.status == "done":
            first.setdefault(result.method, result)
    return list(first.values())


def _sheet(
    output_dir: pathlib.Path, data: str, results: Sequence[Result]
) -> bytes:
    measure = "" if data == ring.NAME else "KID "
    runs = {
        f"{r.method}\n{measure}{r.summary}": (
            r,
            cells.run_folder(output_dir, *r.key),
        )
        for r in results
    }
    if data != ring.NAME:
        return pictures.grid_sheet(
            {
                title: _inside(folder, str(result.scores.get("samples")))
                for title, (result, folder) in runs.items()
            }
        )
    points = {
        title: read_rows(_inside(folder, ring.POINTS_FILE), ("points",))[0]
        for title, (_, folder) in runs.items()
    }
    return pictures.scatter_sheet(points)


def _inside(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A file of a run.

    Raises:
      DataError: for one that is not in the run's folder: what is there of
        others would be published.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise errors.DataError(
            f"{path} is not in {folder}: remove that link, or the result that "
            "names it."
        )
    files.check_plain(path)
    return path


def markdown(
    planned: Sequence[Cell], results: Sequence[Result], prefix: str
) -> str:
    """The table, what it means, and pictures named PREFIX_DATA.png."""
    both: list[Cell | Result] = [*planned, *results]
    entries = sorted(both, key=order)
    columns = [d for d in DATA if any(e.data == d for e in entries)]
    by_method = sorted(entries, key=lambda entry: order(entry)[1])
    rows = dict.fromkeys(entry.method for entry in by_method)
    seeds = sorted({entry.seed for entry in entries})
    found = {result.key: result for result in results}
    usual = {data: _usual_steps(data, results) for data in columns}

    def text(data: str, method: str) -> str:
        parts = [
            _text(found[key], usual[data])
            for seed in seeds
            if (key := (data, method, seed)) in found
        ]
        return "; ".join(parts) or "not run"

    heads = [f"{DATA[d]}: {_MEASURES.get(d, _MEASURE)}" for d in columns]
    lines = [
        "# Results",
        "",
        f"| method | {' | '.join(heads)} |",
        "|---" * (len(columns) + 1) + "|",
        *(
            f"| {' | '.join([method, *(text(d, method) for d in columns)])} |"
            for method in rows
        ),
        "",
        _NOTES,
        "",
        *(f"- {line}" for d in columns if (line := _footer(d, results))),
    ]
    for data in columns:
        if _drawn(data, results):
            name = f"{prefix}_{data}.png"
            lines += ["", f"![Samples of each method, {DATA[data]}]({name})"]
    return "\n".join(lines) + "\n"


def _usual_steps(data: str, results: Sequence[Result]) -> int | None:
    counts = collections.Counter(r.steps for r in results if r.data == data)
    return counts.most_common(1)[0][0] if counts else None


def _text(result: Result, usual_steps: int | None) -> str:
    text = " ".join(result.summary.replace("|", "/").split())
    if len(text) > _LONGEST_REASON:
        text = text[: _LONGEST_REASON - 3] + "..."
    if result.steps != usual_steps:
        text += f" [{result.steps:,} steps]"
    return text


def _footer(data: str, results: Sequence[Result]) -> str | None:
    """Steps, seeds, dates and commits of a column."""
    column = [result for result in results if result.data == data]
    if not column:
        return None
    scores = [result.scores for result in column if result.status == "done"]
    parts = [
        f"{_usual_steps(data, results):,} steps",
        f"seed {_listed({r.seed for r in column})}",
        *(
            f"{label} {_range(values)}"
            for name, label in (
                ("kid_before", "KID before training"),
                ("kid_of_training_images", "KID of training images"),
            )
            if (values := [s[name] for s in scores if s.get(name) is not None])
        ),
        f"{sum(r.seconds for r in column) / 60:.0f} minutes in all",
        f"threads of a run {_listed({r.threads for r in column})}",
        _listed({r.date for r in column}),
        f"commit {_listed({r.commit or 'unknown' for r in column})}",
    ]
    return f"{DATA[data]}: {'; '.join(parts)}."


def _listed(values: Collection[Any]) -> str:
    return ", ".join(map(str, sorted(values)))


def _range(values: Sequence[float]) -> str:
    texts = [number(v) for v in (min(values), max(values))]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"
