"""Random changes of brightness and colour.

S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han 2020, "Differentiable augmentation
for data-efficient GAN training", https://arxiv.org/abs/2006.10738: `color`.
T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila 2020,
"Training generative adversarial networks with limited data",
https://arxiv.org/abs/2006.06676, appendix B: all others.

Images are in [-1, 1] and may leave that range. Each function takes images
[b, h, w, c] and uniform numbers [b, k].
"""

import math

import tensorflow as tf

from tf_mmdgan.objectives.augmentations.change import normal, per_image


def color(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Brightness, saturation and contrast, in this order; k = 3.

    x + u - 1/2; then 2 u (x - m) + m, m the mean over the pixel's channels;
    then (u + 1/2) (x - m) + m, m the mean over the image; u uniform in [0, 1).
    Zhao et al. 2020.
    """
    bright, saturated, contrast = (
        per_image(numbers[:, i], images) for i in range(3)
    )
    images += bright - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = 2.0 * saturated * (images - grey) + grey
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (contrast + 0.5) * (images - mean) + mean


def brightness(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Images plus N(0, .2^2); k = 1."""
    return images + per_image(0.2 * normal(numbers[:, 0]), images)


def contrast(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Images times 2^N(0, .5^2); k = 1."""
    return images * per_image(_power_of_2(0.5, numbers[:, 0]), images)


def luma_flip(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Of every second image the light is dark, and the hue the same; k = 1.

    That is x - 2 m, m the mean over the pixel's channels: the mirror image of
    the colour across the plane on which that mean is 0.
    """
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    flips = tf.cast(numbers[:, 0] < 0.5, images.dtype)
    return images - 2.0 * per_image(flips, images) * grey


def hue(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Colours are turned about the grey axis by any angle; k = 1.

    Images of one channel stay as they are, and so do the channels of images of
    any number but 3.
    """
    if images.shape[3] != 3:
        return images
    angles = math.pi * (2.0 * numbers[:, 0] - 1.0)
    cosine = per_image(tf.cos(angles), images)
    sine = per_image(tf.sin(angles), images)
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    # Rodrigues: the cross product with the axis (1, 1, 1) / sqrt(3).
    across = tf.roll(images, 1, axis=3) - tf.roll(images, -1, axis=3)
    across /= math.sqrt(3.0)
    return grey + cosine * (images - grey) + sine * across


def saturation(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Distances from grey times 2^N(0, 1); k = 1."""
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    factors = per_image(_power_of_2(1.0, numbers[:, 0]), images)
    return grey + factors * (images - grey)


def _power_of_2(deviation: float, numbers: tf.Tensor) -> tf.Tensor:
    return tf.exp(math.log(2.0) * deviation * normal(numbers))
