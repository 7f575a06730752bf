"""How the critic's layers and slopes fare in training.

A critic whose kernels lose rank sees fewer and fewer features, and the
generator exploits what it misses: the rank collapse of Arbel et al. 2018, "On
gradient regularizers for MMD GANs", section 4.
"""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.models.updates import with_labels
from tf_mmdgan.networks import spectra
from tf_mmdgan.objectives import Batch, gradients
from tf_mmdgan.training.callbacks import Every, MetricsLog, tell

# Layers beside the chain from images to features.
_ASIDE = ("embedding", "decoder/")
# Gradients of one feature at one image: 64 images for the 16 features of the
# papers, fewer for more. About the work of a step, and 50 MB of 64-pixel RGB.
_MAX_GRADIENTS = 1024


def kernel_spectra(critic: keras.Model) -> dict[str, float]:
    """Largest and smallest singular value and effective rank of each layer.

    As "spectrum/<layer>/largest", ".../smallest", ".../effective_rank"; and
    "spectrum/product", that of the largest ones of all layers between images
    and features, which bounds the Lipschitz constant of a chain of layers whose
    kernels act as matrices. NaN where a weight is.
    """
    values, product = {}, 1.0
    for name, singular in spectra.layer_spectra(critic).items():
        singular = singular.numpy()
        rank = spectra.effective_rank(singular)
        values[f"spectrum/{name}/largest"] = float(singular[0])
        values[f"spectrum/{name}/smallest"] = float(singular[-1])
        values[f"spectrum/{name}/effective_rank"] = rank
        if not name.startswith(_ASIDE):
            product *= float(singular[0])
    return {**values, "spectrum/product": product}


def slopes(critic: keras.Model, batch: Batch) -> dict[str, float]:
    """How steep the critic is at images, by pixels in [0, 1].

    "slope/jacobian", the root mean square of ||J||_F over images, J the
    Jacobian of the features, and "slope/spectral", the greatest ||J||_2. NaN
    where a gradient is.

    J takes a backward pass for each feature. A critic with d > 16 features is
    therefore asked about the first 1024 / d images only: 4 at 256.

    Args:
      critic: (labelled) images -> {"features": [b, d], ...}; called in
        inference mode, where batch normalization neither mixes the images nor
        moves its statistics.
      batch: images [b, ...], with labels for a critic that takes them.
    """
    count = max(1, _MAX_GRADIENTS // critic.output["features"].shape[-1])
    images, labels = batch.images[:count], batch.labels
    if labels is not None:
        labels = labels[:count]

    def features(images: tf.Tensor) -> tf.Tensor:
        inputs = with_labels(critic, images, labels)
        return critic(inputs, training=False)["features"]

    _, products = gradients.jacobian_products(features, images)
    products = products.numpy().astype(np.float64)
    if np.isfinite(products).all():
        squares = np.linalg.eigvalsh(products)
    else:  # where LAPACK would raise
        squares = np.full(products.shape[:2], np.nan)
    return {
        "slope/jacobian": float(np.sqrt(squares.sum(1).mean())),
        "slope/spectral": float(np.sqrt(squares[:, -1].max())),
    }


def maximum_mmd2(kernel: kernels.Kernel, width: int) -> float | None:
    """The MMD^2 of samples that a kernel sees as far apart as can be.

    2 k(0, 0), where k(u, u) is the same everywhere and k falls to 0 with the
    distance: within each sample all rows alike, between them nothing.

    Args:
      kernel: of the critic's features.
      width: of the features.

    Returns:
      None for a kernel that has no such limit.
    """
    places = tf.stack([tf.zeros(width), tf.fill([width], 1e6)])
    values = kernel(places, places).numpy()
    if values[0, 0] != values[1, 1] or abs(values[0, 1]) > 1e-3 * values[0, 0]:
        return None
    return 2.0 * float(values[0, 0])


class SaturationWatch(Every):
    """Logs MMD^2 as a share of its maximum, and tells when it stays near it.

    Where the features of real and of generated images lie so far apart that
    the kernel is flat there, its gradient vanishes, and the generator hardly
    learns.

    Attributes:
      maximum: of MMD^2; see `maximum_mmd2`.
      log: gets "saturation/mmd2_share".
      patience: steps that the share has to stay above `SHARE`.
    """

    SHARE = 0.6

    def __init__(
        self, interval: int, log: MetricsLog, maximum: float, patience: int
    ):
        super().__init__(interval)
        self.log = log
        self.maximum = maximum
        self.patience = patience
        self._since: int | None = None
        self._told = False

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        if "critic/mmd2" not in logs:  # of criteria with another distance
            return
        share = logs["critic/mmd2"] / self.maximum
        self.log.write(step, {"saturation/mmd2_share": share})
        if share < self.SHARE:
            self._since = None
            return
        if self._since is None:
            self._since = step
        if step - self._since >= self.patience and not self._told:
            self._told = True
            tell(
                f"Step {step}: the kernel has been saturated since step "
                f"{self._since}: MMD^2 is {100 * share:.0f} % of its maximum, "
                "so the features of real and generated images lie farther "
                "apart than the kernel sees, and the generator learns slowly. "
                "A wider --kernel, --kernel=rq, or fewer --critic_steps may "
                "help."
            )


class CriticDiagnostics(Every):
    """Logs `kernel_spectra`, and `slopes` at real images."""

    def __init__(self, interval: int, log: MetricsLog, batch: Batch):
        super().__init__(interval)
        self.log = log
        self.batch = batch

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        del logs
        critic = self.model.critic
        values = kernel_spectra(critic) | slopes(critic, self.batch)
        self.log.write(step, values)
