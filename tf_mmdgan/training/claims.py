"""Sizes that a run's record claims, before anything is made of them.

Single numbers are bounded where a record is read, by the `most` of their
fields. What several of them make together is looked at here: networks, which
the run's checkpoints hold, and the layers of a batch, which nothing holds.
"""

import functools
import math
import pathlib
from collections.abc import Callable

from tf_mmdgan import errors, files
from tf_mmdgan.conditions import Condition
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.sizes import sides
from tf_mmdgan.methods import count_critic_weights, count_weights
from tf_mmdgan.training import run_directory
from tf_mmdgan.training.run_directory import CHECKPOINTS, CONFIG_FILE

# Of networks that any machine holds.
_USUAL_WIDTH = 64
_USUAL_LATENTS = 512  # and outputs of the critic
_USUAL_CLASSES = 1000
_USUAL_SIDE = 256
_USUAL_NUMBERS = 4 * _USUAL_SIDE**2  # of an image
_MOST_NOISE = 2**22  # numbers that an image is made of, in all its steps
_UNSAVED_BYTES = 2**30  # of a network whose run has no checkpoint yet
_BATCH_BYTES = 2**36  # of a layer as wide as a network and half as high


def check_training(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None,
) -> None:
    """Refuses to go on with a run whose record claims what it cannot need.

    Args:
      config: of the run, what was in force filled in; a new run passes.
      image_shape: (h, w, c) of its data, or (n,) for points.
      condition: what the labels of its data are; None without labels.

    Raises:
      DataError: for networks that the run has no weights of, or for a batch of
        which a single layer takes 64 GiB.
    """
    run_dir = pathlib.Path(config.run_dir)
    if config.trust_run or not (run_dir / CONFIG_FILE).exists():
        return
    if len(image_shape) == 3:
        _check_batch(config, image_shape)
    folder = run_dir / CHECKPOINTS["last"]
    check_generator(config, image_shape, condition, folder, _UNSAVED_BYTES)
    check_critic(config, image_shape, condition, folder, _UNSAVED_BYTES)


def _check_batch(config: TrainConfig, image_shape: tuple[int, ...]) -> None:
    """Refuses a batch of which the layers, or its pairs, fit no memory."""
    height, width, channels = image_shape
    draws = config.energy_draws or 1
    images = config.batch_size * draws
    # All pairs of the draws of an image are held at once.
    numbers = max(
        config.generator_width, config.critic_width, 2 * draws * channels
    )
    layer = images * height * width * numbers
    if layer > _BATCH_BYTES:
        raise errors.DataError(
            f"{config.run_dir}: by its record a batch has {images:,} images, "
            f"of which one layer takes {layer / 2**30:,.0f} GiB; give "
            "--trust_run, if that is meant."
        )


def check_size(config: TrainConfig, image_shape: tuple[int, ...]) -> None:
    """Refuses a record of other images than the generator of the run makes.

    Real images would be brought to that size, however few they are.

    Args:
      config: by the run's record.
      image_shape: (h, w, c) of what is generated, or (n,) of points.

    Raises:
      DataError: for another size.
    """
    size = config.image_size
    if size is not None and sides(size) != image_shape[:2]:
        made = " x ".join(map(str, image_shape))
        raise errors.DataError(
            f"{config.run_dir}: by its record the data have images of {size} "
            f"pixels, and the generator makes {made}; give --trust_run, if "
            "that is meant."
        )


def check_recorded_size(config: TrainConfig) -> None:
    """`check_size` before the data of a run that goes on; a new run passes.

    Raises:
      DataError: as `check_size`.
    """
    run_dir = pathlib.Path(config.run_dir)
    if not config.trust_run and (run_dir / CONFIG_FILE).exists():
        _, image_shape, _ = run_directory.read_config(run_dir)
        check_size(config, image_shape)


def check_generator(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None,
    folder: pathlib.Path,
    unsaved: int = 0,
) -> None:
    """Refuses a record of a larger generator than there are weights of.

    Args:
      config: by the run's record.
      image_shape: (h, w, c), or (n,) for points.
      condition: what the labels of the data are; None without labels.
      folder: of checkpoints, in that of the run.
      unsaved: bytes of weights that pass in any case.

    Raises:
      DataError: for such a record, and for a generator of so many steps that
        the noise of an image is far larger than any image.
    """
    steps = config.sampling_steps or 1
    noise = steps * math.prod(image_shape)
    if steps > 1 and noise > _MOST_NOISE:
        raise errors.DataError(
            f"{folder.parent}: by its record an image is made of {noise:,} "
            f"numbers of noise, in {steps} steps: give fewer "
            "--sampling_steps, or --trust_run, if that is meant."
        )
    sizes = (config.generator_width, config.latent_size)
    if not _is_usual(*sizes, image_shape, condition):
        _check_held(
            folder, "generator", unsaved,
            functools.partial(count_weights, config, image_shape, condition),
        )  # fmt: skip


def check_critic(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None,
    folder: pathlib.Path,
    unsaved: int = 0,
) -> None:
    """Refuses a record of a larger critic; as `check_generator`."""
    width = max(config.critic_width, config.denoiser_units or 0)
    sizes = (width, config.critic_output or 0)
    if not _is_usual(*sizes, image_shape, condition):
        _check_held(
            folder, "critic", unsaved,
            functools.partial(
                count_critic_weights, config, image_shape, condition
            ),
        )  # fmt: skip


def _is_usual(
    width: int,
    numbers: int,
    image_shape: tuple[int, ...],
    condition: Condition | None,
) -> bool:
    """Whether any machine holds such a network, by its latents or outputs."""
    classes = 0 if condition is None else condition.num_classes or 0
    return (
        width <= _USUAL_WIDTH
        and numbers <= _USUAL_LATENTS
        and all(side <= _USUAL_SIDE for side in image_shape)
        and math.prod(image_shape) <= _USUAL_NUMBERS
        and classes <= _USUAL_CLASSES
    )


def _check_held(
    folder: pathlib.Path, network: str, unsaved: int, count: Callable[[], int]
) -> None:
    """Refuses a network of more weights than the files of a folder hold.

    Raises:
      DataError: for such a network, for one that is none, and for files that
        are no plain ones.
    """
    files.check_plain(folder)
    held = sum(path.stat().st_size for path in folder.glob("*"))
    try:
        claimed = count()
    except (errors.UsageError, errors.DataError):
        raise
    except Exception as error:  # TensorFlow and Keras raise many kinds.
        raise errors.DataError(
            f"{folder.parent}: by its record the {network} is none that can "
            f"be made: {errors.excerpt(error)}"
        ) from None
    if 4 * claimed > max(held, unsaved):
        raise errors.DataError(
            f"{folder.parent}: by its record the {network} has {claimed:,} "
            f"weights, of which {folder} holds {held:,} bytes only."
        )
