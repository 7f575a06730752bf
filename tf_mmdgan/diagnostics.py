"""How the critic's layers and slopes fare in training.

A critic whose kernels lose rank sees fewer and fewer features, and the
generator exploits what it misses: the rank collapse of Arbel et al. 2018, "On
gradient regularizers for MMD GANs", section 4.
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import penalties, spectra
from tf_mmdgan.callbacks import Every, MetricsLog
from tf_mmdgan.objectives import Batch


def kernel_spectra(critic: keras.Model) -> dict[str, float]:
    """Largest and smallest singular value and effective rank of each layer.

    As "spectrum/<layer>/largest", ".../smallest", ".../effective_rank"; and
    "spectrum/product", that of all largest ones, which bounds the Lipschitz
    constant where kernels act as matrices.
    """
    values, product = {}, 1.0
    for name, singular in spectra.layer_spectra(critic).items():
        singular = singular.numpy()
        rank = spectra.effective_rank(singular)
        values[f"spectrum/{name}/largest"] = float(singular[0])
        values[f"spectrum/{name}/smallest"] = float(singular[-1])
        values[f"spectrum/{name}/effective_rank"] = rank
        product *= float(singular[0])
    return {**values, "spectrum/product": product}


def slopes(
    features: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> dict[str, float]:
    """How steep the critic is at images [b, ...], by pixels in [0, 1].

    "slope/jacobian", the root mean square of ||J||_F, and "slope/spectral", the
    greatest ||J||_2 of them.

    Args:
      features: images -> [b, d].
      images: [b, ...].
    """
    _, products = penalties.jacobian_products(features, images)
    squares = np.linalg.eigvalsh(products.numpy())
    unit = penalties.slope_unit(images)
    return {
        "slope/jacobian": unit * float(np.sqrt(squares.sum(1).mean())),
        "slope/spectral": unit * float(np.sqrt(squares[:, -1].max())),
    }


class CriticDiagnostics(Every):
    """Logs `kernel_spectra`, and `slopes` at real images."""

    def __init__(self, interval: int, log: MetricsLog, batch: Batch):
        super().__init__(interval)
        self.log = log
        self.batch = batch

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        del logs
        values = kernel_spectra(self.model.critic)
        values |= slopes(
            lambda images: self.model.view(
                self.batch._replace(images=images)
            ).features,
            self.batch.images,
        )
        self.log.write(step, values)
