"""The composition root: from a configuration to a run, and back."""

import dataclasses
import functools
import json
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import (
    architectures,
    callbacks,
    data,
    distribution,
    errors,
    export,
    kernels,
    objectives,
    run_directory,
    scoring,
)
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel, BurnIn

METRICS_FILE = "metrics.jsonl"
REPORT_FILE = "report.json"


def make_objective(config: TrainConfig) -> objectives.Objective:
    """The objective, its settings as given or else as published.

    Raises:
      UsageError: for an unknown objective or kernel, and for a setting that
        this objective does not have.
    """
    objective = errors.pick(
        objectives.OBJECTIVES, config.objective, "objective"
    )
    settings = _method_settings(config, objective)
    names = {field.name for field in dataclasses.fields(objective)}
    foreign = {
        field.name
        for other in objectives.OBJECTIVES.values()
        for field in dataclasses.fields(other)
    } - names
    for name in sorted(foreign):
        if getattr(config, name) is not None:
            raise errors.UsageError(
                f"--{name} has no meaning for --objective={config.objective}."
            )
    values = {name: settings[name] for name in names}
    if "kernel" in values:
        values["kernel"] = errors.pick(
            kernels.KERNELS, values["kernel"], "kernel"
        )
    return objective(**values)


def _method_settings(
    config: TrainConfig, objective: type[objectives.Objective]
) -> dict[str, Any]:
    published = objective.published(config.kernel)
    given = {name: getattr(config, name) for name in published}
    return {
        name: default if given[name] is None else given[name]
        for name, default in published.items()
    }


def make_model(
    config: TrainConfig, image_shape: tuple[int, int, int]
) -> AdversarialModel:
    """The compiled model; call it in the scope of the strategy.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    objective = make_objective(config)
    if config.critic_batch_norm and objective.needs_independent_examples:
        raise errors.UsageError(
            "--critic_batch_norm with a gradient penalty: the penalty is on "
            "single images, batch normalisation mixes them. Give "
            "--gradient_penalty=0 or --nocritic_batch_norm."
        )
    architecture = errors.pick(
        architectures.ARCHITECTURES, config.architecture, "architecture"
    )
    # Weights depend on the seed alone, not on what was drawn before.
    keras.utils.set_random_seed(config.seed)
    latents = Latents(config.latent_size, config.latent_distribution)
    burn_in = None
    if config.burn_in_critic_steps:
        burn_in = BurnIn(
            config.burn_in_critic_steps,
            config.burn_in_first,
            config.burn_in_every,
        )
    model = AdversarialModel(
        architecture.generator(
            image_shape,
            latents.size,
            config.generator_width,
            batch_norm=config.generator_batch_norm,
        ),
        architecture.critic(
            image_shape,
            _method_settings(config, type(objective))["critic_output"],
            config.critic_width,
            batch_norm=config.critic_batch_norm,
        ),
        latents,
        objective,
        critic_steps=config.critic_steps,
        burn_in=burn_in,
        seed=config.seed,
        ema_decay=config.ema_decay,
    )
    critic_rate = config.critic_learning_rate or config.learning_rate
    model.compile(
        _adam(config, config.learning_rate),
        _adam(config, critic_rate),
        clip_norm=config.clip_norm,
        steps_per_execution=config.steps_per_execution,
        jit_compile=False,
    )
    return model


def _adam(config: TrainConfig, rate: float) -> keras.optimizers.Adam:
    return keras.optimizers.Adam(
        rate, beta_1=config.beta_1, beta_2=config.beta_2
    )


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is ready to start or to go on."""

    config: TrainConfig
    model: AdversarialModel
    batches: tf.data.Dataset
    train_images: np.ndarray
    scorer: scoring.Scorer
    grid: callbacks.SampleGrid
    callbacks: list[keras.callbacks.Callback]
    progress: callbacks.Progress

    def train(self) -> dict[str, Any]:
        """Trains up to `config.steps`, reports and exports.

        Does nothing again that is done already, nor undoes it.

        Returns:
          KID before and after, and the paths of what was written.
        """
        run_dir = pathlib.Path(self.config.run_dir)
        remaining = self.config.steps - callbacks.current_step(self.model)
        if remaining > 0:
            self._fit(remaining)
        step = callbacks.current_step(self.model)
        report_file = run_dir / REPORT_FILE
        if _recorded_step(report_file) != step:
            self.scorer.report(
                self.model, self.config.evaluation_weights, str(run_dir)
            ).write(report_file)
        log = callbacks.read_log(run_dir / METRICS_FILE)
        kid = {line["step"]: line["kid"] for line in log if "kid" in line}
        result = {
            "run_dir": str(run_dir),
            "steps": step,
            "kid_before": kid.get(0),
            "kid": kid.get(step),
            "kid_of_training_images": self.scorer.kid(self.train_images),
            "report": str(report_file),
            "samples": str(self.grid.path(step)),
        }
        if self.config.export:
            export_dir = run_dir / "export"
            path = export.newest_version(export_dir)
            if path is None or _recorded_step(path / export.METADATA) != step:
                path = export_run(
                    self.config,
                    self.model,
                    export_dir,
                    self.config.evaluation_weights,
                )
            result["saved_model"] = str(path)
        return result

    def _fit(self, steps: int) -> None:
        try:
            self.model.fit(
                self.batches,
                epochs=1,
                steps_per_epoch=steps,
                shuffle=False,
                verbose=0,
                callbacks=[*self.callbacks, self.progress],
            )
        finally:
            self.progress.close()


def _recorded_step(path: pathlib.Path) -> int | None:
    """The step that a report or an export says it was made at."""
    try:
        return json.loads(path.read_bytes())["step"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def prepare(config: TrainConfig) -> Run:
    """Builds everything that `config` describes; continues a run found there.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for files that cannot be used.
    """
    if config.logical_cpus:
        distribution.split_cpu(config.logical_cpus)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    # The remapper logs an error for each convolution with a leaky ReLU.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    strategy = distribution.make_strategy(config.strategy)
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise errors.UsageError(
            f"--batch_size={config.batch_size}: must be a multiple of the "
            f"{replicas} devices."
        )
    run_dir = pathlib.Path(config.run_dir)
    run_directory.check(config)
    train = data.load(
        config.dataset, "train", config.image_size, config.data_dir
    )
    data.check_batch_size(train, config.batch_size)
    with strategy.scope():
        model = make_model(config, train.image_shape)
    scorer = scoring.scorer_of_run(config)

    run_directory.claim(run_dir)
    run_directory.write_config(config, train.image_shape)
    checkpoints = callbacks.Checkpoints(
        model,
        run_dir / "checkpoints",
        config.checkpoint_every,
        config.keep_checkpoints,
    )
    checkpoints.restore()
    callbacks.cut_log(
        run_dir / METRICS_FILE, callbacks.current_step(model) or -1
    )
    writer = tf.summary.create_file_writer(str(run_dir))
    log = callbacks.MetricsLog(run_dir / METRICS_FILE, config.log_every, writer)
    grid = callbacks.SampleGrid(
        run_dir / "samples",
        config.sample_every,
        writer,
        config.evaluation_weights,
    )
    return Run(
        config,
        model,
        strategy.experimental_distribute_dataset(
            data.batches(
                train,
                config.batch_size,
                config.seed,
                start=int(model.updates.numpy()),
            )
        ),
        train.images,
        scorer,
        grid,
        [
            callbacks.StopAtNaN(),
            log,
            grid,
            callbacks.Evaluation(
                functools.partial(
                    scorer.score_model, weights=config.evaluation_weights
                ),
                config.evaluate_every,
                log,
            ),
            checkpoints,
        ],
        callbacks.Progress(config.steps, config.log_every),
    )


def load_run(
    run_dir: str | os.PathLike,
) -> tuple[TrainConfig, AdversarialModel]:
    """The model of a run, with the weights of its newest sound checkpoint.

    Raises:
      DataError: if the folder is not a run, or has no checkpoint yet.
    """
    config, image_shape = run_directory.read_config(run_dir)
    model = make_model(config, image_shape)
    folder = pathlib.Path(run_dir) / "checkpoints"
    if not callbacks.Checkpoints(model, folder).restore():
        raise errors.DataError(
            f"{run_dir} has no checkpoint yet: let tools/train.py reach "
            "--checkpoint_every steps first."
        )
    return config, model


def export_run(
    config: TrainConfig,
    model: AdversarialModel,
    export_dir: str | os.PathLike,
    weights: str = "ema",
) -> pathlib.Path:
    """Writes the generator as the next version in `export_dir`."""
    metadata = {
        "config": dataclasses.asdict(config),
        "step": callbacks.current_step(model),
        "weights": weights,
    }
    return export.export_generator(
        model.network(weights), model.latents, export_dir, metadata
    )
