"""TF-GAN 2.1.0's evaluation functions, on a TensorFlow it was not made for.

`import tensorflow_gan` fails on TensorFlow 2.16 and later: TF-GAN's training
part derives classes from `tf.estimator`, which TensorFlow no longer has. The
evaluation part (`tensorflow_gan.python.eval`) does not use `tf.estimator`.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import logging
import sys
import types
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.metrics import checks, kid, precision

_EVAL = "tensorflow_gan.python.eval"


def load() -> types.ModuleType:
    """Imports `tensorflow_gan.python.eval`, but not its parent packages.

    Empty modules stand in for the parents during the import and are removed
    afterwards, so that an `import tensorflow_gan` elsewhere is not affected.

    Raises:
      UsageError: if TF-GAN, or a package that it needs, is not installed, and
        in a process without docstrings.
    """
    if _EVAL in sys.modules:
        return sys.modules[_EVAL]
    if sys.flags.optimize > 1:
        raise errors.UsageError(
            "TF-GAN's evaluation cannot be imported under python -OO, or "
            "PYTHONOPTIMIZE=2, because tf-keras edits its docstrings: -O will "
            "do."
        )
    try:
        with _stand_in_parents(), _stand_in_hub():
            return importlib.import_module(_EVAL)
    except ImportError as error:
        raise errors.UsageError(
            f"TF-GAN's evaluation cannot be imported ({error}): pip install "
            "tensorflow-gan==2.1.0 tensorflow-probability==0.25.0 and a "
            "tf-keras of TensorFlow's minor version."
        ) from error


def kid_and_std(
    real: np.ndarray, fake: np.ndarray, max_block_size: int = 1024
) -> tuple[float, float]:
    """TF-GAN's `kernel_classifier_distance_and_std`, from features.

    The block estimator of KID with the kernel (<x, y> / d + 1)^3, raw (not
    times 100), in float64.

    Args:
      real: [n, d] features, in random order.
      fake: [m, d] features, in random order.
      max_block_size: the most rows of one set in a block, >= 2.

    Returns:
      KID, which may be negative, and TF-GAN's estimate of its standard error,
      which is NaN when there is only one block.

    Raises:
      UsageError, DataError: see `checks.check` and `checks.block_bounds`.

    Source: Binkowski et al. 2018, https://arxiv.org/abs/1801.01401; blocks of
    Zaremba et al. 2013, https://arxiv.org/abs/1307.1954.
    """
    real, fake = checks.check(real, fake)
    checks.block_bounds(len(real), len(fake), max_block_size)
    precision.choose_type(
        kid.KERNEL, real, fake, "float64", with_diagonals=True
    )
    distance_and_std = (
        load().kernel_classifier_distance_and_std_from_activations
    )
    with _no_deprecation_warnings():
        value, standard_error = distance_and_std(
            tf.constant(real, tf.float64),
            tf.constant(fake, tf.float64),
            # TF-GAN counts in 32 bits; no block has more rows than there are.
            max_block_size=min(max_block_size, max(len(real), len(fake))),
        )
    return float(value), float(standard_error)


@contextlib.contextmanager
def _stand_in_parents() -> Iterator[None]:
    """Puts empty packages in the place of those that contain `_EVAL`."""
    found = importlib.util.find_spec("tensorflow_gan")  # runs none of it
    if found is None:
        raise ImportError("No module named 'tensorflow_gan'")
    folders = found.submodule_search_locations or ()
    parents = {"tensorflow_gan": "", "tensorflow_gan.python": "/python"}
    missing = [name for name in parents if name not in sys.modules]
    for name in missing:
        module = types.ModuleType(name)
        module.__path__ = [folder + parents[name] for folder in folders]
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = module.__path__
        module.__spec__ = spec
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in missing:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def _stand_in_hub() -> Iterator[None]:
    """Puts an empty module in the place of a tensorflow_hub that is broken.

    tensorflow_hub 0.16.1 imports `pkg_resources`, which setuptools dropped in
    version 81. TF-GAN uses tensorflow_hub only to download Inception.
    """
    try:
        importlib.import_module("tensorflow_hub")
    except ImportError:
        sys.modules["tensorflow_hub"] = types.ModuleType("tensorflow_hub")
        try:
            yield
        finally:
            sys.modules.pop("tensorflow_hub", None)
    else:
        yield


@contextlib.contextmanager
def _no_deprecation_warnings() -> Iterator[None]:
    """Hides the warning that TF-GAN calls `tf.map_fn` with old arguments."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
