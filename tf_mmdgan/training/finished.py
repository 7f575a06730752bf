"""What is done with a run that has been trained: load, score, export."""

import dataclasses
import os
import pathlib
from typing import Any

from tf_mmdgan import errors, evaluation, export
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods import make_model
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import (
    callbacks,
    checkpoints,
    run_directory,
)
from tf_mmdgan.training.run_directory import (
    CHECKPOINTS,
    EVALUATED,
    REPORT_FILE,
    recorded,
    recorded_step,
)


def score_run(
    config: TrainConfig,
    model: ImplicitModel,
    scorer: evaluation.Scorer,
    weights: str | None = None,
    out: str | os.PathLike[str] | None = None,
    classes: dict[str, dict[str, float]] | None = None,
    reproducible: dict[str, Any] | None = None,
) -> evaluation.Report:
    """Scores the model of a run and writes report and page.

    Args:
      config: of the run.
      model: what is scored.
      scorer: that scores it.
      weights: "ema" or "current"; by default as the run has it.
      out: the report's file; by default the run's own.
      classes: scores class by class, if there are any.
      reproducible: where training again would give the same bits; by default
        as the run's report says, if there is one.
    """
    weights = weights or config.evaluation_weights
    report_file = pathlib.Path(config.run_dir) / REPORT_FILE
    if reproducible is None:
        reproducible = recorded(report_file).get("reproducible")
    report = dataclasses.replace(
        scorer.report_model(
            model,
            weights,
            f"{config.run_dir}, {weights} weights, seed {scorer.settings.seed}",
            callbacks.current_step(model),
        ),
        classes=classes,
        reproducible=reproducible,
    )
    if scorer.cluster.chief:
        shown = scorer.samples(model, weights)
        scorer.write(report, shown, out or report_file)
    return report


def load_run(
    run_dir: str | os.PathLike[str],
    checkpoint: str = "last",
) -> tuple[TrainConfig, ImplicitModel]:
    """The model of a run, with the weights of a sound checkpoint.

    Args:
      run_dir: the run's folder.
      checkpoint: "last", the newest one, "best", that of the lowest KID, or the
        number of a step that --keep_evaluated has kept: then the averaged
        generator alone has its weights, and the model is as new otherwise.

    Raises:
      DataError: if the folder is not a run, or has no such checkpoint.
    """
    config, image_shape, num_classes = run_directory.read_config(run_dir)
    # The folder may have been moved.
    config = dataclasses.replace(config, run_dir=os.fspath(run_dir))
    model = make_model(config, image_shape, num_classes)
    if checkpoint.isdecimal():
        kept = checkpoints.EvaluatedWeights(
            model, pathlib.Path(run_dir) / EVALUATED
        )
        kept.restore(int(checkpoint))
        model.step.assign(int(checkpoint))
        return config, model
    folder = pathlib.Path(run_dir) / CHECKPOINTS[checkpoint]
    if not checkpoints.Checkpoints(model, folder).restore():
        every = {"last": "checkpoint", "best": "evaluate"}[checkpoint]
        raise errors.DataError(
            f"{run_dir} has no {checkpoint} checkpoint yet: let tools/train.py "
            f"reach --{every}_every steps first."
        )
    return config, model


def export_run(
    config: TrainConfig,
    model: ImplicitModel,
    export_dir: str | os.PathLike[str],
    weights: str = "ema",
    **options: Any,
) -> pathlib.Path:
    """Writes the generator as the next version in `export_dir`.

    The run's configuration, and its report if it is one of this step, go with
    it; so do warm-up records where they can be made.

    Args:
      config: that of the run.
      model: the run's model.
      export_dir: the folder of the exported versions.
      weights: "ema" (averaged) or "current".
      **options: passed on to `export.export_generator`.

    Returns:
      The folder of the new version.
    """
    step = callbacks.current_step(model)
    run_dir = pathlib.Path(config.run_dir)
    documents = [run_dir / run_directory.CONFIG_FILE]
    if recorded_step(run_dir / REPORT_FILE) == step:
        documents.append(run_dir / REPORT_FILE)
    return export.export_generator(
        model.network(weights),
        model.latents,
        export_dir,
        {
            "config": dataclasses.asdict(config),
            "step": step,
            "weights": weights,
        },
        num_classes=model.num_classes,
        documents=documents,
        with_warmup=export.warmup_available(),
        **options,
    )
