"""One member of each family, as a user's own module has them."""

import dataclasses

import keras
import tensorflow as tf

from outsiders.feature_members import MeanColour  # noqa: F401
from outsiders.kernel_members import NUMBER, READY, Laplacian  # noqa: F401
from tf_mmdgan import data, networks
from tf_mmdgan.data.sets import synthetic
from tf_mmdgan.metrics import Metric
from tf_mmdgan.objectives import Loss
from tf_mmdgan.objectives.augmentations import GatedChange
from tf_mmdgan.objectives.criterion import ScalarCriterion
from tf_mmdgan.objectives.f_divergences import DIVERGENCES, FDivergence


@dataclasses.dataclass(frozen=True)
class LeastSquares(ScalarCriterion):
    target: float = 1.0

    def critic_loss(self, seen):
        real = tf.reduce_mean(tf.square(seen.x - self.target))
        fake = tf.reduce_mean(tf.square(seen.y))
        return Loss(real + fake, {"real_loss": real, "fake_loss": fake})

    def generator_loss(self, seen):
        loss = tf.reduce_mean(tf.square(seen.y - self.target))
        return Loss(loss, {"fake_mean": tf.reduce_mean(seen.y)})


DIVERGENCE: FDivergence = DIVERGENCES["kl"]

PAIR = dataclasses.replace(networks.ARCHITECTURES["mlp"], maximum_size=64)

SHAPES = data.DatasetEntry(
    load=synthetic.load,
    image_size=16,
    channels=3,
    num_classes=10,
    features="outsiders.members:MeanColour",
    kid_block_size=64,
)


def mean_distance(real, fake, settings=None, power=2):
    difference = abs(real.mean(axis=0) - fake.mean(axis=0)) ** power
    return {"mean_distance": float(difference.sum())}


@dataclasses.dataclass(frozen=True)
class ColourGap(Metric):
    power: int = 1

    def __call__(self, real, fake, settings):
        gaps = abs(real.mean(axis=0) - fake.mean(axis=0))
        return {"gap": (gaps**self.power).mean()}


def darken(images, seed, place=None, share=0.5):
    return tf.cast(tf.cast(images, tf.float32) * share, images.dtype)


DARKER = GatedChange(lambda images, numbers: images - 0.5 * numbers[0, 0], 1)


class Count(keras.callbacks.Callback):
    def __init__(self, step: int = 1):
        super().__init__()
        self.step = step
        self.seen = 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += self.step
