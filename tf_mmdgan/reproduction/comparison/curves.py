"""Scores of the steps that a run of the comparison has kept."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from tf_mmdgan import data, files, images, training
from tf_mmdgan.evaluation import memorized
from tf_mmdgan.reproduction.comparison.cells import Cell
from tf_mmdgan.reproduction.comparison.results import Result
from tf_mmdgan.training import callbacks, history, run_directory

# The features of the last step's samples, in a run's folder.
FEATURES = "last_features.npz"

_METRICS = "kid_exact,fid"
_AT_THE_END = "kid_exact,fid,prdc"


def score_again(cell: Cell, result: Result) -> Result:
    """The result with KID and FID of every kept step, by today's code.

    KID is that over all pairs, on as many generated images as there are real
    ones. Of the last step there are precision, recall and the share of blank
    images as well, what the search for copies of training images found, and a
    file `FEATURES` for `claims.decide`.

    Raises:
      DataError: if the run is gone, or has kept no steps.
    """
    curve = training.Curve.of(run_dir=str(cell.run_dir), metrics=_METRICS)
    log = callbacks.read_log(cell.run_dir / run_directory.METRICS_FILE)
    points = [
        {
            "step": report.step,
            "cpu_seconds": cpu_seconds(log, report.step or 0),
            **_kid_and_fid(report.scores),
        }
        for report in curve.reports()
    ]
    last = dataclasses.replace(curve.scorer, metrics=_AT_THE_END)
    shown = curve.run.generate(last.count)
    scores = last.report(shown, "generated").scores
    real, generated = last.real_features, last.features(shown)
    files.write_npz(cell.run_dir / FEATURES, real=real, generated=generated)
    trained_on = data.load(cell.config, "train").images
    copies = memorized.look_for_copies(
        last.extractor, trained_on, real, generated,
        last.cache_dir, last.batch_size,
    )  # fmt: skip
    return dataclasses.replace(
        result,
        curve=points,
        scores=result.scores
        | {
            **_kid_and_fid(scores),
            "kid_protocol": "exact",
            "precision": scores["prdc"]["precision"],
            "recall": scores["prdc"]["recall"],
            "blank_share": images.blank_share(shown),
            **_copies(copies),
        },
        scored_by=run_directory.commit(),
    )


def _kid_and_fid(scores: Any) -> dict[str, float]:
    exact = scores["kid_exact"]
    return {
        "kid": exact["kid"],
        "kid_standard_error": exact["kid_standard_error"],
        "fid": scores["fid"]["fid"],
    }


def _copies(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """1 where samples are copies, or 0; the real images nearest to them."""
    names = ("copies", "hits", "hits_in_training")
    return {} if found is None else {name: int(found[name]) for name in names}


def cpu_seconds(log: Iterable[dict[str, float]], step: int) -> float | None:
    """Processor seconds of the training up to a step, scoring left out.

    None where a line of the log does not say how long its steps took.
    """
    return history.seconds_spent(log, "cpu_seconds_per_step", step)
