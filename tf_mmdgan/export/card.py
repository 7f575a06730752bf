"""The model card of an exported generator: what it is, and how good."""

import dataclasses
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.data import OF_MACHINE

NAME = "README.md"
PICTURE = "samples.png"
_NOT_SHOWN = ("run_dir", "trust_run", *OF_MACHINE)
# What stands first; the other scores follow as the report has them.
_FIRST = ("kid_exact", "fid", "prdc")
_PLAIN = {"\\": "\\\\", "|": "\\|", "[": "\\[", "&": "&amp;", "<": "&lt;"}
_LONGEST = 300  # text of a record, in characters
_USE = """\
## Use

```sh
tf-mmdgan sample --saved_model=FOLDER --seed=7 --scale=4 --out=grid.png
```

FOLDER is the one with `saved_model.pb`; TensorFlow Serving takes it as it is.
`tf_mmdgan.json` says how many images a request may ask for.
"""
_ROWS_USE = _USE.replace("--scale=4 --out=grid.png", "--out=rows.csv")
_LIMITS = """\
## Limits

- It draws what resembles its training images, with their gaps and biases, and
  nothing else.
- It may come near to copies of training images; the page of the run's report
  shows the nearest real ones.
- The licence of the data may restrict what the images are used for.
- Scores compare with others on the same features, with no others.
"""


def render(
    record: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]]
) -> str:
    """The card, in Markdown; beside it stands the picture `PICTURE`, if any.

    Args:
      record: the metadata of the export.
      documents: the other JSON files of the export by name, of which it reads
        config.json and report.json, if they are there.
    """
    run = documents.get("config.json", {})
    report = documents.get("report.json", {})
    given = _mapping(run.get("config")) or _mapping(record.get("config"))
    lines = [
        f"# A generator of {_what(record, given)}", "", *_picture(record),
        *_facts(record, run, given), "", *_scores(record, report),
        *_method(given),
        _ROWS_USE if _makes_rows(record) else _USE, _LIMITS,
    ]  # fmt: skip
    return "\n".join(lines)


def _makes_rows(record: Mapping[str, Any]) -> bool:
    return len(record["image_shape"]) == 1


def _picture(record: Mapping[str, Any]) -> list[str]:
    return [] if _makes_rows(record) else [f"![Samples]({PICTURE})", ""]


def _what(record: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    if _makes_rows(record):
        return "rows of a table"
    named = given.get("dataset")
    return "images" if named is None else f"images like {_code(named)}"


def _made(record: Mapping[str, Any]) -> dict[str, str]:
    if _makes_rows(record):
        return {"rows": f"{record['image_shape'][0]} columns, in their units"}
    height, width, channels = record["image_shape"]
    return {
        "images": f"{height} x {width} pixels, {channels} channel(s), 8 bits"
    }


def _facts(
    record: Mapping[str, Any],
    run: Mapping[str, Any],
    given: Mapping[str, Any],
) -> list[str]:
    data = _mapping(run.get("data"))
    facts = {
        **_made(record),
        "latents": f"{record['latents']['size']} numbers, "
        f"{record['latents']['distribution']}",
        "classes": _classes(record),
        "numbers of a label": record.get("label_width"),
        "trained on": given.get("dataset") and _trained_on(given, data),
        "licence of data and weights": record.get("licence") or "not stated",
        "method": given.get("objective"),
        "networks": given.get("architecture"),
        "generator steps": record.get("step"),
        "steps from noise to images": _mapping(record.get("config")).get(
            "sampling_steps"
        ),
        "batches of standing statistics": record.get("standing_batches")
        or None,
        "weights": {"ema": "averaged over the steps"}.get(
            str(record.get("weights")), record.get("weights")
        ),
    }
    return _table(["", ""], facts.items())


def _classes(record: Mapping[str, Any]) -> Any:
    """How many classes there are, and their names, if they have some."""
    count, names = record.get("num_classes"), record.get("class_names")
    if not names:
        return count
    return f"{count}, by number from 0: {errors.listed(names, 20)}"


def _trained_on(given: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    count = data.get("count")
    many = f", {count:,} images" if type(count) is int else ""
    return f"{given['dataset']}{many}"


def _scores(record: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    scores = _mapping(report.get("scores"))
    if not scores:
        return ["## Scores", "", "None: it was not scored as it is here.", ""]
    names = sorted(
        scores, key=lambda n: _FIRST.index(n) if n in _FIRST else len(_FIRST)
    )
    rows = [
        (f"{metric}: {name}", _rounded(value))
        for metric in names
        for name, value in _mapping(scores[metric]).items()
    ]
    return [
        "## Scores", "",
        f"Of {_cell(report.get('num_fake'))} generated images against "
        f"{_cell(report.get('num_real'))} of {_code(report.get('real'))}, on "
        f"features of {_code(report.get('extractor'))}: the numbers of "
        "`report.json`, rounded. The KID to quote is `kid_exact`.", "",
        *_of_other_statistics(record),
        *_table(["number", "value"], rows), "",
    ]  # fmt: skip


def _of_other_statistics(record: Mapping[str, Any]) -> list[str]:
    if not record.get("standing_batches"):
        return []
    return [
        "It was scored with the statistics of training, in place of its "
        "standing statistics.", "",
    ]  # fmt: skip


def _rounded(value: Any) -> Any:
    """A number as pages show it."""
    return f"{value:.5g}" if isinstance(value, float) else value


def _method(given: Mapping[str, Any]) -> list[str]:
    if not given:
        return []
    command = " ".join(["tf-mmdgan train", *_flags(given), "--run_dir=RUN_DIR"])
    return [
        "## Method", "",
        "The training, with all settings that differ from the defaults (of a "
        "run that went on with other settings, those of its last part):", "",
        "```sh", command, "```", "",
    ]  # fmt: skip


def _flags(given: Mapping[str, Any]) -> Iterable[str]:
    for field in dataclasses.fields(TrainConfig):
        value = given.get(field.name, field.default)
        if field.name in _NOT_SHOWN or value == field.default or value is None:
            continue
        if isinstance(value, bool):
            yield f"--{'' if value else 'no'}{field.name}"
        else:
            yield shlex.quote(f"--{field.name}={errors.excerpt(value)}")


def _table(heads: list[str], rows: Iterable[tuple[str, Any]]) -> list[str]:
    """A table in Markdown, without rows of nothing."""
    lines = [" | ".join(heads), "---|---"]
    lines += [
        f"{_cell(name)} | {_cell(value)}"
        for name, value in rows
        if value is not None
    ]
    return [f"| {line} |" for line in lines]


def _cell(value: Any) -> str:
    text = errors.excerpt(value, _LONGEST)
    # Of backslashes first, which would take away the meaning of those here.
    for mark, plain in _PLAIN.items():
        text = text.replace(mark, plain)
    return text


def _code(value: Any) -> str:
    return f"`{errors.excerpt(value, _LONGEST).replace('`', '')}`"


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
