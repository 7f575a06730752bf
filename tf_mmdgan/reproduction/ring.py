"""A training run on the ring of Gaussians, whose modes can be counted."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import files, kernels, methods
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.data.sets import ring
from tf_mmdgan.latents import sampling_seed
from tf_mmdgan.metrics import kid, modes
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.reproduction import pictures
from tf_mmdgan.training import callbacks, checkpoints, guard, run_directory
from tf_mmdgan.training.events import Events

NAME = "ring"
SHAPE = (2,)
POINTS = 10_000
POINTS_FILE = "points.npz"
# A seed that no training run has.
HELD_OUT_SEED = 2**32

# Networks and noise of Srivastava et al. 2020; Adam for all methods alike.
SETTINGS = (
    f"--dataset={NAME}",
    "--architecture=mlp",
    "--generator_width=100",
    "--critic_width=100",
    "--nogenerator_batch_norm",
    "--nocritic_batch_norm",
    "--latent_size=20",
    "--latent_distribution=normal",
    "--batch_size=100",
    "--learning_rate=1e-3",
    "--beta_1=0.5",
    "--beta_2=0.9",
    "--steps=3000",
    "--log_every=20",
    "--checkpoint_every=500",
    "--noexport",
)


def train_ring(config: TrainConfig) -> dict[str, Any]:
    """Trains, or goes on, up to `config.steps`; draws and scores points.

    Returns:
      "steps"; modes_covered, high_quality and occupancy_tv of 10,000 points
      (see `metrics.modes`); their squared MMD to as many new points of the
      ring, with a Gaussian kernel of sigma 1, and its standard error; and the
      path of the picture.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for a run that diverges.
    """
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    run_dir = pathlib.Path(config.run_dir)
    run_directory.check(config)
    model = methods.make_model(config, SHAPE)
    run_directory.claim(run_dir)
    run_directory.write_config(config, {}, SHAPE)
    _fit(model, config)

    # More than asked for, where the run had gone further before.
    step = callbacks.current_step(model)
    points = draw_points(model, POINTS, config.evaluation_weights)
    scores = score(points)
    files.write_npz(run_dir / POINTS_FILE, compressed=True, points=points)
    picture = run_dir / "samples" / f"step_{step:07d}.png"
    files.write_bytes(picture, pictures.scatter_sheet({NAME: points}))
    return {"steps": step, **scores, "samples": str(picture)}


def _fit(model: ImplicitModel, config: TrainConfig) -> None:
    run_dir = pathlib.Path(config.run_dir)
    saver = checkpoints.Checkpoints(
        model,
        run_dir / "checkpoints",
        config.checkpoint_every,
        config.checkpoints_kept,
    )
    saver.restore()
    step = callbacks.current_step(model)
    if step >= config.steps:
        return
    log_file = run_dir / run_directory.METRICS_FILE
    callbacks.cut_log(log_file, step or -1)
    writer = Events(run_dir)
    callbacks.fit(
        model,
        ring.batches(
            config.batch_size, config.seed, int(model.updates.numpy())
        ),
        config.steps - step,
        [
            guard.StopAtNaN(),
            callbacks.MetricsLog(log_file, config.log_every, writer),
            saver,
        ],
        callbacks.Progress(config.steps, config.log_every),
    )


def draw_points(
    model: ImplicitModel, count: int, weights: str = "ema"
) -> np.ndarray:
    """The first points of a generator, of one seed: float32 [count, d].

    Args:
      model: whose generator it is.
      count: number of points.
      weights: "ema" or "current", see `ImplicitModel.network`.
    """
    latents = model.latents.sample(sampling_seed(0), count)
    return model.network(weights)(latents, training=False).numpy()


def coverage(points: np.ndarray) -> modes.ModeCoverage:
    """Which modes of the ring points reach, in the plane or in space: [n, d].

    Raises:
      DataError: for points that are not finite.
    """
    centres = ring.centres(dimension=points.shape[1])
    return modes.mode_coverage(points, centres, ring.STD)


def score(points: np.ndarray) -> dict[str, float]:
    """Scores of points [n, 2] of a generator; see `train_ring`."""
    mmd2 = kid.kid(
        ring.ring(POINTS, HELD_OUT_SEED),
        points,
        "exact",
        kernel=kernels.Gaussian((1.0,)),
    )
    return {
        **dataclasses.asdict(coverage(points)),
        "mmd2": mmd2.mean,
        "mmd2_standard_error": mmd2.standard_error,
    }
