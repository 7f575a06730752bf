"""Weights that a new run begins with: those of another run."""

import dataclasses
import itertools
import pathlib

import keras

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.spelling import Recorded, refuse_recorded
from tf_mmdgan.methods import make_model
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import (
    checkpoints,
    claims,
    finished,
    records,
    run_directory,
)
from tf_mmdgan.training.run_directory import CHECKPOINTS


def start_from(model: ImplicitModel, config: TrainConfig) -> None:
    """Gives a new run's networks the weights of the run `config.init_from`.

    These are those of its newest checkpoint: of the generator, of the averaged
    generator, and of the critic, if both runs have one. Optimizers and steps
    are new. A run that has a checkpoint already is left alone.

    Args:
      model: of the new run, as new.
      config: of the new run.

    Raises:
      UsageError: for weights of other shapes, each of which is named.
      DataError: if the folder is not a run, or has no sound checkpoint.
    """
    own = pathlib.Path(config.run_dir, CHECKPOINTS["last"])
    if config.init_from is None or any(own.glob("step-*.index")):
        return
    if isinstance(config.init_from, Recorded):
        refuse_recorded(
            f"the weights in {config.init_from} would be read", "init_from"
        )
    pairs = _pairs(model, _trained(config.init_from, config.trust_run))
    differing = [
        difference
        for name, (here, there) in pairs.items()
        for difference in _differences(name, here, there)
    ]
    if differing:
        raise errors.UsageError(
            f"--init_from={config.init_from}: its weights do not fit: "
            f"{'; '.join(differing)}."
        )
    for here, there in pairs.values():
        here.set_weights(there.get_weights())


def _trained(run_dir: str, trust_run: bool) -> ImplicitModel:
    """The whole model of a run, with the weights of its newest checkpoint."""
    # Which tells of what is no run, or not sound, and of weights that claim
    # more than there is, before the critic is made.
    finished.load_run(run_dir, trust_run=trust_run)
    config, shape, condition = run_directory.read_config(run_dir, trust_run)
    in_force = run_directory.recorded_in_force(run_dir, trust_run)
    config = records.filled(config, in_force)
    folder = pathlib.Path(run_dir, CHECKPOINTS["last"])
    if not trust_run:
        claims.check_critic(config, shape, condition, folder)
    made = make_model(
        dataclasses.replace(config, trust_run=trust_run), shape, condition
    )
    checkpoints.Checkpoints(made, folder).restore(whole=False)
    return made


def _pairs(
    here: ImplicitModel, there: ImplicitModel
) -> dict[str, tuple[keras.Model, keras.Model]]:
    pairs = {
        "generator": (here.generator, there.generator),
        "averaged generator": (here.ema_generator, there.ema_generator),
    }
    if here.critic is not None and there.critic is not None:
        pairs["critic"] = here.critic, there.critic
    return pairs


def _differences(name: str, here: keras.Model, there: keras.Model) -> list[str]:
    """Words for each weight whose shape is another one."""
    if name == "averaged generator":  # which is as the generator is
        return []
    both = itertools.zip_longest(here.weights, there.weights)
    return [
        f"{name} {(own if own is not None else other).path} is "
        f"{_shape(other)} there, {_shape(own)} here"
        for own, other in both
        if _shape(own) != _shape(other)
    ]


def _shape(weight: keras.Variable | None) -> str:
    return "missing" if weight is None else str(list(weight.shape))
