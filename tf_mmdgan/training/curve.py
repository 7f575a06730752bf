"""Scores of the steps that a run has kept, one after the other."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from tf_mmdgan import config as config_room
from tf_mmdgan import errors
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.evaluation import Report, Scorer, from_config
from tf_mmdgan.training import checkpoints
from tf_mmdgan.training.finished import TrainedRun, load_run
from tf_mmdgan.training.kept_steps import KeptSteps
from tf_mmdgan.training.run_directory import EVALUATED


@dataclasses.dataclass(frozen=True)
class Curve:
    """A run whose kept steps are scored in turn.

        curve = training.Curve.of(run_dir="runs/long", metrics="kid_exact,fid")
        for report in curve.reports():
            print(report.step, report.scores["kid_exact"]["kid"])

    Attributes:
      run: the run; its averaged weights become those of the step that is
        scored.
      scorer: of all steps, against one set of real images.
      kept: the averaged weights that were kept; of the checkpoint "all",
        those of all checkpoints too.
    """

    run: TrainedRun
    scorer: Scorer
    kept: checkpoints.EvaluatedWeights | KeptSteps

    @classmethod
    def of(
        cls, config: EvaluateConfig | None = None, **settings: Any
    ) -> "Curve":
        """The curve of the run that a configuration names.

        Args:
          config: what is scored against what; where its checkpoint is "all",
            checkpoints are scored beside the weights of --keep_evaluated.
          **settings: single settings, as of `training.evaluate`.

        Raises:
          UsageError: for unknown names, settings out of range, and for
            weights that are not averaged.
          DataError: for a run that cannot be used, or has kept no steps.
        """
        config = config_room.given(EvaluateConfig, config, settings)
        if config.weights != "ema":
            raise errors.UsageError(
                f"--weights={config.weights}: kept steps are scored with their "
                "averaged weights; leave it out, or name one --checkpoint."
            )
        run = load_run(str(config.run_dir), trust_run=config.trust_run)
        kept: checkpoints.EvaluatedWeights | KeptSteps = (
            KeptSteps(run)
            if config.checkpoint == "all"
            else checkpoints.EvaluatedWeights(run.model, run.folder / EVALUATED)
        )
        if not kept.steps():
            raise errors.DataError(
                f"{config.run_dir} has kept no step to score: train with "
                "--keep_evaluated."
            )
        scorer = from_config.make_scorer(
            config, run.config, run.image_shape, run.table
        )
        return cls(run, scorer, kept)

    def reports(self) -> Iterator[Report]:
        """A report of each step, with its averaged weights.

        What is damaged is passed over, with a warning.
        """
        for step in self.kept.steps():
            try:
                self.kept.restore(step)
            except errors.DataError as error:
                errors.warn(f"{error} It is not scored.", stacklevel=2)
                continue
            self.run.model.step.assign(step)
            yield self.scorer.report_model(
                self.run.model, "ema", f"{self.run.folder}, step {step}", step
            )
