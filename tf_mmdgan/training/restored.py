"""Which weights a run is loaded with."""

import pathlib

import numpy as np

from tf_mmdgan import errors, owned
from tf_mmdgan.config import fields
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import checkpoints
from tf_mmdgan.training.run_directory import (
    CHECKPOINTS,
    EVALUATED,
    LABELS_FILE,
)

# What a generator is made of, which exports and samples publish.
_PARTS = (*CHECKPOINTS.values(), EVALUATED, LABELS_FILE)


def check_links(run_dir: pathlib.Path) -> None:
    """Refuses a run whose weights or labels would be read from elsewhere.

    By a link, whoever made the run could have others of this user's exported.

    Raises:
      DataError: for a link that leads out of the run.
    """
    for path in owned.links_out(run_dir):
        inside = path.relative_to(run_dir)
        if inside.parts[0] in _PARTS:
            raise errors.DataError(
                f"{run_dir}: {inside} is a link, and what it leads to would be "
                "taken for a part of the run. Remove it, or give --trust_run, "
                "if you trust whoever made the run."
            )


def restore(
    model: ImplicitModel, run_dir: pathlib.Path, checkpoint: str
) -> None:
    """Gives a model the weights of a checkpoint, and its step.

    Args:
      model: that of the run.
      run_dir: the run's folder.
      checkpoint: "last", "best", or the number of a step that was kept, of
        which there are averaged weights alone.

    Raises:
      DataError: where there is none, and for weights that are not sound.
    """
    if checkpoint.isdecimal():
        step = int(checkpoint)
        checkpoints.EvaluatedWeights(model, run_dir / EVALUATED).restore(step)
        model.step.assign(step)
    else:
        _restore_last_or_best(model, run_dir, checkpoint)
    _check_finite(model, run_dir)


def _check_finite(model: ImplicitModel, run_dir: pathlib.Path) -> None:
    """Refuses weights by which every image would be the same, or none."""
    for kind in fields.WEIGHTS:
        for weight in model.network(kind).weights:
            if not np.isfinite(weight.numpy().astype(np.float32)).all():
                raise errors.DataError(
                    f"{run_dir}: the {kind} weights {weight.path} "
                    "are not finite; take another --checkpoint."
                )


def _restore_last_or_best(
    model: ImplicitModel, run_dir: pathlib.Path, checkpoint: str
) -> None:
    folder = run_dir / CHECKPOINTS[checkpoint]
    if not checkpoints.Checkpoints(model, folder).restore(whole=False):
        every, none = {
            "last": ("checkpoint", ""),
            "best": (
                "evaluate",
                " Where imagenet is not installed, scores of pictures in "
                "colour choose none.",
            ),
        }[checkpoint]
        raise errors.DataError(
            f"{run_dir} has no whole {checkpoint} checkpoint yet: "
            "give tf-mmdgan train the same settings again, which starts it or "
            f"goes on, and let it reach --{every}_every steps.{none}"
        )
