"""A run that has been trained: load it, draw from it, score it, export it."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tf_mmdgan import data, errors, export, files
from tf_mmdgan.config import TrainConfig, fields
from tf_mmdgan.config.data import at_home
from tf_mmdgan.config.sizes import bounds
from tf_mmdgan.evaluation import Report, Scorer, memorized
from tf_mmdgan.evaluation.report import kept
from tf_mmdgan.methods import make_generator
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import (
    callbacks,
    claims,
    class_records,
    held_out,
    history,
    matched,
    records,
    restored,
    run_directory,
    usable,
)
from tf_mmdgan.training.run_directory import (
    CHECKPOINTS,
    CONFIG_FILE,
    EVALUATED,
    REPORT_FILE,
    recorded,
)


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """A run that has been trained, with its model.

        >>> run = tm.load_run("runs/digits")
        >>> run.generate(4, seed=1).shape
        (4, 16, 16, 1)

    Attributes:
      config: that of the run.
      model: with the weights of the step that was asked for.
      result: KID before and after training and the paths of what was written,
        where the run has been trained by this process; else empty.
      averaged_alone: whether the averaged weights alone are of that step.
      in_own_steps: whether the generator makes as many steps as the run has it.
    """

    config: TrainConfig
    model: ImplicitModel
    result: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    averaged_alone: bool = False
    in_own_steps: bool = True

    @property
    def folder(self) -> pathlib.Path:
        """The run's folder."""
        return pathlib.Path(self.config.run_dir)

    @property
    def step(self) -> int:
        """Steps that the model was trained."""
        return callbacks.current_step(self.model)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape [h, w, c] of what the model generates."""
        return tuple(self.model.generator.output_shape[1:])

    @property
    def value_range(self) -> tuple[float, float] | None:
        """Lowest and highest number of the data, if not levels of 8 bits."""
        given = self.config.value_range
        return None if given is None else bounds(given)

    def generate(self, count: int, seed: int = 0, **options: Any) -> np.ndarray:
        """Draws images, uint8 [count, h, w, c], or rows, in their units.

        Args:
          count: how many.
          seed: any integer that fits 64 bits.
          **options: of `ImplicitModel.generate`, such as `label`.
        """
        self._check_weights(options.get("weights", "ema"))
        drawn = self.model.generate(count, seed, **options)
        return drawn if self.table is None else self.table.in_units(drawn)

    @functools.cached_property
    def table(self) -> data.Table | None:
        """The columns of the rows that it generates; None of images."""
        return records.recorded_table(self.folder, self.image_shape)

    def score(
        self,
        scorer: Scorer | None = None,
        weights: str | None = None,
        out: str | os.PathLike[str] | None = None,
        classes: dict[str, dict[str, float]] | None = None,
        reproducible: dict[str, Any] | None = None,
        baseline: dict[str, dict[str, float]] | None = None,
        training: np.ndarray | None = None,
        features: Any = None,
        also: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Report:
        """Scores the model, and writes the report and its page.

        Args:
          scorer: by default that of the run, on the held-out images of its
            data set.
          weights: "ema" or "current"; by default as the run has it.
          out: the report's file; by default the run's own.
          classes: scores by class.
          reproducible: where training again gives the same bits; by default
            as the run's report says.
          baseline: scores of training images; by default as the run's report
            says, if it was made in the same way.
          training: the run's, uint8 [N, h, w, c]; copies of it are warned of.
          features: what `scorer` has, by name; by default the run's own.
          also: scores that go beside those of the scorer, by their names.

        Raises:
          UsageError: before the work, if the report cannot be written there,
            or for weights that there are not.
          NotWrittenError: after it, with the report.
        """
        weights = weights or self._usual_weights
        self._check_weights(weights)
        scorer = self._scorer(scorer)
        if scorer.cluster.chief:
            self.report_file(out)
        before = recorded(self.folder / REPORT_FILE)
        if reproducible is None:
            reproducible = history.kept_reproducible(before)
        report = self._scored(scorer, weights, training)
        if baseline is None:
            baseline = history.kept_baseline(report, before)
        report = dataclasses.replace(
            report,
            scores={**report.scores, **(also or {})},
            classes=classes,
            reproducible=reproducible,
            baseline=baseline,
        ).remarked(*matched.remarks(self.config, features))
        if scorer.cluster.chief:
            shown = scorer.samples(self.model, weights)
            told = history.of_run(self.config, self.model, weights)
            with kept(report, "--out"):
                scorer.write(
                    report, shown, self.report_file(out), told, training
                )
            self._warn_of(report)
        return report

    def _scorer(self, given: Scorer | None) -> Scorer:
        """The given one, or that on the held-out images of the data set."""
        if given is not None:
            errors.check_type("scorer", given, Scorer)
            return given
        return held_out.scorer(self.config, self.table)

    def _scored(
        self, scorer: Scorer, weights: str, training: np.ndarray | None
    ) -> Report:
        seed = scorer.settings.seed
        source = f"{self.config.run_dir}, {weights} weights, seed {seed}"
        if not self.in_own_steps:
            source += f", {self.config.sampling_steps} sampling steps"
        return scorer.report_model(
            self.model, weights, source, self.step, training
        )

    def _warn_of(self, report: Report) -> None:
        """Warns of samples that are all alike, or copies."""
        report.warn()
        found = memorized.warning(report.memorization)
        if found:
            errors.warn(f"{self.config.run_dir}: {found}", stacklevel=3)

    def report_file(
        self, out: str | os.PathLike[str] | None = None
    ) -> pathlib.Path:
        """Where a report of the run is written to.

        Args:
          out: the place that is asked for, if there is one.

        Raises:
          UsageError: if it cannot be written to; and for none, where the
            generator makes another number of steps.
        """
        if out is None and not self.in_own_steps:
            raise errors.UsageError(
                "The run's own report is of its own number of steps: of other "
                "sampling_steps, say by out where it goes."
            )
        path = self.folder / REPORT_FILE if out is None else at_home(out)
        files.check_writable(path, "--out")
        return path

    def export(
        self,
        export_dir: str | os.PathLike[str] | None = None,
        weights: str = "ema",
        licence: str | None = None,
        standing_batches: int | None = None,
        **options: Any,
    ) -> pathlib.Path:
        """Writes the generator as the next version in a folder.

        The run's configuration, and its report if it is one of this generator,
        go with it; so do warm-up records where they can be made.

        Args:
          export_dir: the folder of the exported versions; by default export/ in
            the run's own.
          weights: "ema" (averaged) or "current".
          licence: of data and weights, for the model card.
          standing_batches: how many fresh batches, of the run's size or of 256
            images if that is less, give the statistics of batch normalisation;
            0: they are those of training; by default as the run has it.
          **options: of `export.export_generator`.

        Returns:
          The folder of the new version.
        """
        names = [CONFIG_FILE]
        report = recorded(self.folder / REPORT_FILE)
        if self.in_own_steps and history.is_of(report, self.step, weights):
            names.append(REPORT_FILE)
        # Not what links lead to, which may be private.
        documents = {
            name: recorded(self.folder / name)
            for name in names
            if not (self.folder / name).is_symlink()
        }
        standing = self.config.standing_batches
        if standing_batches is not None:
            standing = standing_batches
        return export.export_generator(
            self.network(weights, standing),
            self.model.latents,
            export_dir or run_directory.export_folder(self.folder),
            {
                "config": fields.record(self.config),
                "step": self.step,
                "weights": weights,
                "standing_batches": standing,
                "licence": licence,
                **({"table": self.table.record()} if self.table else {}),
            },
            condition=self.model.condition,
            value_range=self.value_range,
            documents=documents,
            with_warmup=export.warmup_available(),
            **options,
        )

    def network(
        self, weights: str = "ema", standing_batches: int = 0
    ) -> keras.Model:
        """A generator, with standing statistics of so many batches, if any.

        One of rows makes them in the units of their table.

        Raises:
          UsageError: for weights that there are not.
        """
        self._check_weights(weights)
        return usable.network(
            self.model,
            weights,
            self.table,
            standing_batches,
            self.config.batch_size,
        )

    @property
    def _usual_weights(self) -> str:
        return "ema" if self.averaged_alone else self.config.evaluation_weights

    def _check_weights(self, weights: str) -> None:
        if self.averaged_alone and weights != "ema":
            raise errors.UsageError(
                f"weights={weights}: of single steps the averaged weights "
                'alone are kept; give weights="ema".'
            )


def load_run(
    run_dir: str | os.PathLike[str],
    checkpoint: str | int = "last",
    trust_run: bool = False,
    sampling_steps: int | None = None,
) -> TrainedRun:
    """A run, its generators with the weights of a sound checkpoint.

    Both are there, the current and the averaged one, but nothing that they were
    trained with.

        >>> run = tm.load_run("runs/digits")
        >>> run.config.steps
        2

    Args:
      run_dir: the run's folder.
      checkpoint: "last", the newest one, "best", that of the lowest KID, or the
        number of a step that --keep_evaluated has kept, by its averaged weights
        alone; others are refused then.
      trust_run: whether what the run's record names, beside what this package
        has, may be read, imported and run: now, and when the run is scored.
      sampling_steps: steps of a generator of several steps; by default as the
        run has it.

    Raises:
      UsageError: for what is no path, for a checkpoint that no run has, for
        what this package has not in a run that is not trusted, and for steps of
        a generator that makes none.
      DataError: if the folder is not a run, or has no such checkpoint; for a
        record or weights that are not sound; and for links by which weights
        would come from elsewhere, in a run that is not trusted.
    """
    run_dir = os.fspath(at_home(run_dir))
    checkpoint = fields.checkpoint_name(checkpoint)
    found = run_directory.read_config(run_dir, trust_run)
    config, image_shape, condition = found
    # The folder may have been moved.
    config = dataclasses.replace(config, run_dir=run_dir, trust_run=trust_run)
    in_force = run_directory.recorded_in_force(run_dir, trust_run)
    config = records.filled(config, in_force)
    own_steps = config.sampling_steps
    if sampling_steps is not None:
        config = dataclasses.replace(config, sampling_steps=sampling_steps)
    if not trust_run:
        restored.check_links(pathlib.Path(run_dir))
        claims.check_size(config, image_shape)
        held = CHECKPOINTS.get(checkpoint, EVALUATED)
        claims.check_generator(
            config, image_shape, condition, pathlib.Path(run_dir, held)
        )
    model = make_generator(config, image_shape, condition)
    condition = class_records.with_law(run_dir, condition)
    if model.condition is not None:
        model.condition = condition
    single, usual = checkpoint.isdecimal(), config.sampling_steps == own_steps
    run = TrainedRun(config, model, averaged_alone=single, in_own_steps=usual)
    restored.restore(model, run.folder, checkpoint)
    return run
