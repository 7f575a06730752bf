"""Training on the ring of eight Gaussians, for several studies.

In memory, with the settings of one paper; a run that has a folder and goes on
after an interruption is `reproduction.ring`.
"""

import dataclasses
from typing import Any

import numpy as np

from tf_mmdgan import methods
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.data.sets import ring
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.reproduction.ring import POINTS, coverage, draw_points

_PER_CALL = 50

# Networks, optimizers and kernels of Srivastava et al. 2020, code
# (https://github.com/GRAM-nets); its "gan" is the non-saturating one.
_COMMON = {
    "architecture": "gram_mlp",
    "generator_batch_norm": False,
    "critic_width": 100,
    "latent_distribution": "normal",
    "batch_size": 100,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "steps_per_execution": _PER_CALL,
}
COMPARED: dict[str, dict[str, Any]] = {
    "GRAM-net": {
        "objective": "gram",
        "bandwidths": "1",
        "critic_output": 10,
        "learning_rate": 1e-3,
    },
    "MMD-net": {
        "objective": "gmmn",
        "bandwidths": "1",
        "optimizer": "rmsprop",
        "learning_rate": 1e-3,
    },
    "MMD-GAN": {
        "objective": "li_mmd",
        "kernel": "rbf",
        "critic_output": 10,
        "critic_batch_norm": False,
        "critic_steps": 5,
        "burn_in_critic_steps": 0,
        "weight_clip": 0.1,
        "learning_rate": 5e-5,
    },
    "GAN": {
        "objective": "gan",
        "critic_batch_norm": False,
        "critic_steps": 1,
        "learning_rate": 1e-4,
    },
}


@dataclasses.dataclass(frozen=True)
class RingRun:
    """One training run.

    Attributes:
      method: in `COMPARED`.
      dimension: of the points, 2 or 3.
      noise: dimension of the latents.
      width: of the generator's two hidden layers.
      seed: of the run.
      outputs: of the projection or critic, where it has several.
    """

    method: str
    dimension: int = 2
    noise: int = 20
    width: int = 100
    seed: int = 0
    outputs: int = 10

    def model(self) -> ImplicitModel:
        """The compiled model, untrained."""
        settings = {**_COMMON, **COMPARED[self.method]}
        if "critic_output" in settings:
            settings["critic_output"] = self.outputs
        config = TrainConfig(
            run_dir="none",
            steps=_PER_CALL,
            log_every=_PER_CALL,
            generator_width=self.width,
            latent_size=self.noise,
            seed=self.seed,
            sample_every=0,
            evaluate_every=0,
            checkpoint_every=0,
            **settings,
        )
        return methods.make_model(config, (self.dimension,))


def fit(model: ImplicitModel, steps: int) -> None:
    """Trains for so many more steps, a multiple of 50."""
    dimension = model.generator.output.shape[-1]
    start = int(model.updates.numpy())
    model.fit(
        ring.batches(100, model.seed, start, dimension),
        steps_per_epoch=steps,
        verbose=0,
    )


def train(cell: RingRun, steps: int, drawn: int) -> dict[str, Any]:
    """Modes reached and share of good points, and some of them to be drawn."""
    model = cell.model()
    fit(model, steps)
    found = draw_points(model, POINTS)
    covered = coverage(found)
    shown = _untilted(found[:drawn])
    return {
        "modes": covered.modes_covered,
        "high_quality": covered.high_quality,
        "points": np.round(shown, 2),
    }


def _untilted(found: np.ndarray) -> np.ndarray:
    """The two coordinates in the plane of the ring."""
    if found.shape[1] == 2:
        return found
    along = ring.centres(dimension=3)[2] / ring.RADIUS
    across = ring.centres(dimension=3)[4] / ring.RADIUS
    return np.stack([found @ along, found @ across], axis=1)
